/** Keys for what is seen, and where one looks. */
import * as texts from "../../texts";
import type { Command } from "./command";

const PAN_PX = 120;

export const VIEW_COMMANDS: readonly Command[] = [
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
