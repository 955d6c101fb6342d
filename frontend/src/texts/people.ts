/** Who else is here. */
import { plural } from "./numbers";

export const people = {
  here: "People here",
  clickToFollow: (doing: string) => `${doing}. Click to follow.`,
  followDoing: (doing: string) => `Follow ${doing}`,
  nobody: "Nobody else has this image open. Who opens it is shown here, and you can follow them.",
  ofProject: "People of the project",
  showOthers: "Show on the image where others are",
  tellOthers: "Tell others where I am",
  nobodyHere: "Other people: nobody here",
  stopFollowing: (name: string) => `Stop following ${name}`,
  follow: (name: string) => `Follow ${name}`,
  stop: "Stop",
  followShort: "Follow",
  youFollow: (name: string) => `You follow ${name}`,
  deletedAccount: "Deleted account",
  following: (name: string) => `You follow ${name}. Any key or click ends it.`,
  followNobody: "You follow nobody.",
  othersHere: (names: readonly string[]) =>
    `${plural(names.length, "other person", "other people")} here: ${names.join(", ")}`,
  painting: "painting",
  looking: "looking",
  atObject: (id: number) => `, object ${id}`,
};
