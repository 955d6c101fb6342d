/** What rounds and suggestions look like on the wire, as the pages read them. */

import type { RunState } from "./page_types";

export interface NamedVersion {
  readonly id: string;
  readonly name: string;
}

/** One choice of regions worth painting, and how far it is. */
export interface Selection {
  readonly id: string;
  readonly state: RunState;
  readonly version: NamedVersion | null;
  readonly created_at: string;
  readonly finished_at: string | null;
  readonly progress: Readonly<Record<string, unknown>>;
  readonly error_message: string;
}

export interface Suggestion {
  readonly id: string;
  readonly rank: number;
  readonly image: {
    readonly id: string;
    readonly name: string;
    readonly width: number;
    readonly height: number;
    readonly n_z: number;
    readonly n_t: number;
    readonly thumbnail: string;
  };
  /** row0, col0, row1, col1; half-open. */
  readonly box: readonly [number, number, number, number];
  /** Time and plane, from 0. */
  readonly t: number;
  readonly z: number;
  readonly purpose: "training" | "blind_validation";
  readonly strategy: string;
  readonly reason: string;
  readonly state: "open" | "taken" | "dismissed";
  readonly region: string | null;
  readonly region_state: "open" | "submitted" | null;
}

export interface Suggestions {
  readonly selection: Selection | null;
  readonly suggestions: readonly Suggestion[];
}

export interface NumberedVersion extends NamedVersion {
  readonly number: number;
}

/** A version with its AP50 on a round's validation split; null: not measured (yet). */
export interface ScoredVersion {
  readonly version: NumberedVersion;
  readonly ap50: number | null;
}

export interface Labelled {
  readonly n_images: number;
  readonly n_regions: number;
  readonly n_instances: number;
  readonly n_ops: number;
  readonly active_s: number;
}

export interface Round extends Labelled {
  readonly number: number;
  readonly began_at: string;
  readonly ended_at: string;
  readonly before: ScoredVersion | null;
  readonly after: readonly (ScoredVersion & { readonly engine: string })[];
}

export interface Rounds {
  readonly rounds: readonly Round[];
  readonly open: Labelled & { readonly began_at: string | null };
}
