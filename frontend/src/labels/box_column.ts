/** The boxes of a table's instances: four numbers per slot, all 0 where there is none. */
import { type Rect, rect } from "../geometry/rect";

const FIELDS = 4;

export class BoxColumn {
  private boxes = new Int32Array(256 * FIELDS);

  /** x0, y0, x1, y1 of each slot. */
  get all(): Int32Array {
    return this.boxes;
  }

  enlarge(nSlots: number): void {
    const larger = new Int32Array(nSlots * FIELDS);
    larger.set(this.boxes);
    this.boxes = larger;
  }

  clear(slot: number): void {
    this.boxes.fill(0, slot * FIELDS, (slot + 1) * FIELDS);
  }

  isEmpty(slot: number): boolean {
    return this.boxes[slot * FIELDS + 2] === 0;
  }

  get(slot: number): Rect {
    const at = slot * FIELDS;
    const [x0, y0, x1, y1] = this.boxes.subarray(at, at + FIELDS);
    return rect(x0 ?? 0, y0 ?? 0, x1 ?? 0, y1 ?? 0);
  }

  /** One number after the other: an array for each of many rows would cost more than they do. */
  set(slot: number, x0: number, y0: number, x1: number, y1: number): void {
    const at = slot * FIELDS;
    this.boxes[at] = x0;
    this.boxes[at + 1] = y0;
    this.boxes[at + 2] = x1;
    this.boxes[at + 3] = y1;
  }

  /** Hold these pixels, too. */
  widen(slot: number, more: Rect): void {
    const { boxes } = this;
    const at = slot * FIELDS;
    const isNew = this.isEmpty(slot);
    boxes[at] = isNew ? more.x0 : Math.min(boxes[at] as number, more.x0);
    boxes[at + 1] = isNew ? more.y0 : Math.min(boxes[at + 1] as number, more.y0);
    boxes[at + 2] = Math.max(boxes[at + 2] as number, more.x1);
    boxes[at + 3] = Math.max(boxes[at + 3] as number, more.y1);
  }

  meets(slot: number, box: Rect): boolean {
    const { boxes } = this;
    const at = slot * FIELDS;
    return (
      (boxes[at] as number) < box.x1 &&
      (boxes[at + 1] as number) < box.y1 &&
      (boxes[at + 2] as number) > box.x0 &&
      (boxes[at + 3] as number) > box.y0
    );
  }
}
