/** Everything a key does; the help sheet is made of the same list. */
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
    label: "Undo",
    keys: ["ctrl+z"],
    shown: ["Ctrl+Z"],
    run: (editor) => editor.paint.undo(),
  },
  {
    group: "Edit",
    label: "Redo",
    keys: ["ctrl+shift+z", "ctrl+y"],
    shown: ["Ctrl+Shift+Z"],
    run: (editor) => editor.paint.redo(),
  },
  {
    group: "Edit",
    label: "Choose all objects in view",
    keys: ["ctrl+a"],
    shown: ["Ctrl+A"],
    run: (editor) => editor.many.inView(),
  },
  {
    group: "Edit",
    label: "Next stroke makes a new object",
    keys: ["n"],
    shown: ["N"],
    run: (editor) => editor.paint.armNew(),
  },
  {
    group: "Edit",
    label: "Smaller brush",
    keys: ["["],
    shown: ["["],
    run: (editor) => editor.paint.changeRadius(-1),
  },
  {
    group: "Edit",
    label: "Larger brush",
    keys: ["]"],
    shown: ["]"],
    run: (editor) => editor.paint.changeRadius(1),
  },
  ...(["preserve", "overwrite", "inside", "locked"] as const).map(
    (mode, index): Command => ({
      group: "Edit",
      label: [
        "Preserve other objects",
        "Overwrite other objects",
        "Paint only inside what is under the start",
        "Spare accepted objects only",
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
    label: "Delete the chosen objects, or the selected one",
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
    label: "Keep what a click found",
    keys: ["enter"],
    shown: ["Enter"],
    run: (editor) => editor.paint.prompts.keep(),
    onlyOnStage: true,
  },
  {
    group: "Edit",
    label: "Cancel the stroke, or select nothing",
    keys: ["escape"],
    shown: ["Esc"],
    run: (editor) => editor.paint.escape(),
  },
  {
    group: "Drafts",
    label: "Accept",
    keys: ["a"],
    shown: ["A"],
    run: (editor) => editor.many.accept() || editor.review.accept(),
  },
  {
    group: "Drafts",
    label: "Reject",
    keys: ["r"],
    shown: ["R"],
    run: (editor) => editor.many.reject() || editor.review.reject(),
  },
  {
    group: "Drafts",
    label: "Take over and edit",
    keys: ["e"],
    shown: ["E"],
    run: (editor) => editor.review.edit(),
  },
  ...([1, -1] as const).flatMap((by): Command[] => {
    const command = {
      group: "Drafts" as const,
      label:
        by === 1
          ? "Next doubtful object (Tab while the image has the focus)"
          : "Previous doubtful object",
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
    label: "Show or hide drafts over finished work",
    keys: ["shift+f"],
    shown: ["Shift+F"],
    run: ({ review, model }) => review.showFinished(!model.showsFinished.value),
  },
  {
    group: "Drafts",
    label: "Compare two layers, and back (then Tab steps through the differences)",
    keys: ["shift+v"],
    shown: ["Shift+V"],
    run: (editor) => editor.compare.toggle(),
  },
  {
    group: "Regions",
    label: "Submit the chosen region",
    keys: ["ctrl+enter"],
    shown: ["Ctrl+Enter"],
    run: (editor) => editor.desk.submitChosen(),
  },
  {
    group: "Regions",
    label: "Next suggested region",
    keys: ["shift+g"],
    shown: ["Shift+G"],
    run: (editor) => editor.guide.next(),
  },
  ...([1, -1] as const).map(
    (by): Command => ({
      group: "Planes",
      label: by === 1 ? "Next plane" : "Previous plane",
      keys: [by === 1 ? "." : ","],
      shown: [by === 1 ? "." : ","],
      run: (editor) => editor.planes.step(by),
      isFor: hasPlanes,
    }),
  ),
  ...([1, -1] as const).map(
    (by): Command => ({
      group: "Planes",
      label: by === 1 ? "Next time point" : "Previous time point",
      keys: [by === 1 ? "shift+pagedown" : "shift+pageup"],
      shown: [by === 1 ? "Shift+Page down" : "Shift+Page up"],
      run: (editor) => editor.planes.stepTime(by),
      isFor: hasBoth,
    }),
  ),
  ...([1, -1] as const).map(
    (by): Command => ({
      group: "Planes",
      label: `Copy the selected object to the ${by === 1 ? "next" : "previous"} plane, and go there`,
      keys: [by === 1 ? "shift+." : "shift+,"],
      shown: [by === 1 ? "Shift+." : "Shift+,"],
      run: (editor) => editor.planes.copySelected(by),
      isFor: hasZ,
    }),
  ),
  {
    group: "Planes",
    label: "Maximum projection over z, and back",
    keys: ["p"],
    shown: ["P"],
    run: (editor) => void editor.planes.project(!editor.model.isProjected.value),
    isFor: hasZ,
  },
  {
    group: "View",
    label: "Hide labels while held",
    keys: [" "],
    shown: ["Space"],
    run: (editor) => editor.view.peek(true),
    release: (editor) => editor.view.peek(false),
  },
  {
    group: "View",
    label: "Move the image while held",
    keys: ["h"],
    shown: ["H"],
    run: (editor) => editor.view.holdPan(true),
    release: (editor) => editor.view.holdPan(false),
  },
  {
    group: "View",
    label: "Filled, outline, none",
    keys: ["l"],
    shown: ["L"],
    run: (editor) => editor.view.cycleLabelStyle(),
  },
  {
    group: "View",
    label: "History: who did what, and what was",
    keys: ["t"],
    shown: ["T"],
    run: (editor) => editor.toggleHistory(),
  },
  {
    group: "View",
    label: "Invert the picture: dark becomes light",
    keys: ["i"],
    shown: ["I"],
    run: (editor) => editor.contrast.invertPicture(),
  },
  {
    group: "View",
    label: "Minimap, shown and hidden",
    keys: ["shift+m"],
    shown: ["Shift+M"],
    run: ({ model }) => {
      model.isMinimapOn.value = !model.isMinimapOn.value;
    },
  },
  {
    group: "View",
    label: "Bookmark this view",
    keys: ["shift+b"],
    shown: ["Shift+B"],
    run: (editor) => void editor.viewing.bookmarks.add(),
  },
  {
    group: "View",
    label: "Zoom in",
    keys: ["+", "="],
    shown: ["+"],
    run: (editor) => editor.view.zoom(1),
  },
  {
    group: "View",
    label: "Zoom out",
    keys: ["-"],
    shown: ["-"],
    run: (editor) => editor.view.zoom(-1),
  },
  {
    group: "View",
    label: "Fit the image",
    keys: ["0"],
    shown: ["0"],
    run: (editor) => editor.view.fit(),
  },
  {
    group: "View",
    label: "One image pixel per screen pixel",
    keys: ["shift+0", "shift+)", "shift+="],
    shown: ["Shift+0"],
    run: (editor) => editor.view.zoomToPixels(),
  },
  {
    group: "View",
    label: "Show the selected object",
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
      label: `Move the view ${key.slice(5)}`,
      keys: [key],
      shown: [shown],
      run: (editor) => editor.view.pan(dx, dy),
      onlyOnStage: true,
    }),
  ),
  {
    group: "View",
    label: "Leave the image, or come back (Tab may step through drafts there)",
    keys: ["f6"],
    shown: ["F6"],
    run: (editor) => editor.view.leaveOrEnterStage(),
  },
  ...(["Previous", "Next"] as const).map(
    (word): Command => ({
      group: "View",
      label: `${word} image`,
      keys: [word === "Next" ? "pagedown" : "pageup"],
      shown: [word === "Next" ? "Page down" : "Page up"],
      run: () =>
        document.querySelector<HTMLAnchorElement>(`.pager a[aria-label="${word} image"]`)?.click(),
    }),
  ),
  {
    group: "View",
    label: "This sheet",
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
