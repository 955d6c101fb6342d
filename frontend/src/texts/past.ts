/** Looking at what a layer was, from far away. */

export const past = {
  zoomIn: "Zoom in to see what was here: the objects of then are not shown from so far away.",
  loading: "Loading what was here …",
  far: "Zoom in to choose what is restored.",
};
