/** What the API answers to the pages (not the editor). Only the fields the pages read. */

import type { Report, Scores } from "./report_types";

export interface Paged<T> {
  readonly count: number;
  readonly next: string | null;
  readonly previous: string | null;
  readonly results: readonly T[];
}

export type ImageState = "queued" | "ingesting" | "ready" | "failed";
export type Split = "none" | "train" | "validation" | "test";

export interface ImageCard {
  readonly id: string;
  readonly name: string;
  readonly state: ImageState;
  readonly split: Split;
  readonly tags: readonly string[];
  readonly group: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly n_channels: number | null;
  readonly error_message?: string;
  readonly n_instances?: number;
  /** User names, who painted most first. */
  readonly painted_by?: readonly string[];
  readonly n_regions?: number;
  readonly channels?: readonly { readonly name?: string }[];
}

export interface EngineParam {
  readonly name: string;
  readonly title: string;
  readonly help: string;
  readonly type: "int" | "float" | "bool" | "str";
  readonly default: number | string | boolean | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly choices: readonly (string | number)[] | null;
  readonly advanced?: boolean;
}

export interface Engine {
  readonly name: string;
  readonly title: string;
  readonly version: string;
  readonly max_channels: number;
  readonly pretrained: readonly string[];
  readonly licence: string;
  readonly needs_gpu: boolean;
  readonly from_scratch: boolean;
  /** Why it cannot be used; empty when it can. */
  readonly missing: string;
  readonly params: readonly EngineParam[];
}

export type RunState =
  | "queued"
  | "running"
  | "paused"
  | "finished"
  | "failed"
  | "errored"
  | "cancelled"
  | "lost";

export interface VersionRef {
  readonly id: string;
  readonly number: number;
  readonly engine: string;
  readonly origin?: string;
}

export interface Epoch {
  readonly epoch: number;
  readonly n_epochs: number;
  readonly train_loss: number | null;
  readonly validation_loss: number | null;
  readonly learning_rate: number | null;
  readonly duration_s: number;
  readonly metrics?: Readonly<Record<string, number>>;
}

export interface Progress {
  readonly stage?: string;
  readonly epoch?: number;
  readonly of?: number;
  readonly seconds_left?: number | null;
  /** Where the newest checkpoint stands; engines without steps have none. */
  readonly step?: number;
  readonly n_steps?: number;
  /** The recipe that is being tried, and those that were. */
  readonly trying?: string;
  readonly trials?: readonly Trial[];
}

/** A way of training that was tried for a moment. */
export interface Trial {
  readonly name: string;
  readonly changes: Readonly<Record<string, unknown>>;
  readonly validation_loss: number | null;
  readonly n_steps: number;
  readonly seconds: number;
}

export interface Run {
  readonly id: string;
  readonly number: number;
  readonly engine: string;
  readonly state: RunState;
  readonly start?: string;
  readonly parent?: VersionRef | null;
  readonly pretrained?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly seed?: number;
  readonly max_minutes?: number | null;
  /** The most memory that the training held. */
  readonly peak_mib?: number | null;
  readonly channels?: readonly number[];
  /** Regions that taught the versions it starts from and are not in its own set. */
  readonly n_replayed?: number;
  readonly progress: Progress;
  readonly cancel_requested?: boolean;
  readonly pause_requested?: boolean;
  readonly paused_at?: string | null;
  /** Seconds since its beginning in which it stood paused. */
  readonly paused_s?: number;
  readonly warnings?: readonly string[];
  readonly error_message?: string;
  readonly log?: string;
  readonly epochs?: readonly Epoch[];
  readonly version?: VersionRef | null;
  readonly training_set?: SetRef | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly created_by?: string | null;
}

export interface SetRef {
  readonly id: string;
  readonly number: number;
  readonly n_images: number;
  readonly n_regions: number;
  readonly n_instances: number;
  readonly manifest_digest?: string;
}

export interface Evaluation {
  readonly id: string;
  readonly training_set: SetRef | null;
  readonly split: string;
  readonly metrics: Report;
  readonly per_image?: readonly (Scores & { readonly name?: string; readonly image?: string })[];
  readonly examples?: readonly Example[];
}

/** A picture of a measured image with people's outlines and the version's. */
export interface Example {
  readonly id: string;
  readonly image: string;
}

/** A measurement that waits, goes on, or could not be made. */
export interface Unmeasured {
  readonly id: string;
  readonly training_set: SetRef | null;
  readonly split: string;
  readonly state: string;
  readonly error_message: string;
}

export interface Version {
  readonly id: string;
  readonly number: number;
  readonly engine: string;
  readonly origin: string;
  readonly parent: VersionRef | null;
  readonly run?: { readonly id: string; readonly number: number } | string | null;
  readonly size_bytes: number;
  readonly licence?: string;
  readonly created_at: string;
  readonly created_by?: string | null;
  readonly evaluations: readonly Evaluation[];
}

export interface VersionDetail extends Version {
  readonly unmeasured?: readonly Unmeasured[];
  readonly lineage: readonly (VersionRef & { readonly origin?: string })[];
  readonly training_set?: SetRef | null;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly seed?: number | null;
  readonly channels?: Readonly<Record<string, unknown>>;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly thresholds?: Readonly<Record<string, number>>;
  readonly versions?: Readonly<Record<string, string>>;
  readonly checkpoint_digest?: string;
  /** How many predictions are in which state; a state without any is left out. */
  readonly drafts?: Readonly<Partial<Record<RunState, number>>>;
  /** Predictions in parts, planes or times that are being made now. */
  readonly drafts_under_way?: readonly DraftUnderWay[];
}

/** How far the prediction of a large image, a stack or a time series is. */
export interface DraftUnderWay {
  readonly image: string;
  readonly name: string;
  /** How many parts are made, and of how many. */
  readonly part: number | null;
  readonly of: number | null;
  /** Which one is being drawn, from 1. */
  readonly time: number | null;
  readonly times: number | null;
  readonly plane: number | null;
  readonly planes: number | null;
}

/** What an engine of planes makes of a stack. */
export type StackDrafts = "planes" | "linked" | "volume";

/** A version's place among those measured on the newest set. */
export interface Leader {
  readonly version: VersionRef;
  readonly parent: VersionRef | null;
  readonly trained_s: number | null;
  readonly training_set: SetRef;
  readonly metrics: Report;
}

/** What to know before a training. */
export interface Preflight {
  readonly findings: readonly Finding[];
  readonly estimate: string;
}

export interface Finding {
  readonly code: string;
  readonly tone: "problem" | "warning" | "hint";
  readonly sentence: string;
  readonly fix: Fix | null;
}

/** A button: opens an image, or the project's images, or changes the form. */
export interface Fix {
  readonly button: string;
  readonly image: string | null;
  readonly region: string | null;
  readonly params: Readonly<Record<string, unknown>>;
  readonly channels: readonly number[] | null;
  readonly start: string;
}
