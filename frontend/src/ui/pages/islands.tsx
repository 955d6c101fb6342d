/** Islands: parts of server-made pages that live in the browser, each loaded only where it is. */

import { type ComponentType, render } from "preact";
import * as texts from "../../texts/pages";

export interface IslandProps {
  /** The `data-…` attributes of the island's element. */
  readonly data: DOMStringMap;
}

type Loader = () => Promise<{ readonly default: ComponentType<IslandProps> }>;

const ISLANDS: Readonly<Record<string, Loader>> = {
  "project-images": () => import("./project/ProjectImages"),
  "project-loop": () => import("./project/ProjectLoop"),
  training: () => import("./training/Training"),
  run: () => import("./run/RunView"),
  version: () => import("./version/VersionView"),
};

export async function mountIslands(root: ParentNode): Promise<void> {
  const places = [...root.querySelectorAll<HTMLElement>("[data-island]")];
  await Promise.all(places.map(mount));
}

async function mount(place: HTMLElement): Promise<void> {
  const load = ISLANDS[place.dataset["island"] ?? ""];
  if (load === undefined) return;
  try {
    const { default: Island } = await load();
    place.replaceChildren();
    render(<Island data={place.dataset} />, place);
  } catch (error) {
    console.error(error);
    const note = document.createElement("p");
    note.className = "message error";
    note.textContent = texts.common.partNotLoaded;
    place.replaceChildren(note);
  }
}
