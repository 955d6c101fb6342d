/** Everything a key does; the help sheet is made of the same list. */
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
    label: "Undo",
    keys: ["ctrl+z"],
    run: (editor) => editor.paint.undo(),
  },
  {
    id: "redo",
    group: "Edit",
    label: "Redo",
    keys: ["ctrl+shift+z", "ctrl+y"],
    run: (editor) => editor.paint.redo(),
  },
  {
    id: "choose-in-view",
    group: "Edit",
    label: "Choose all objects in view",
    keys: ["ctrl+a"],
    run: (editor) => editor.many.inView(),
  },
  {
    id: "new-object",
    group: "Edit",
    label: "Next stroke makes a new object",
    keys: ["n"],
    run: (editor) => editor.paint.armNew(),
  },
  {
    id: "smaller-brush",
    group: "Edit",
    label: "Smaller brush",
    keys: ["["],
    run: (editor) => editor.paint.changeRadius(-1),
  },
  {
    id: "larger-brush",
    group: "Edit",
    label: "Larger brush",
    keys: ["]"],
    run: (editor) => editor.paint.changeRadius(1),
  },
  ...(["preserve", "overwrite", "inside", "locked"] as const).map(
    (mode, index): Command => ({
      id: `mode-${mode}`,
      group: "Edit",
      label: [
        "Preserve other objects",
        "Overwrite other objects",
        "Paint only inside what is under the start",
        "Spare accepted objects only",
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
    label: "Delete the chosen objects, or the selected one",
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
    label: "Keep what a click found",
    keys: ["enter"],
    run: (editor) => editor.paint.prompts.keep(),
    onlyOnStage: true,
  },
  {
    id: "cancel",
    group: "Edit",
    label: "Cancel the stroke, or select nothing",
    keys: ["escape"],
    run: (editor) => editor.paint.escape(),
  },
  {
    id: "accept",
    group: "Drafts",
    label: "Accept",
    keys: ["a"],
    run: (editor) => editor.many.accept() || editor.review.accept(),
  },
  {
    id: "reject",
    group: "Drafts",
    label: "Reject",
    keys: ["r"],
    run: (editor) => editor.many.reject() || editor.review.reject(),
  },
  {
    id: "edit-draft",
    group: "Drafts",
    label: "Take over and edit",
    keys: ["e"],
    run: (editor) => editor.review.edit(),
  },
  ...([1, -1] as const).flatMap((by): Command[] => {
    const command = {
      group: "Drafts" as const,
      label:
        by === 1
          ? "Next doubtful object (Tab while the image has the focus)"
          : "Previous doubtful object",
      also: by === 1 ? "Tab" : "Shift+Tab",
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
    label: "Show or hide drafts over finished work",
    keys: ["shift+f"],
    run: ({ review, model }) => review.showFinished(!model.showsFinished.value),
  },
  {
    id: "compare",
    group: "Drafts",
    label: "Compare two layers, and back (then Tab steps through the differences)",
    keys: ["shift+v"],
    run: (editor) => editor.compare.toggle(),
  },
  {
    id: "submit-region",
    group: "Regions",
    label: "Submit the chosen region",
    keys: ["ctrl+enter"],
    run: (editor) => editor.desk.submitChosen(),
  },
  {
    id: "next-suggestion",
    group: "Regions",
    label: "Next suggested region",
    keys: ["shift+g"],
    run: (editor) => editor.guide.next(),
  },
  ...([1, -1] as const).map(
    (by): Command => ({
      id: by === 1 ? "next-plane" : "previous-plane",
      group: "Planes",
      label: by === 1 ? "Next plane" : "Previous plane",
      keys: [by === 1 ? "." : ","],
      run: (editor) => editor.planes.step(by),
      isFor: hasPlanes,
    }),
  ),
  ...([1, -1] as const).map(
    (by): Command => ({
      id: by === 1 ? "next-time" : "previous-time",
      group: "Planes",
      label: by === 1 ? "Next time point" : "Previous time point",
      keys: [by === 1 ? "shift+pagedown" : "shift+pageup"],
      run: (editor) => editor.planes.stepTime(by),
      isFor: hasBoth,
    }),
  ),
  ...([1, -1] as const).map(
    (by): Command => ({
      id: by === 1 ? "copy-to-next-plane" : "copy-to-previous-plane",
      group: "Planes",
      label: `Copy the selected object to the ${by === 1 ? "next" : "previous"} plane, and go there`,
      keys: [by === 1 ? "shift+." : "shift+,"],
      run: (editor) => editor.planes.copySelected(by),
      isFor: hasZ,
    }),
  ),
  {
    id: "projection",
    group: "Planes",
    label: "Maximum projection over z, and back",
    keys: ["p"],
    run: (editor) => void editor.planes.project(!editor.model.isProjected.value),
    isFor: hasZ,
  },
  {
    id: "hide-labels",
    group: "View",
    label: "Hide labels while held",
    keys: ["space"],
    run: (editor) => editor.view.peek(true),
    release: (editor) => editor.view.peek(false),
  },
  {
    id: "hold-pan",
    group: "View",
    label: "Move the image while held",
    keys: ["h"],
    run: (editor) => editor.view.holdPan(true),
    release: (editor) => editor.view.holdPan(false),
  },
  {
    id: "label-style",
    group: "View",
    label: "Filled, outline, none",
    keys: ["l"],
    run: (editor) => editor.view.cycleLabelStyle(),
  },
  {
    id: "history",
    group: "View",
    label: "History: who did what, and what was",
    keys: ["t"],
    run: (editor) => editor.toggleHistory(),
  },
  {
    id: "invert",
    group: "View",
    label: "Invert the picture: dark becomes light",
    keys: ["i"],
    run: (editor) => editor.contrast.invertPicture(),
  },
  {
    id: "minimap",
    group: "View",
    label: "Minimap, shown and hidden",
    keys: ["shift+m"],
    run: ({ model }) => {
      model.isMinimapOn.value = !model.isMinimapOn.value;
    },
  },
  {
    id: "bookmark",
    group: "View",
    label: "Bookmark this view",
    keys: ["shift+b"],
    run: (editor) => void editor.viewing.bookmarks.add(),
  },
  {
    id: "zoom-in",
    group: "View",
    label: "Zoom in",
    keys: ["+", "="],
    run: (editor) => editor.view.zoom(1),
  },
  {
    id: "zoom-out",
    group: "View",
    label: "Zoom out",
    keys: ["-"],
    run: (editor) => editor.view.zoom(-1),
  },
  {
    id: "fit",
    group: "View",
    label: "Fit the image",
    keys: ["0"],
    run: (editor) => editor.view.fit(),
  },
  {
    id: "actual-pixels",
    group: "View",
    label: "One image pixel per screen pixel",
    keys: ["shift+0"],
    run: (editor) => editor.view.zoomToPixels(),
  },
  {
    id: "show-selected",
    group: "View",
    label: "Show the selected object",
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
      label: `Move the view ${way}`,
      keys: [`arrow${way}`],
      run: (editor) => editor.view.pan(dx, dy),
      onlyOnStage: true,
    }),
  ),
  {
    id: "leave-stage",
    group: "View",
    label: "Leave the image, or come back (Tab may step through drafts there)",
    keys: ["f6"],
    run: (editor) => editor.view.leaveOrEnterStage(),
  },
  ...(["Previous", "Next"] as const).map(
    (word): Command => ({
      id: word === "Next" ? "next-image" : "previous-image",
      group: "View",
      label: `${word} image`,
      keys: [word === "Next" ? "pagedown" : "pageup"],
      run: () =>
        document.querySelector<HTMLAnchorElement>(`.pager a[aria-label="${word} image"]`)?.click(),
    }),
  ),
  {
    id: "help",
    group: "View",
    label: "This sheet",
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
