/** Everything a key does; the help sheet is made of the same list. */

import * as texts from "../../texts";
import { words } from "../../texts/keys";
import { SHAPE_COMMANDS } from "../../tools/shaping";
import type { EditorActions } from "./actions";
import type { CommandId } from "./command_ids";
import type { StackSize } from "./planes";

export interface Command {
  readonly id: CommandId;
  readonly group: "Edit" | "Drafts" | "Regions" | "Planes" | "View";
  readonly label: string;
  /** The keys it has unless a person chose another, as in key_names.ts. */
  readonly keys: readonly string[];
  /** What does the same and is no key of its own, as shown to people. */
  readonly also?: string;
  readonly run: (actions: EditorActions) => void;
  /** Called when the key is let go: for things that last while it is held. */
  readonly release?: (actions: EditorActions) => void;
  /** Only while the image has the focus, since the key means something else elsewhere. */
  readonly onlyOnStage?: boolean;
  /** Of which images it is; without it of all. */
  readonly isFor?: (size: StackSize) => boolean;
}

const hasPlanes = ({ nZ, nT }: StackSize) => nZ > 1 || nT > 1;
const hasZ = ({ nZ }: StackSize) => nZ > 1;
const hasBoth = ({ nZ, nT }: StackSize) => nZ > 1 && nT > 1;

const PAN_PX = 120;

export const COMMANDS: readonly Command[] = [
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
  {
    id: "accept",
    group: "Drafts",
    label: texts.commands.accept,
    keys: ["a"],
    run: (editor) => editor.many.accept() || editor.review.accept(),
  },
  {
    id: "reject",
    group: "Drafts",
    label: texts.commands.reject,
    keys: ["r"],
    run: (editor) => editor.many.reject() || editor.review.reject(),
  },
  {
    id: "edit-draft",
    group: "Drafts",
    label: texts.commands.takeOver,
    keys: ["e"],
    run: (editor) => editor.review.edit(),
  },
  ...([1, -1] as const).flatMap((by): Command[] => {
    const command = {
      group: "Drafts" as const,
      label: by === 1 ? texts.commands.nextDoubtful : texts.commands.previousDoubtful,
      also: by === 1 ? words.tab : `Shift+${words.tab}`,
      run: (editor: EditorActions) => editor.review.step(by),
    };
    const way = by === 1 ? ("next" as const) : ("previous" as const);
    const key = by === 1 ? "." : ",";
    return [
      { ...command, id: `${way}-doubtful`, keys: [key], isFor: (size) => !hasPlanes(size) },
      // There the signs lead through the planes; Tab is no command, see bindKeys.
      { ...command, id: `${way}-doubtful-in-stack`, keys: [], isFor: hasPlanes },
    ];
  }),
  {
    id: "show-finished",
    group: "Drafts",
    label: texts.commands.showFinished,
    keys: ["shift+f"],
    run: ({ drafts, model }) => drafts.showFinished(!model.showsFinished.value),
  },
  {
    id: "compare",
    group: "Drafts",
    label: texts.commands.compare,
    keys: ["shift+v"],
    run: (editor) => editor.compare.toggle(),
  },
  {
    id: "submit-region",
    group: "Regions",
    label: texts.commands.submitRegion,
    keys: ["ctrl+enter"],
    run: (editor) => editor.desk.submitChosen(),
  },
  {
    id: "next-suggestion",
    group: "Regions",
    label: texts.commands.nextSuggestion,
    keys: ["shift+g"],
    run: (editor) => editor.guide.next(),
  },
  ...([1, -1] as const).map(
    (by): Command => ({
      id: by === 1 ? "next-plane" : "previous-plane",
      group: "Planes",
      label: by === 1 ? texts.commands.nextPlane : texts.commands.previousPlane,
      keys: [by === 1 ? "." : ","],
      run: (editor) => editor.planes.step(by),
      isFor: hasPlanes,
    }),
  ),
  ...([1, -1] as const).map(
    (by): Command => ({
      id: by === 1 ? "next-time" : "previous-time",
      group: "Planes",
      label: by === 1 ? texts.commands.nextTimePoint : texts.commands.previousTimePoint,
      keys: [by === 1 ? "shift+pagedown" : "shift+pageup"],
      run: (editor) => editor.planes.stepTime(by),
      isFor: hasBoth,
    }),
  ),
  ...([1, -1] as const).map(
    (by): Command => ({
      id: by === 1 ? "copy-to-next-plane" : "copy-to-previous-plane",
      group: "Planes",
      label: by === 1 ? texts.commands.copyToNextPlane : texts.commands.copyToPreviousPlane,
      keys: [by === 1 ? "shift+." : "shift+,"],
      run: (editor) => editor.planes.copySelected(by),
      isFor: hasZ,
    }),
  ),
  {
    id: "projection",
    group: "Planes",
    label: texts.commands.maximum,
    keys: ["p"],
    run: (editor) => void editor.planes.project(!editor.model.isProjected.value),
    isFor: hasZ,
  },
  {
    id: "hide-labels",
    group: "View",
    label: texts.commands.hideLabels,
    keys: ["space"],
    run: (editor) => editor.view.peek(true),
    release: (editor) => editor.view.peek(false),
  },
  {
    id: "hold-pan",
    group: "View",
    label: texts.commands.moveImage,
    keys: ["h"],
    run: (editor) => editor.view.holdPan(true),
    release: (editor) => editor.view.holdPan(false),
  },
  {
    id: "label-style",
    group: "View",
    label: texts.commands.lookOfObjects,
    keys: ["l"],
    run: (editor) => editor.view.cycleLabelStyle(),
  },
  {
    id: "history",
    group: "View",
    label: texts.commands.history,
    keys: ["t"],
    run: (editor) => editor.toggleHistory(),
  },
  {
    id: "invert",
    group: "View",
    label: texts.commands.invert,
    keys: ["i"],
    run: (editor) => editor.contrast.invertPicture(),
  },
  {
    id: "minimap",
    group: "View",
    label: texts.commands.minimap,
    keys: ["shift+m"],
    run: ({ model }) => {
      model.isMinimapOn.value = !model.isMinimapOn.value;
    },
  },
  {
    id: "bookmark",
    group: "View",
    label: texts.commands.bookmark,
    keys: ["shift+b"],
    run: (editor) => void editor.viewing.bookmarks.add(),
  },
  {
    id: "zoom-in",
    group: "View",
    label: texts.commands.zoomIn,
    keys: ["+", "="],
    run: (editor) => editor.view.zoom(1),
  },
  {
    id: "zoom-out",
    group: "View",
    label: texts.commands.zoomOut,
    keys: ["-"],
    run: (editor) => editor.view.zoom(-1),
  },
  {
    id: "fit",
    group: "View",
    label: texts.commands.fit,
    keys: ["0"],
    run: (editor) => editor.view.fit(),
  },
  {
    id: "actual-pixels",
    group: "View",
    label: texts.commands.toPixels,
    keys: ["shift+0"],
    run: (editor) => editor.view.zoomToPixels(),
  },
  {
    id: "show-selected",
    group: "View",
    label: texts.commands.showSelected,
    keys: ["j"],
    run: (editor) => editor.paint.revealSelected(),
  },
  ...(
    [
      ["left", PAN_PX, 0],
      ["right", -PAN_PX, 0],
      ["up", 0, PAN_PX],
      ["down", 0, -PAN_PX],
    ] as const
  ).map(
    ([way, dx, dy]): Command => ({
      id: `pan-${way}`,
      group: "View",
      label: texts.commands.pan[way],
      keys: [`arrow${way}`],
      run: (editor) => editor.view.pan(dx, dy),
      onlyOnStage: true,
    }),
  ),
  {
    id: "leave-stage",
    group: "View",
    label: texts.commands.leaveImage,
    keys: ["f6"],
    run: (editor) => editor.view.leaveOrEnterStage(),
  },
  ...(["previous", "next"] as const).map(
    (way): Command => ({
      id: `${way}-image`,
      group: "View",
      label: texts.editor.topBar[`${way}Image`],
      keys: [way === "next" ? "pagedown" : "pageup"],
      run: () =>
        document
          .querySelector<HTMLAnchorElement>(
            `.pager a[aria-label="${texts.editor.topBar[`${way}Image`]}"]`,
          )
          ?.click(),
    }),
  ),
  {
    id: "help",
    group: "View",
    label: texts.commands.help,
    keys: ["?", "shift+?"],
    run: ({ model }) => {
      model.isHelpOpen.value = true;
    },
  },
];

/** The commands that there are for an image of this size. */
export function commandsFor(size: StackSize): readonly Command[] {
  return COMMANDS.filter((command) => command.isFor?.(size) ?? true);
}
