/** Tools: their names and help, and what they say. */
import { count, plural } from "./numbers";

const inThisPlane = " in this plane";

export const tools = {
  areas: {
    chooseFirst: "Choose the object to take this away from first: click it, or press inside of it.",
    nothingToTake: "Nothing to take away there.",
    othersProtected:
      "Nothing changed: other objects are protected. Press {key:mode-overwrite} to overwrite them.",
  },
  strokes: {
    nothingToErase: "Nothing to erase there.",
    othersProtected:
      "Nothing was painted: other objects are protected. Press {key:mode-overwrite} to overwrite them.",
    nothingPainted: "Nothing was painted there.",
    chooseBeforeErasing: "Choose an object first: click it, or start the eraser on it.",
  },
  brush: {
    label: "Brush",
    help: "Paint objects. Start inside one to extend it, on empty ground to make a new one. Alt erases. Shift held through a stroke swaps preserve and overwrite; Shift and a click draw a straight line on from the last stroke.",
  },
  eraseSelected: {
    label: "Erase selected",
    help: "Erase only the selected object; every other object is safe. Shift and a click erase a straight line on from the last stroke.",
  },
  eraseAny: {
    label: "Erase any",
    help: "Erase whatever is under the brush. Shift and a click erase a straight line on from the last stroke.",
  },
  chooseMany: {
    label: "Choose many",
    help: "Drag a box around objects to choose those that lie in it with at least half of their extent. Ctrl draws a lasso, Shift adds, Alt takes away; a click chooses one more or one less.",
  },
  select: {
    label: "Select and move",
    help: "Click an object or a draft to select it. Drag to move the image.",
  },
  fill: {
    label: "Fill hole",
    help: "Fill a hole, or the inside of a closed ring, with the selected object (a new one when none is selected).",
    done: (nPixels: number) => `Filled ${count(nPixels)} pixels.`,
  },
  merge: {
    nothingThere: "There is no object to merge there.",
    clickNext: (other: number) => `Object ${other} stays. Now click what belongs to it.`,
    done: (other: number, keep: number) => `Object ${other} is now part of ${keep}.`,
    dragAcross: "Drag across two objects or more: they become part of the first one.",
    label: "Merge",
    help: "Click the object to keep, then the ones that belong to it; or drag across all of them, the one to keep first.",
    doneMany: (others: readonly number[], keep: number) =>
      `${others.length === 1 ? `Object ${others[0]} is` : `${others.length} objects are`} now part of ${keep}.`,
  },
  erasePiece: {
    label: "Erase piece",
    help: "Click a piece of an object to erase it whole: a loose piece, or the object when it is in one.",
    doneWhole: (id: number, nLost: number) =>
      `Object ${id} erased: ${plural(nLost, "pixel")}. Undo brings it back.`,
    done: (id: number, nLost: number) =>
      `Erased a piece of object ${id}: ${plural(nLost, "pixel")}.`,
  },
  remove: {
    label: "Delete object",
    help: "Click an object to delete it whole. Press {key:delete-chosen} to delete the selected one.",
    nothingThere: "There is no object to delete there.",
    done: (id: number, isOnePlane: boolean) =>
      `Object ${id} deleted${isOnePlane ? inThisPlane : ""}. Undo brings it back.`,
  },
  lasso: {
    label: "Lasso",
    help: "Drag around an area, or click its corners and press Enter (or double click, or click the first corner). Alt takes the area from the selected object. Starts and modes are those of the brush; Backspace takes a corner back, Esc gives up.",
    threeCorners: "An area has three corners or more: click on, or press Esc to give up.",
    chooseBeforeErasing: "Choose an object first: click it, or start the outline on it.",
    nothingInside: "Nothing of the selected object is in there.",
  },
  prompt: {
    label: "Find by a click",
    help: "Click an object, or drag a box around it: the newest model shows what it sees there. Click it or press {key:keep-found} to keep it, Esc drops it, the wheel changes the threshold.",
    boxTooLarge: (side: number) => `The box may be at most ${side} pixels wide and high.`,
  },
  region: {
    label: "Draw region",
    help: "Drag a box around a part of the image, then say what it holds.",
    dragCorners: "Drag from one corner of the region to the other.",
  },
  shapes: {
    selectFirst: "Select an object of the annotation first.",
    fillHoles: {
      label: "Fill holes of the selected object",
      short: "Fill holes",
      nothing: (id: number) => `Object ${id} has no holes.`,
      done: (id: number, nWon: number) =>
        `Filled the holes of object ${id}: ${plural(nWon, "pixel")}.`,
    },
    smooth: {
      label: "Smooth the selected object",
      short: "Smooth",
      nothing: (id: number) => `Object ${id} is smooth already.`,
      done: (id: number, nWon: number, nLost: number) =>
        `Smoothed object ${id}: ${plural(nWon, "pixel")} added, ${plural(nLost, "pixel")} taken away.`,
    },
    keepLargest: {
      label: "Keep only the largest part of the selected object",
      short: "Largest part",
      nothing: (id: number) => `Object ${id} is in one piece.`,
      done: (id: number, nLost: number) =>
        `Kept the largest part of object ${id}; erased ${plural(nLost, "pixel")}.`,
    },
    grow: {
      label: "Grow the selected object by 1 px (while the image has the focus)",
      short: "Grow",
      nothing: (id: number) =>
        `Object ${id} cannot grow: other objects, or the edge of the image, are all around it.`,
      done: (id: number, nWon: number) => `Object ${id} grew by ${plural(nWon, "pixel")}.`,
    },
    shrink: {
      label: "Shrink the selected object by 1 px (while the image has the focus)",
      short: "Shrink",
      nothing: (id: number) => `Object ${id} fills the whole image.`,
      done: (id: number, nLost: number, nPieces: number) =>
        `Object ${id} shrank by ${plural(nLost, "pixel")}.${nPieces > 1 ? ` It is in ${nPieces} pieces now; {key:keep-largest} keeps the largest.` : ""}`,
    },
  },
  split: {
    label: "Split",
    help: "Drag a line across an object to cut it, or click in each of its two parts: it is divided where the image changes between them, by its shape where the image is even or not loaded at full size.",
    crossesNothing: "The line crosses no object: drag it across the one to cut.",
    clickInside: "Click inside the object to divide, or drag a line across it.",
    clickOther: (id: number) => `Now click the other part of object ${id}. Esc gives up.`,
    otherObject: (id: number, from: number) =>
      `That is object ${id}. Click the other part of object ${from}; Esc gives up.`,
    done: (
      id: number,
      newIds: readonly number[],
      by: "line" | "image" | "shape",
      isOnePlane: boolean,
    ) => {
      const parts = newIds.length > 3 ? `${newIds.length} new objects` : newIds.join(" and ");
      const how = { line: "", image: ", by the image", shape: ", by its shape" }[by];
      return `Object ${id} is now ${id} and ${parts}${isOnePlane ? inThisPlane : ""}${how}.`;
    },
  },
  wand: {
    label: "Magic wand",
    help: "Press on a colour, drag right for more tolerance or left for less, let go to keep it. Alt takes away.",
    stopsAt: (most: number) =>
      `The wand stops at ${count(most)} pixels: with less tolerance it takes fewer. Undo takes it back.`,
    tolerance: "Tolerance",
    fillsHoles: "Fill holes",
  },
};
