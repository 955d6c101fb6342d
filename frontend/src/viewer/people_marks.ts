/** Where others are: what they see as a box with corners, what they have selected as an outline. */
import { grow, height, isEmpty, type Rect, rect, width } from "../geometry/rect";
import type { LabelReader } from "../store/types";
import { showsDetail } from "./label_view";
import { strokeOutline, traceInstance } from "./marks";
import type { Drawable, Frame } from "./surface";

export interface PersonMark {
  readonly name: string;
  readonly colour: string;
  /** Colour of letters on it. */
  readonly ink: string;
  /** What they see, null when it is not to be drawn. */
  readonly box: Rect | null;
  /** Instance that they have selected, 0 for none. */
  readonly selected: number;
}

const CORNER_PX = 16;
const TAG_PX = 17;

/** A name to be written above all lines. */
interface Tag {
  readonly mark: PersonMark;
  readonly box: Rect;
}

interface Traced {
  readonly path: Path2D;
  /** Where a change makes the outline a different one. */
  readonly box: Rect;
}

export class PeopleMarks implements Drawable {
  readonly #request: () => void;
  #reader: LabelReader | undefined;
  #marks: readonly PersonMark[] = [];
  readonly #traced = new Map<number, Traced>();
  #isBusy = () => false;
  #dispose: (() => void) | undefined;

  constructor(request: () => void) {
    this.#request = request;
  }

  /** Whose pixels the outlines follow; while it is busy, none is traced. */
  follow(reader: LabelReader, isBusy: () => boolean): void {
    this.#dispose?.();
    this.#reader = reader;
    this.#isBusy = isBusy;
    this.#traced.clear();
    const disposers = [
      reader.onDirty(({ origin, rect: box }) => {
        if (origin === "remote") this.#forget((one) => meets(one.box, box));
      }),
      reader.onInstances(({ ids }) => {
        this.#forget((_, id) => ids === null || ids.includes(id));
        if (this.#marks.length > 0) this.#request();
      }),
    ];
    this.#dispose = () => {
      for (const dispose of disposers) dispose();
    };
    this.#request();
  }

  set(marks: readonly PersonMark[]): void {
    this.#marks = marks;
    const wanted = new Set(marks.map((mark) => mark.selected));
    this.#forget((_, id) => !wanted.has(id));
    this.#request();
  }

  #forget(isStale: (one: Traced, id: number) => boolean): void {
    for (const [id, one] of this.#traced) if (isStale(one, id)) this.#traced.delete(id);
  }

  draw(frame: Frame): boolean {
    const { context, density } = frame;
    context.font = `600 ${11 * density}px system-ui, sans-serif`;
    context.textBaseline = "middle";
    const tags: Tag[] = [];
    this.#marks.forEach((mark, place) => {
      this.#drawSelected(frame, mark, tags);
      if (mark.box) drawBox(frame, mark, mark.box, place, tags);
    });
    for (const tag of tags) drawTag(frame, tag);
    return false;
  }

  #drawSelected(frame: Frame, mark: PersonMark, tags: Tag[]): void {
    const reader = this.#reader;
    if (!reader || mark.selected === 0 || !showsDetail(frame.view, reader.info.chunk)) return;
    const traced = this.#trace(reader, mark.selected);
    if (!traced) return;
    strokeOutline(frame, traced.path, 2.5, mark.colour);
    const { x1, y0 } = onScreen(frame, traced.box);
    addTag(frame, mark, x1, y0 - TAG_PX * frame.density, tags);
  }

  #trace(reader: LabelReader, id: number): Traced | undefined {
    const known = this.#traced.get(id);
    if (known) return known;
    const box = reader.instances.get(id)?.box;
    // Tracing in every frame of a stroke would cost the stroke.
    if (this.#isBusy() || !box || isEmpty(box)) return undefined;
    const traced = { path: traceInstance(reader, id), box: grow(box, 1) };
    this.#traced.set(id, traced);
    return traced;
  }

  destroy(): void {
    this.#dispose?.();
  }
}

function meets(one: Rect, other: Rect): boolean {
  return one.x0 < other.x1 && other.x0 < one.x1 && one.y0 < other.y1 && other.y0 < one.y1;
}

/** A box of the image in device pixels of the canvas. */
function onScreen({ view, density }: Frame, box: Rect): Rect {
  const { a, e, f } = view.toScreen;
  const place = (value: number, offset: number) => Math.round((value * a + offset) * density);
  return rect(place(box.x0, e), place(box.y0, f), place(box.x1, e), place(box.y1, f));
}

/** A thin line with strong corners; people who see the same stand inside of each other. */
function drawBox(frame: Frame, mark: PersonMark, seen: Rect, place: number, tags: Tag[]): void {
  const { context, density, view } = frame;
  const box = grow(onScreen(frame, seen), -4 * place * density);
  const [right, bottom] = [view.width * density, view.height * density];
  const isAround = box.x0 < 0 && box.y0 < 0 && box.x1 > right && box.y1 > bottom;
  if (isEmpty(box) || isAround || !meets(box, rect(0, 0, right, bottom))) return;
  context.setLineDash([]);
  context.strokeStyle = mark.colour;
  context.globalAlpha = 0.6;
  context.lineWidth = density;
  context.strokeRect(box.x0, box.y0, width(box), height(box));
  context.globalAlpha = 1;
  const arm = Math.min(CORNER_PX * density, width(box) / 2, height(box) / 2);
  context.beginPath();
  for (const [x, y, dx, dy] of [
    [box.x0, box.y0, arm, arm],
    [box.x1, box.y0, -arm, arm],
    [box.x0, box.y1, arm, -arm],
    [box.x1, box.y1, -arm, -arm],
  ] as const) {
    context.moveTo(x + dx, y);
    context.lineTo(x, y);
    context.lineTo(x, y + dy);
  }
  context.strokeStyle = "rgb(0 0 0 / 0.7)";
  context.lineWidth = 5 * density;
  context.stroke();
  context.strokeStyle = mark.colour;
  context.lineWidth = 3 * density;
  context.stroke();
  addTag(frame, mark, Math.min(box.x1, right), Math.max(box.y0, 0), tags);
}

/** Add the name with its right end at x, moved down where another name stands already. */
function addTag(frame: Frame, mark: PersonMark, x: number, y: number, tags: Tag[]): void {
  const { context, density, view } = frame;
  const wide = context.measureText(mark.name).width + 10 * density;
  const high = TAG_PX * density;
  const left = Math.min(Math.max(x - wide, 0), view.width * density - wide);
  let top = Math.max(y, 0);
  const box = () => rect(left, top, left + wide, top + high);
  while (tags.some((tag) => meets(tag.box, box()))) top += high + density;
  tags.push({ mark, box: box() });
}

function drawTag({ context, density }: Frame, { mark, box }: Tag): void {
  context.fillStyle = mark.colour;
  context.fillRect(box.x0, box.y0, width(box), height(box));
  context.fillStyle = mark.ink;
  context.fillText(mark.name, box.x0 + 5 * density, (box.y0 + box.y1) / 2);
}
