/** Keys for painting and changing objects. */
import * as texts from "../../texts";
import { SHAPE_COMMANDS } from "../../tools/shaping";
import type { Command } from "./command";

export const EDIT_COMMANDS: readonly Command[] = [
  {
    id: "undo",
    group: "Edit",
    label: texts.commands.undo,
    keys: ["ctrl+z"],
    run: (editor) => editor.paint.undo(),
  },
  {
    id: "redo",
    group: "Edit",
    label: texts.commands.redo,
    keys: ["ctrl+shift+z", "ctrl+y"],
    run: (editor) => editor.paint.redo(),
  },
  {
    id: "choose-in-view",
    group: "Edit",
    label: texts.commands.chooseInView,
    keys: ["ctrl+a"],
    run: (editor) => editor.many.inView(),
  },
  {
    id: "new-object",
    group: "Edit",
    label: texts.commands.newObject,
    keys: ["n"],
    run: (editor) => editor.paint.armNew(),
  },
  {
    id: "smaller-brush",
    group: "Edit",
    label: texts.commands.smallerBrush,
    keys: ["["],
    run: (editor) => editor.paint.changeRadius(-1),
  },
  {
    id: "larger-brush",
    group: "Edit",
    label: texts.commands.largerBrush,
    keys: ["]"],
    run: (editor) => editor.paint.changeRadius(1),
  },
  ...(["preserve", "overwrite", "inside", "locked"] as const).map(
    (mode, index): Command => ({
      id: `mode-${mode}`,
      group: "Edit",
      label: [
        texts.commands.preserve,
        texts.commands.overwrite,
        texts.commands.inside,
        texts.commands.spareAccepted,
      ][index] as string,
      keys: [String(index + 1)],
      run: ({ model }) => {
        model.mode.value = mode;
      },
    }),
  ),
  {
    id: "delete-chosen",
    group: "Edit",
    label: texts.commands.remove,
    keys: ["delete", "backspace"],
    run: (editor) => editor.paint.deleteSelected(),
  },
  ...SHAPE_COMMANDS.map(
    (command): Command => ({
      id: command.how,
      group: "Edit",
      label: command.label,
      keys: [command.key],
      run: (editor) => editor.paint.reshape(command),
      ...(command.onlyOnStage && { onlyOnStage: true }),
    }),
  ),
  {
    id: "keep-found",
    group: "Edit",
    label: texts.commands.keepFound,
    keys: ["enter"],
    run: (editor) => editor.paint.prompts.keep(),
    onlyOnStage: true,
  },
  {
    id: "cancel",
    group: "Edit",
    label: texts.commands.cancel,
    keys: ["escape"],
    run: (editor) => editor.paint.escape(),
  },
];
