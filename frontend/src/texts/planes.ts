/** Planes of stacks and time series. */
import { count, plural } from "./numbers";

export const planes = {
  title: "Planes",
  plane: "Plane",
  timePoint: "Time point",
  loading: "Loading…",
  place: (shownNumber: number, n: number) => `${shownNumber} of ${n}`,
  of: (n: number) => `of ${count(n)}`,
  maximumOverZ: "Maximum over z",
  maximum: "Maximum",
  maximumShown: (shownNumber: number) =>
    `Maximum over z, with the labels of z ${shownNumber}. Painting is off.`,
  noFurther: (place: string) => `No further: ${place}`,
  notShown: (place: string, why: string) => `${place} cannot be shown now. ${why}`,
  tooManyForMaximum: (most: number, nZ: number) =>
    `The maximum projection takes at most ${most} planes; this stack has ${nZ}.`,
  maximumOn: "Maximum projection over z. Painting is off.",
  maximumOff: "One plane again",
  copied: (id: number, z: number) => `Object ${id} copied to z ${z}. Undo takes it back.`,
  selectFirst: "Select an object first, then copy it to the next plane.",
  noneThere: "There is no plane in that direction.",
  previousOf: (axis: string) => `Previous ${axis.toLowerCase()}`,
  nextOf: (axis: string) => `Next ${axis.toLowerCase()}`,
  atMost: (n: number) => `at most ${n} planes`,
  z: (number: number, n: number) => `z ${number} of ${n}`,
  t: (number: number, n: number) => `t ${number} of ${n}`,
  nPlanes: (n: number) => plural(n, "plane"),
};
