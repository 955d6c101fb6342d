/** Words of many places. */
import { plural } from "./numbers";

export const common = {
  tryAgain: "Try again",
  remove: "Delete",
  cancel: "Cancel",
  close: "Close",
  nPixels: (n: number) => plural(n, "pixel"),
};
