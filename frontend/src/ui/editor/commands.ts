/** Everything a key does; the help sheet is made of the same list. */

import * as texts from "../../texts";
import { SHAPE_COMMANDS } from "../../tools/shaping";
import type { EditorActions } from "./actions";
import type { StackSize } from "./planes";

export interface Command {
  readonly group: "Edit" | "Drafts" | "Regions" | "Planes" | "View";
  readonly label: string;
  /** As in KeyboardEvent.key, lower case; "ctrl+" and "shift+" in front, in that order. */
  readonly keys: readonly string[];
  /** As shown to people. */
  readonly shown: readonly string[];
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
    group: "Edit",
    label: texts.commands.undo,
    keys: ["ctrl+z"],
    shown: ["Ctrl+Z"],
    run: (editor) => editor.paint.undo(),
  },
  {
    group: "Edit",
    label: texts.commands.redo,
    keys: ["ctrl+shift+z", "ctrl+y"],
    shown: ["Ctrl+Shift+Z"],
    run: (editor) => editor.paint.redo(),
  },
  {
    group: "Edit",
    label: texts.commands.chooseInView,
    keys: ["ctrl+a"],
    shown: ["Ctrl+A"],
    run: (editor) => editor.many.inView(),
  },
  {
    group: "Edit",
    label: texts.commands.newObject,
    keys: ["n"],
    shown: ["N"],
    run: (editor) => editor.paint.armNew(),
  },
  {
    group: "Edit",
    label: texts.commands.smallerBrush,
    keys: ["["],
    shown: ["["],
    run: (editor) => editor.paint.changeRadius(-1),
  },
  {
    group: "Edit",
    label: texts.commands.largerBrush,
    keys: ["]"],
    shown: ["]"],
    run: (editor) => editor.paint.changeRadius(1),
  },
  ...(["preserve", "overwrite", "inside", "locked"] as const).map(
    (mode, index): Command => ({
      group: "Edit",
      label: [
        texts.commands.preserve,
        texts.commands.overwrite,
        texts.commands.inside,
        texts.commands.spareAccepted,
      ][index] as string,
      keys: [String(index + 1)],
      shown: [String(index + 1)],
      run: ({ model }) => {
        model.mode.value = mode;
      },
    }),
  ),
  {
    group: "Edit",
    label: texts.commands.remove,
    keys: ["delete", "backspace"],
    shown: ["Delete"],
    run: (editor) => editor.paint.deleteSelected(),
  },
  ...SHAPE_COMMANDS.map(
    (command): Command => ({
      group: "Edit",
      label: command.label,
      keys: [command.key],
      shown: [command.shown],
      run: (editor) => editor.paint.reshape(command),
      ...(command.onlyOnStage && { onlyOnStage: true }),
    }),
  ),
  {
    group: "Edit",
    label: texts.commands.keepFound,
    keys: ["enter"],
    shown: ["Enter"],
    run: (editor) => editor.paint.prompts.keep(),
    onlyOnStage: true,
  },
  {
    group: "Edit",
    label: texts.commands.cancel,
    keys: ["escape"],
    shown: ["Esc"],
    run: (editor) => editor.paint.escape(),
  },
  {
    group: "Drafts",
    label: texts.commands.accept,
    keys: ["a"],
    shown: ["A"],
    run: (editor) => editor.many.accept() || editor.review.accept(),
  },
  {
    group: "Drafts",
    label: texts.commands.reject,
    keys: ["r"],
    shown: ["R"],
    run: (editor) => editor.many.reject() || editor.review.reject(),
  },
  {
    group: "Drafts",
    label: texts.commands.takeOver,
    keys: ["e"],
    shown: ["E"],
    run: (editor) => editor.review.edit(),
  },
  ...([1, -1] as const).flatMap((by): Command[] => {
    const command = {
      group: "Drafts" as const,
      label: by === 1 ? texts.commands.nextDoubtful : texts.commands.previousDoubtful,
      run: (editor: EditorActions) => editor.review.step(by),
    };
    const tab = by === 1 ? "Tab" : "Shift+Tab";
    const key = by === 1 ? "." : ",";
    return [
      { ...command, keys: [key], shown: [key, tab], isFor: (size) => !hasPlanes(size) },
      // There the signs lead through the planes; Tab is no command, see bindKeys.
      { ...command, keys: [], shown: [tab], isFor: hasPlanes },
    ];
  }),
  {
    group: "Drafts",
    label: texts.commands.showFinished,
    keys: ["shift+f"],
    shown: ["Shift+F"],
    run: ({ review, model }) => review.showFinished(!model.showsFinished.value),
  },
  {
    group: "Drafts",
    label: texts.commands.compare,
    keys: ["shift+v"],
    shown: ["Shift+V"],
    run: (editor) => editor.compare.toggle(),
  },
  {
    group: "Regions",
    label: texts.commands.submitRegion,
    keys: ["ctrl+enter"],
    shown: ["Ctrl+Enter"],
    run: (editor) => editor.desk.submitChosen(),
  },
  {
    group: "Regions",
    label: texts.commands.nextSuggestion,
    keys: ["shift+g"],
    shown: ["Shift+G"],
    run: (editor) => editor.guide.next(),
  },
  ...([1, -1] as const).map(
    (by): Command => ({
      group: "Planes",
      label: by === 1 ? texts.commands.nextPlane : texts.commands.previousPlane,
      keys: [by === 1 ? "." : ","],
      shown: [by === 1 ? "." : ","],
      run: (editor) => editor.planes.step(by),
      isFor: hasPlanes,
    }),
  ),
  ...([1, -1] as const).map(
    (by): Command => ({
      group: "Planes",
      label: by === 1 ? texts.commands.nextTimePoint : texts.commands.previousTimePoint,
      keys: [by === 1 ? "shift+pagedown" : "shift+pageup"],
      shown: [by === 1 ? "Shift+Page down" : "Shift+Page up"],
      run: (editor) => editor.planes.stepTime(by),
      isFor: hasBoth,
    }),
  ),
  ...([1, -1] as const).map(
    (by): Command => ({
      group: "Planes",
      label: by === 1 ? texts.commands.copyToNextPlane : texts.commands.copyToPreviousPlane,
      keys: [by === 1 ? "shift+." : "shift+,"],
      shown: [by === 1 ? "Shift+." : "Shift+,"],
      run: (editor) => editor.planes.copySelected(by),
      isFor: hasZ,
    }),
  ),
  {
    group: "Planes",
    label: texts.commands.maximum,
    keys: ["p"],
    shown: ["P"],
    run: (editor) => void editor.planes.project(!editor.model.isProjected.value),
    isFor: hasZ,
  },
  {
    group: "View",
    label: texts.commands.hideLabels,
    keys: [" "],
    shown: ["Space"],
    run: (editor) => editor.view.peek(true),
    release: (editor) => editor.view.peek(false),
  },
  {
    group: "View",
    label: texts.commands.moveImage,
    keys: ["h"],
    shown: ["H"],
    run: (editor) => editor.view.holdPan(true),
    release: (editor) => editor.view.holdPan(false),
  },
  {
    group: "View",
    label: texts.commands.lookOfObjects,
    keys: ["l"],
    shown: ["L"],
    run: (editor) => editor.view.cycleLabelStyle(),
  },
  {
    group: "View",
    label: texts.commands.history,
    keys: ["t"],
    shown: ["T"],
    run: (editor) => editor.toggleHistory(),
  },
  {
    group: "View",
    label: texts.commands.invert,
    keys: ["i"],
    shown: ["I"],
    run: (editor) => editor.contrast.invertPicture(),
  },
  {
    group: "View",
    label: texts.commands.minimap,
    keys: ["shift+m"],
    shown: ["Shift+M"],
    run: ({ model }) => {
      model.isMinimapOn.value = !model.isMinimapOn.value;
    },
  },
  {
    group: "View",
    label: texts.commands.bookmark,
    keys: ["shift+b"],
    shown: ["Shift+B"],
    run: (editor) => void editor.viewing.bookmarks.add(),
  },
  {
    group: "View",
    label: texts.commands.zoomIn,
    keys: ["+", "="],
    shown: ["+"],
    run: (editor) => editor.view.zoom(1),
  },
  {
    group: "View",
    label: texts.commands.zoomOut,
    keys: ["-"],
    shown: ["-"],
    run: (editor) => editor.view.zoom(-1),
  },
  {
    group: "View",
    label: texts.commands.fit,
    keys: ["0"],
    shown: ["0"],
    run: (editor) => editor.view.fit(),
  },
  {
    group: "View",
    label: texts.commands.toPixels,
    keys: ["shift+0", "shift+)", "shift+="],
    shown: ["Shift+0"],
    run: (editor) => editor.view.zoomToPixels(),
  },
  {
    group: "View",
    label: texts.commands.showSelected,
    keys: ["j"],
    shown: ["J"],
    run: (editor) => editor.paint.revealSelected(),
  },
  ...(
    [
      ["arrowleft", "←", PAN_PX, 0],
      ["arrowright", "→", -PAN_PX, 0],
      ["arrowup", "↑", 0, PAN_PX],
      ["arrowdown", "↓", 0, -PAN_PX],
    ] as const
  ).map(
    ([key, shown, dx, dy]): Command => ({
      group: "View",
      label: texts.commands.pan[key],
      keys: [key],
      shown: [shown],
      run: (editor) => editor.view.pan(dx, dy),
      onlyOnStage: true,
    }),
  ),
  {
    group: "View",
    label: texts.commands.leaveImage,
    keys: ["f6"],
    shown: ["F6"],
    run: (editor) => editor.view.leaveOrEnterStage(),
  },
  ...[texts.editor.topBar.previousImage, texts.editor.topBar.nextImage].map(
    (label, index): Command => ({
      group: "View",
      label,
      keys: [index === 1 ? "pagedown" : "pageup"],
      shown: [index === 1 ? "Page down" : "Page up"],
      run: () =>
        document.querySelector<HTMLAnchorElement>(`.pager a[aria-label="${label}"]`)?.click(),
    }),
  ),
  {
    group: "View",
    label: texts.commands.help,
    keys: ["?", "shift+?"],
    shown: ["?"],
    run: ({ model }) => {
      model.isHelpOpen.value = true;
    },
  },
];

/** The commands that there are for an image of this size. */
export function commandsFor(size: StackSize): readonly Command[] {
  return COMMANDS.filter((command) => command.isFor?.(size) ?? true);
}
