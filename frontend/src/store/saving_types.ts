/** Whether edits have reached the server, and what became of those that it did not take. */
import type { Rect } from "../geometry/rect";
import type { Edit } from "../labels/runs";
import type { PlaneRef } from "../labels/spans";

/**
 * saved           everything is on the server
 * saving          strokes are on their way
 * offline         the server cannot be reached; strokes are kept here and sent later
 * server-trouble  the server is there and cannot save now (disk full); kept here, tried again
 * login-needed    signed out; strokes are kept here until the person signs in again
 * refused         the server says no (right taken away, layer gone); strokes are kept here
 * storage-blocked the browser gives no storage: strokes are safe only when "saved"
 */
export type SaveStatus =
  | "saved"
  | "saving"
  | "offline"
  | "server-trouble"
  | "login-needed"
  | "refused"
  | "storage-blocked";

export interface SaveState {
  readonly state: SaveStatus;
  /** Strokes and decisions not yet on the server. */
  readonly queued: number;
  readonly online: boolean;
  /** Sentence for the user, null when all is well. */
  readonly lastError: string | null;
  /** False when IndexedDB is unavailable. */
  readonly isJournalled: boolean;
}

/** Pixels of ours that the server did not take since another person changed them first. */
export interface RefusedReport {
  readonly n: number;
  readonly kind: string;
  readonly nRefused: number;
  readonly plane: PlaneRef;
  /** Holds every refused pixel. */
  readonly rect: Rect;
  /** What of the op was not taken. */
  readonly refused: Edit;
}

/** A stroke or decision that the server will never take as it is; kept on this computer. */
export interface AsideOp {
  readonly key: string;
  /** Kind of the op, or the state that draft objects were to have. */
  readonly kind: string;
  /** When it was made, milliseconds since 1970. */
  readonly at: number;
  /** Sentence for the user. */
  readonly why: string;
  readonly nPixels: number;
  /** Of a decision. */
  readonly nObjects: number;
  readonly rect: Rect | null;
  /** Of a stroke. */
  readonly plane: PlaneRef | null;
}
