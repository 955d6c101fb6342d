/** Every text that a person reads on the pages beside the editor. */
export { common } from "./common";
export { images } from "./images";
export { rounds } from "./rounds";
export { run } from "./run";
export { starters } from "./starters";
export { suggestions } from "./suggestions";
export { training } from "./training";
export { version } from "./version";
