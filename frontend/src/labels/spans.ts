/** Planes of a stack, and which of them an instance spans. */

/** One plane of a stack. */
export interface PlaneRef {
  readonly t: number;
  readonly z: number;
}

/** Planes z … z + depth - 1 of one time. */
export interface Span extends PlaneRef {
  readonly depth: number;
}

/** Whether two spans have a plane in common. */
export function meets(one: Span, other: Span): boolean {
  return one.t === other.t && one.z < other.z + other.depth && other.z < one.z + one.depth;
}

/** Time, first plane, plane after the last. */
const FIELDS = 3;

/** The spans of many instances, by slot. */
export class SpanColumn {
  private spans = new Int32Array(256 * FIELDS);

  /** As long as the other columns of its table. */
  enlarge(nSlots: number): void {
    const larger = new Int32Array(nSlots * FIELDS);
    larger.set(this.spans);
    this.spans = larger;
  }

  set(slot: number, { t, z }: PlaneRef, depth = 1): void {
    const at = slot * FIELDS;
    this.spans[at] = t;
    this.spans[at + 1] = z;
    this.spans[at + 2] = z + depth;
  }

  /** Pixels were won on a plane. */
  widen(slot: number, { z }: PlaneRef): void {
    const at = slot * FIELDS;
    this.spans[at + 1] = Math.min(this.spans[at + 1] as number, z);
    this.spans[at + 2] = Math.max(this.spans[at + 2] as number, z + 1);
  }

  get(slot: number): Span {
    const at = slot * FIELDS;
    const z = this.spans[at + 1] as number;
    return { t: this.spans[at] as number, z, depth: (this.spans[at + 2] as number) - z };
  }
}
