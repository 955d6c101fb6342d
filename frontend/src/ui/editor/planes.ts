/** Planes of a stack or time series: which there are, what they are called, where they stand. */

import type { PlaneRef, Span } from "../../labels/spans";
import * as texts from "../../texts";
import type { Picture } from "../../viewer/tile_source";

export interface StackSize {
  readonly nZ: number;
  readonly nT: number;
}

/** More planes would take minutes to fetch for one view. */
export const MOST_PROJECTED = 64;

export const isStack = ({ nZ, nT }: StackSize) => nZ > 1 || nT > 1;

/** The nearest plane that there is. */
export function clamped({ t, z }: PlaneRef, { nZ, nT }: StackSize): PlaneRef {
  const within = (value: number, n: number) => Math.min(n - 1, Math.max(0, Math.round(value) || 0));
  return { t: within(t, nT), z: within(z, nZ) };
}

export function isSame(one: PlaneRef, other: PlaneRef): boolean {
  return one.t === other.t && one.z === other.z;
}

/** The pyramid runs t, then z, then channel. */
export function pictureOf({ t, z }: PlaneRef, { nZ }: StackSize, nChannels: number): Picture {
  return { name: `${t}-${z}`, bases: [(t * nZ + z) * nChannels] };
}

/** The brightest of all planes of a time. */
export function projectionOf(t: number, { nZ }: StackSize, nChannels: number): Picture {
  const bases = Array.from({ length: nZ }, (_, z) => (t * nZ + z) * nChannels);
  return { name: `${t}-max`, bases };
}

/** The plane that an address asks for. */
export function planeIn(search: string, size: StackSize): PlaneRef {
  const asked = new URLSearchParams(search);
  const number = (name: string) => Number(asked.get(name) ?? 0);
  return clamped({ t: number("t"), z: number("z") }, size);
}

/** The same address for another plane; axes of one plane are left out. */
export function searchWith(search: string, plane: PlaneRef, { nZ, nT }: StackSize): string {
  const asked = new URLSearchParams(search);
  const put = (name: string, value: number, n: number) => {
    if (n > 1) asked.set(name, String(value));
    else asked.delete(name);
  };
  put("z", plane.z, nZ);
  put("t", plane.t, nT);
  const text = asked.toString();
  return text ? `?${text}` : "";
}

/** The plane of a span that is closest to this one. */
export function nearest({ t, z, depth }: Span, here: PlaneRef): PlaneRef {
  return { t, z: Math.min(z + depth - 1, Math.max(z, here.z)) };
}

/** The plane to which `,` and `.` lead: along z, or along t where there is no z. */
export function stepped(plane: PlaneRef, by: number, size: StackSize): PlaneRef {
  const { t, z } = plane;
  return clamped(size.nZ > 1 ? { t, z: z + by } : { t: t + by, z }, size);
}

/** People count from 1, addresses and files from 0. */
export const shownNumber = (index: number) => index + 1;

/** "z 4 of 12, t 1 of 3", of the axes that there are. */
export function planeText({ t, z }: PlaneRef, { nZ, nT }: StackSize): string {
  const parts = [];
  if (nZ > 1) parts.push(texts.planes.z(shownNumber(z), nZ));
  if (nT > 1) parts.push(texts.planes.t(shownNumber(t), nT));
  return parts.join(", ");
}

/** "z 4" or "z 4–6". */
export function spanText({ z, depth }: { readonly z: number; readonly depth: number }): string {
  return depth === 1 ? `z ${shownNumber(z)}` : `z ${shownNumber(z)}–${shownNumber(z + depth - 1)}`;
}
