/** Starter models. */
import { plural } from "../numbers";
import { pieces } from "../pieces";

export const starters = {
  title: "Starter models",
  aStarterModel: "starter model",
  what: "Trained on public images, on this computer already. One that fits drafts every image of the project at once; correct some drafts and train it further.",
  finds: (objects: string) => `Finds ${objects}`,
  facts: (
    ap50: string,
    nImages: number,
    diameter: number,
    nChannels: number,
    size: string,
    licence: string,
  ) =>
    `${ap50} on ${plural(nImages, "image")} like those that taught it; yours may differ more. Objects of about ${diameter} px, ${plural(nChannels, "channel")}, ${size}, licence ${licence}.`,
  ap50Help: "Average precision at IoU 0.5: found and right, of all that is there or was drafted",
  beingAdded: "Being added",
  appearsHere: "Its version appears here, then the drafts on the images.",
  inProject: "In this project",
  seeVersion: "See its version",
  version: (number: number) => `Version v${number}`,
  channel: "Channel",
  adding: "Adding…",
  add: "Add to this project",
  hint: <T>(starterModel: T) =>
    pieces(
      "No model knows these images yet. A ",
      starterModel,
      " that fits drafts all of them at once, without training: correct drafts instead of painting from nothing.",
    ),
};
