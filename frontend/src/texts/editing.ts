/** Why an edit of the labels was refused. */

export const editing = {
  waitForLast: "Wait until the last edit is finished.",
  nothingToAccept: "Nothing is left to accept: other objects cover this one.",
  draftIsClosed: "This draft is not open any more.",
  partNotLoaded: "A part of the annotation could not be loaded. It is tried again when you move.",
  finishStroke: "Finish the stroke first.",
  chooseTwo: "Choose two different objects.",
  nothingCopied: "Nothing was copied: this object, or others, are there already.",
  objectIsGone: "This object is not there any more.",
  notLoaded: "This part of the annotation could not be loaded.",
  notOnPlane: "This object has no pixels in the plane that is shown.",
  mayOnlyLook: "You may look at this project, but not annotate in it.",
  noNewObjects:
    "No new objects can be made until the server is reached again; existing ones can be edited.",
  strokeNotLoaded: "A part of the stroke could not be painted: its area did not load.",
  chooseObject: "Choose an object first, or start a new one.",
  pastNotLoaded: "A part of what was then could not be loaded. It is tried again when you move.",
  serverAcceptsVolumes:
    "Objects that span planes are accepted by the server, which cannot be reached now.",
  nothingToRestore: (id: number) =>
    `${id > 0 ? `Object ${id}` : "This part"} is as it was then: there is nothing to restore.`,
  fill: {
    outside: "Click inside the visible part of the image.",
    notLoaded: "This part of the annotation is still loading.",
    tooLarge: "This area is too large to fill at once.",
    open: "This area is not closed inside the view: close the ring, or zoom out until all of it is seen.",
    notBackground: "Fill works on background: click inside a ring.",
  },
  shape: {
    nothingToErase: "There is no object to erase there.",
    doesNotCut: (id: number) =>
      `The line does not cut object ${id} in two: drag it from one side to the other.`,
    seedsApart:
      "Both clicks must be in one piece of the object: one in each part that it shall become.",
    tooLarge:
      "This is too large to be changed at once: it spreads over more than 16 million pixels.",
    tooThinToShrink: (id: number) =>
      `Object ${id} is too thin to shrink: nothing would be left. Delete removes it.`,
    tooThinToSmooth: (id: number) => `Object ${id} is too thin to be smoothed.`,
  },
};
