/** JSON of the REST interface, as the server writes it (snake case kept). */

import type { components } from "./schema";

type Schemas = components["schemas"];

export interface Page<T> {
  count: number;
  next: string | null;
  previous: string | null;
  results: T[];
}

export interface ProjectJson {
  id: string;
  name: string;
  description: string;
  created_at: string;
  role?: "owner" | "reviewer" | "annotator" | "viewer";
  n_images?: number;
  tags?: string[];
}

export interface ChannelJson {
  name: string;
  colour: string;
  window: [number, number];
}

/** The description calls every JSON column unknown. */
export interface ImageJson extends Omit<Schemas["ImageOut"], "channels"> {
  channels: ChannelJson[];
}

export interface ViewJson extends Omit<Schemas["ViewOut"], "channels"> {
  channels: ChannelJson[];
}

export interface LayerJson {
  id: string;
  image: string;
  kind: "annotation" | "prediction";
  name: string;
  seq: number;
  height: number;
  width: number;
  chunk: number;
  created_at: string;
  n_instances?: number;
  n_proposed?: number;
}

/** What an editor says of where it is. */
export type PresenceIn = Schemas["PresenceInRequest"];

/** Where somebody's editor is, as the stream of the layer tells it. */
export interface PresenceJson {
  session: string;
  user: number;
  name: string;
  t: number;
  z: number;
  /** row0, col0, row1, col1 of what is on screen; null for unknown. */
  box: [number, number, number, number] | null;
  selected: number;
  is_painting: boolean;
  hello: boolean;
  gone: boolean;
}

/** How a version's prediction of an image stands; the layer is its draft. */
export interface PredictionJson {
  id: string;
  layer: string | null;
  version: string;
  engine: string;
  has_maps: boolean;
}

export interface ManifestJson {
  seq: number;
  chunks: [cy: number, cx: number, digest: string][];
}

export type InstanceStateJson = "proposed" | "accepted" | "edited" | "rejected";

export interface InstancesJson {
  seq: number;
  instance_id: number[];
  area_px: number[];
  row0: number[];
  col0: number[];
  row1: number[];
  col1: number[];
  state: InstanceStateJson[];
  score: (number | null)[];
  /** Only of predictions; null where nobody looked. */
  doubt?: (number | null)[];
  class_name: string[];
  created_by_id?: (number | null)[];
  /** The people among `created_by_id`. */
  authors?: { id: number; name: string }[];
  t?: number[];
  z?: number[];
  depth?: number[];
}

/** Instances of a draft that are wanted in an annotation layer. */
export interface AcceptJson {
  draft: string;
  instance_ids: readonly number[];
  preserve: "objects" | "pixels" | "none";
}

export interface AcceptedJson {
  /** Of the last op that it made. */
  seq: number;
  n_accepted: number;
  n_skipped: number;
}

export type ClassGroups = Readonly<Record<string, readonly number[]>>;

/** A kind of object that a project tells apart. */
export type ClassJson = Schemas["ClassOut"];

export type ClassDetail = Schemas["ClassDetailOut"];

export type NewClass = Schemas["ClassInRequest"];

export type ClassChange = Schemas["PatchedClassChangeInRequest"];

/** An op by its maker's own count: unlike its seq, known before the server has it. */
export interface OpName {
  session: string;
  n: number;
}

/** What a model was asked, and how sure it is. */
export interface PromptMeta {
  /** Name of the model version, or of the prompter. */
  by: string;
  /** Id of the version; null of a prompter. */
  version: string | null;
  point: readonly [x: number, y: number] | null;
  box: readonly [x0: number, y0: number, x1: number, y1: number] | null;
  threshold: number;
  score: number;
}

export interface OpMeta {
  undo_of?: OpName;
  redo_of?: OpName;
  group?: string;
  accepts?: { layer: string; instance_id: number; new_id: number }[];
  edits_draft?: boolean;
  /** Instance ids by the name of the class that they have from this op on; "" is unknown. */
  classes?: ClassGroups;
  /** Which classes they had before, for undo. */
  classes_before?: ClassGroups;
  /** In ops of the server: a class got another name. */
  renames?: Record<string, string>;
  /** Of an undo step: the draft whose objects got a class. */
  of_draft?: string;
  /** Of an accept by the server: the new ids follow each other, in the order of these. */
  first_id?: number;
  instance_ids?: number[];
  /** Of a prompt: who found the pixels, and from what. */
  prompt?: PromptMeta;
  /** Of an undo step: every plane (z) in which its group was made by the server at once. */
  planes?: number[];
}

/** An op as it goes to the server; body is gzip of the wire form. */
export interface OutgoingOp {
  n: number;
  kind: string;
  t: number;
  z: number;
  meta: OpMeta;
  body: Uint8Array;
}

/** Its body is Base64 of the accepted gzip body; null when nothing was refused. */
export type OpResultJson = Schemas["OpResultOut"];

export type OpsAnswerJson = Schemas["AppendedOut"];

/** An op as the server tells of it: accepted runs only. */
export interface OpJson extends Omit<Schemas["OpOut"], "meta"> {
  meta: OpMeta;
}

export interface RegionJson {
  id: string;
  image: string;
  layer: string;
  t: number;
  z: number;
  /** Planes, from z on. */
  depth: number;
  row0: number;
  col0: number;
  row1: number;
  col1: number;
  coverage: "complete" | "positives_only" | "ignore";
  purpose: "training" | "blind_validation";
  state: "open" | "submitted";
  snapshot: string | number | null;
}

export type NewRegion = Pick<
  RegionJson,
  "row0" | "col0" | "row1" | "col1" | "coverage" | "purpose"
> &
  Partial<Pick<RegionJson, "layer" | "t" | "z" | "depth">>;

export interface HistogramJson {
  channels: { counts: number[]; low: number; high: number }[];
}

/** What became of the instances of one layer in another. */
export type DifferencesJson = Schemas["DifferencesOut"];
