/** What a table of instances is filled with, and what it tells of one. */
import type { Rect } from "../geometry/rect";
import type { Span } from "./spans";

export const STATES = ["proposed", "accepted", "edited", "rejected"] as const;
export type InstanceState = (typeof STATES)[number];

/** One array per field, as the server sends them. */
export interface InstanceColumns {
  readonly instance_id: readonly number[];
  readonly area_px: readonly number[];
  readonly row0: readonly number[];
  readonly col0: readonly number[];
  readonly row1: readonly number[];
  readonly col1: readonly number[];
  readonly state: readonly InstanceState[];
  readonly score: readonly (number | null)[];
  /** Only of a prediction that was looked at from several sides. */
  readonly doubt?: readonly (number | null)[];
  readonly class_name: readonly string[];
  /** The planes that may hold pixels: z … z + depth - 1 of time t; without them the first. */
  readonly t?: readonly number[];
  readonly z?: readonly number[];
  readonly depth?: readonly number[];
}

/** A copy of one row; take it when needed, do not keep it. */
export interface InstanceRow extends Span {
  readonly id: number;
  readonly areaPx: number;
  /** Holds every pixel; may be loose after erasing. */
  readonly box: Rect;
  readonly state: InstanceState;
  /** Of a prediction, 0 to 1. */
  readonly score: number | null;
  /** How likely the prediction is wrong, 0 to 1; null when nobody looked. */
  readonly doubt: number | null;
  readonly className: string;
}
