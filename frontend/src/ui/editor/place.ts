/** A view of an image that can be found again: in an address, or kept as a bookmark; pure. */
import type { PlaceJson } from "../../api/views";

/** Names in the address; z and t are those of the planes (see planes.ts). */
const NAMES = ["x", "y", "zoom", "max", "object", "draft"] as const;

const rounded = (value: number, digits: number) => Number(value.toPrecision(digits));

/** The same address for another view; what is as usual is left out. */
export function searchOfPlace(search: string, place: PlaceJson): string {
  const asked = new URLSearchParams(search);
  for (const name of NAMES) asked.delete(name);
  // A quarter of a pixel is seen at no zoom that there is.
  asked.set("x", String(Math.round(place.x * 4) / 4));
  asked.set("y", String(Math.round(place.y * 4) / 4));
  asked.set("zoom", String(rounded(place.scale, 5)));
  if (place.is_projected) asked.set("max", "1");
  if (place.selected) asked.set("object", String(place.selected));
  if (place.draft) asked.set("draft", place.draft);
  return `?${asked}`;
}

/** The view that an address asks for, if it names one. */
export function placeIn(search: string): PlaceJson | undefined {
  const asked = new URLSearchParams(search);
  const number = (name: string) => Number(asked.get(name) ?? Number.NaN);
  const [x, y, scale] = [number("x"), number("y"), number("zoom")];
  if (![x, y, scale].every(Number.isFinite) || scale <= 0) return undefined;
  const whole = (name: string) => Math.max(0, Math.round(Number(asked.get(name) ?? 0)) || 0);
  return {
    ...{ x, y, scale, z: whole("z"), t: whole("t") },
    is_projected: asked.get("max") === "1",
    selected: whole("object"),
    draft: asked.get("draft") ?? "",
  };
}
