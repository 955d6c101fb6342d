/** What the tour of the editor says. */

/** Keys as people read them. */
export interface TourKeys {
  readonly brush: string;
  readonly erase: string;
  readonly region: string;
  readonly smaller: string;
  readonly larger: string;
  readonly move: string;
  readonly undo: string;
  readonly redo: string;
  readonly help: string;
}

export const TOUR_TEXTS = {
  name: "Tour of the editor",
  opened:
    "A short tour of the editor is open beside the image. It does not get in the way of painting.",
  progress: (n: number, of: number) => `Step ${n} of ${of}`,
  todo: "to do",
  done: "done",
  skip: "Skip this step",
  later: "Not now",
  laterHint: "The tour goes on from here tomorrow, or from the help",
  dismiss: "Do not show again",
  dismissHint: "The help (?) can start it all the same",
  close: "Close the tour",
  start: "Start the tour",
  resume: "Go on with the tour",
  startHint: "Six short steps: look around, paint one object, correct it, take it back.",
  startHintViewer: "Two short steps: look around, and where things are.",
} as const;

export const TOUR_STEP_TEXTS = {
  look: {
    title: "Move and zoom the image",
    text: ({ move }: TourKeys) =>
      `Turn the wheel over the image to zoom in until you see single objects. To move it, drag with the middle mouse button, or drag while you hold ${move}, or use the arrow keys.`,
    touch: "Pinch with two fingers to zoom in until you see single objects; drag with two to move.",
  },
  brush: {
    title: "Choose the brush and its size",
    text: ({ brush, smaller, larger }: TourKeys) =>
      `Choose the brush (${brush}). Make it about half as wide as an object: with the slider “Size”, with ${smaller} and ${larger}, or with Ctrl and the wheel.`,
    touch: "Choose the brush. Make it about half as wide as an object with the slider “Size”.",
  },
  paint: {
    title: "Paint one object",
    text: () =>
      "Start on empty ground and cover one whole object, then let go. This is a real stroke: it is saved by itself and stays.",
    touch: undefined,
  },
  edge: {
    title: "Correct its edge",
    text: ({ erase }: TourKeys) =>
      `Something is missing: start inside the object and paint on. Something is too much: erase it with Alt held, or with Erase selected (${erase}).`,
    touch:
      "Something is missing: start inside the object and paint on. Something is too much: choose Erase selected.",
  },
  undo: {
    title: "Undo and redo",
    text: ({ undo, redo }: TourKeys) =>
      `Take your last step back with ${undo}, then do it again with ${redo}. You can go back as far as you like, and only ever take back what you did yourself.`,
    touch:
      "Take your last step back, then do it again. You can go back as far as you like, and only ever take back what you did yourself.",
  },
  find: {
    title: "Where drafts, regions and help are",
    text: ({ help }: TourKeys) =>
      `The side panel has Drafts, where objects that a model found wait for you to correct them, and Regions, where you say what is finished. Every tool and key is in the help (${help}).`,
    touch: undefined,
  },
} as const;

export const TOUR_TASK_TEXTS = {
  zoom: "Zoom",
  move: "Move the image",
  brush: "Brush chosen",
  size: "Size changed",
  paint: "One object painted",
  edge: "Its edge corrected",
  undo: "Undo",
  redo: "Redo",
  panel: "Side panel opened",
  help: "Help opened",
} as const;

export const TOUR_END_TEXTS = {
  painted: "Done: you painted one object",
  title: "That was the tour",
  goOn: "Go on with the next one.",
  begin: "Paint the objects that you are sure of.",
  text: ({ region }: TourKeys) =>
    `When every object in a part of the image is painted, draw a region around that part (${region}) and submit it: that is what a model learns from.`,
  viewer: "You may look at this project; its owner can give you the role annotator to paint.",
} as const;
