/** The frame of the editor: bars, dialogs, help sheet, what stands in the way of painting. */
import { plural } from "./numbers";

export const editor = {
  image: "Image",
  sidePanelHolds: "Drafts, classes, objects, regions and view",
  backToProject: "Back to the project",
  opening: "Opening the image…",
  closeMessage: "Close this message",
  mayOnlyLook: "You may look at this project but not annotate it.",
  partsNotLoaded:
    "Parts of the image could not be loaded. They are tried again; reload the page if they stay missing.",
  couldNotBeOpened:
    "The image could not be opened. Load the page again; if that does not help, tell the person who runs this site.",
  help: {
    title: "Tools and shortcuts",
    pointers: "Mouse, pen and touch",
    wheel: "Wheel",
    wheelDoes: "Zoom",
    ctrlWheel: "Ctrl + wheel",
    ctrlWheelDoes: "Brush size",
    shiftClick: "Shift + click",
    shiftClickDoes:
      "Brush and erasers: a straight line on from where the last stroke ended. Shift held through a stroke swaps Preserve and Overwrite.",
    altWheel: "Alt + wheel",
    altWheelDoes: "Planes; with Shift, time points",
    middleButton: "Middle button",
    middleButtonDoes: "Move the image with any tool",
    fingers: "Fingers",
    fingersDo: "One paints, two move and zoom. Once a pen is used, one finger moves too.",
    pen: "Pen",
    penDoes: "Paints; its back end and its barrel button erase. A resting hand is ignored.",
    classKey: "Class of the selected object, and of new ones",
  },
  signedOut: {
    title: "You were signed out",
    allOnServer: "Nothing is lost: every stroke is on the server.",
    whatToDo:
      "Sign in in the new tab and come back here: this page goes on where it is, without loading again. You can also close this and keep painting.",
    signIn: "Sign in in a new tab",
    iAmSignedIn: "I am signed in again",
    waiting: (nStrokes: number) =>
      `Nothing is lost: ${plural(nStrokes, "stroke")} ${nStrokes === 1 ? "waits" : "wait"} in this browser.`,
  },
  toolBar: {
    title: "Tools",
    options: "Tool options",
    newObject: "New object",
    size: "Size",
    nothingSelected: "Nothing selected",
    nextIsNew: "The next stroke makes a new object",
    object: (id: number) => `Object ${id}`,
    draftObject: (id: number) => `Draft object ${id}`,
    modes: {
      title: "What happens to other objects",
      preserve: "Preserve",
      preserveHelp: "Other objects keep every pixel. Shift swaps with Overwrite while held.",
      overwrite: "Overwrite",
      overwriteHelp: "Takes pixels of other objects",
      inside: "Inside",
      insideHelp: "Only within what lies under the start of the stroke",
      spareAccepted: "Spare accepted",
      spareAcceptedHelp: "Accepted and edited objects are safe, others may be overwritten",
    },
  },
  topBar: {
    project: "Project",
    images: "Images",
    previousImage: "Previous image",
    nextImage: "Next image",
    viewOnly: "View only",
    undo: (what: string) => (what ? `Undo ${what}` : "Undo"),
    redo: (what: string) => (what ? `Redo ${what}` : "Redo"),
    history: "History",
    help: "Shortcuts and help",
    sidePanel: "Side panel",
  },
  painting: {
    penPaints: "The pen paints now; fingers move the image. Change that under View.",
    selectFirst: "Select an object first.",
    askForRole:
      "You may look at this project but not annotate it. Ask its owner for the role annotator.",
    offInProjection:
      "Painting is off in the maximum projection: press {key:projection} to go back to one plane.",
    zoomIn: "Zoom in to paint: single pixels cannot be seen at this size.",
  },
};
