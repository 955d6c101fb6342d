/** What the API answers about starter models. */

import type { RunState } from "./page_types";

/** What a version keeps of the starter model that it is. */
export interface StarterCard {
  readonly title: string;
  readonly objects: string;
  readonly trained_on?: readonly DataSet[];
  readonly test?: { readonly ap50?: number };
}

/** A starter model that comes along. */
export interface Starter {
  readonly name: string;
  readonly title: string;
  readonly engine: string;
  readonly objects: string;
  readonly n_channels: number;
  readonly diameter_px: number;
  readonly licence: string;
  readonly ap50: number;
  readonly n_test_images: number;
  readonly trained_on: readonly DataSet[];
  readonly size_bytes: number;
}

/** A public data set that taught a starter model. */
export interface DataSet {
  readonly dataset: string;
  readonly licence: string;
  readonly source: string;
  readonly n_images: number;
  readonly n_objects: number;
}

/** A model file on its way to a version. */
export interface ModelUpload {
  readonly id: string;
  readonly engine: string;
  /** Name of the starter model that it is; else empty. */
  readonly starter: string;
  readonly state: RunState;
  readonly version: string | null;
  readonly error_message: string;
}
