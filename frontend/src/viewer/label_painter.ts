/** One label layer on screen: a coloured canvas per chunk, touched only where pixels changed. */
import { grow, type Rect } from "../geometry/rect";
import { type Colouring, colourBox, gather, type LabelPixels } from "./colouring";

/** Image to device pixels: `device = image * scale + (left, top)`. */
export interface DrawTransform {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

/** Time for colouring whole chunks in one frame; changed pixels are always coloured at once. */
const SLICE_MS = 6;
/** Rows coloured between two looks at the clock. */
const BAND_ROWS = 128;
/** Chunks kept beyond those in view: 1 MiB each. */
const SPARE_CHUNKS = 48;

interface ChunkCanvas {
  readonly context: CanvasRenderingContext2D;
  readonly row: number;
  readonly column: number;
  readonly box: Rect;
  /** Rows from here on still wait for their colours. */
  nextRow: number;
  used: number;
}

export class LabelPainter {
  readonly #source: LabelPixels;
  #colouring: Colouring;
  readonly #chunks = new Map<number, ChunkCanvas>();
  #dirty: Rect[] = [];
  #clock = 0;
  #padded = new Uint32Array(0);

  constructor(source: LabelPixels, colouring: Colouring) {
    this.#source = source;
    this.#colouring = colouring;
  }

  get colouring(): Colouring {
    return this.#colouring;
  }

  get #edgeWidth(): number {
    return this.#colouring.edgeWidth ?? 1;
  }

  /** Colour everything anew, a slice per frame. */
  setColouring(colouring: Colouring): void {
    this.#colouring = colouring;
    for (const chunk of this.#chunks.values()) chunk.nextRow = chunk.box.y0;
  }

  /** Pixels of this box changed, or arrived. */
  markDirty(box: Rect): void {
    // Neighbours of a changed pixel may gain or lose their outline.
    this.#dirty.push(grow(box, this.#edgeWidth));
  }

  /**
   * Bring canvases up to date for a visible box; returns whether more frames are needed.
   *
   * @param sliceMs time for whole chunks
   */
  prepare(visible: Rect, sliceMs = SLICE_MS): boolean {
    this.#clock++;
    this.#colourDirty();
    const wanted = this.#wanted(visible);
    const end = performance.now() + sliceMs;
    let waits = false;
    for (const chunk of wanted) {
      chunk.used = this.#clock;
      while (chunk.nextRow < chunk.box.y1) {
        if (performance.now() > end) {
          waits = true;
          break;
        }
        const y1 = Math.min(chunk.box.y1, chunk.nextRow + BAND_ROWS);
        this.#colour(chunk, { ...chunk.box, y0: chunk.nextRow, y1 });
        chunk.nextRow = y1;
      }
    }
    this.#forget(wanted.length);
    return waits;
  }

  draw(context: CanvasRenderingContext2D, to: DrawTransform, visible: Rect): void {
    if (this.#colouring.style === "none") return;
    context.imageSmoothingEnabled = to.scale < 1;
    for (const chunk of this.#chunks.values()) {
      if (chunk.used !== this.#clock) continue;
      const x0 = Math.max(chunk.box.x0, visible.x0);
      const y0 = Math.max(chunk.box.y0, visible.y0);
      const x1 = Math.min(chunk.box.x1, visible.x1);
      const y1 = Math.min(chunk.box.y1, visible.y1);
      if (x1 <= x0 || y1 <= y0) continue;
      // Whole device pixels: neighbouring chunks meet without a seam.
      const left = Math.round(x0 * to.scale + to.left);
      const top = Math.round(y0 * to.scale + to.top);
      const right = Math.round(x1 * to.scale + to.left);
      const bottom = Math.round(y1 * to.scale + to.top);
      context.drawImage(
        chunk.context.canvas,
        x0 - chunk.box.x0,
        y0 - chunk.box.y0,
        x1 - x0,
        y1 - y0,
        left,
        top,
        right - left,
        bottom - top,
      );
    }
  }

  destroy(): void {
    for (const chunk of this.#chunks.values()) chunk.context.canvas.width = 0;
    this.#chunks.clear();
  }

  /** Chunks that meet the box and are loaded, nearest to its middle first. */
  #wanted(visible: Rect): ChunkCanvas[] {
    const size = this.#source.info.chunk;
    const middle = { x: (visible.x0 + visible.x1) / 2, y: (visible.y0 + visible.y1) / 2 };
    const found: { chunk: ChunkCanvas; distance: number }[] = [];
    const last = {
      row: Math.ceil(Math.min(visible.y1, this.#source.info.height) / size),
      column: Math.ceil(Math.min(visible.x1, this.#source.info.width) / size),
    };
    for (let row = Math.max(0, Math.floor(visible.y0 / size)); row < last.row; row++) {
      for (
        let column = Math.max(0, Math.floor(visible.x0 / size));
        column < last.column;
        column++
      ) {
        if (!this.#source.chunkAt(row, column)) continue;
        const distance = Math.hypot(
          (column + 0.5) * size - middle.x,
          (row + 0.5) * size - middle.y,
        );
        found.push({ chunk: this.#chunk(row, column), distance });
      }
    }
    return found.sort((a, b) => a.distance - b.distance).map((one) => one.chunk);
  }

  #chunk(row: number, column: number): ChunkCanvas {
    const key = row * 65536 + column;
    const known = this.#chunks.get(key);
    if (known) return known;
    const size = this.#source.info.chunk;
    const box = {
      x0: column * size,
      y0: row * size,
      x1: Math.min(this.#source.info.width, (column + 1) * size),
      y1: Math.min(this.#source.info.height, (row + 1) * size),
    };
    const canvas = document.createElement("canvas");
    canvas.width = box.x1 - box.x0;
    canvas.height = box.y1 - box.y0;
    const context = canvas.getContext("2d");
    if (!context) throw new Error("this browser gives no 2D canvas");
    const chunk = { context, row, column, box, nextRow: box.y0, used: 0 };
    this.#chunks.set(key, chunk);
    return chunk;
  }

  #colourDirty(): void {
    const boxes = this.#dirty;
    if (boxes.length === 0) return;
    this.#dirty = [];
    const size = this.#source.info.chunk;
    for (const box of boxes) {
      for (let row = Math.max(0, Math.floor(box.y0 / size)); row * size < box.y1; row++) {
        for (
          let column = Math.max(0, Math.floor(box.x0 / size));
          column * size < box.x1;
          column++
        ) {
          const chunk = this.#chunks.get(row * 65536 + column);
          if (!chunk) continue;
          this.#colour(chunk, {
            x0: Math.max(box.x0, chunk.box.x0),
            y0: Math.max(box.y0, chunk.box.y0),
            x1: Math.min(box.x1, chunk.box.x1),
            // Rows that wait anyway are coloured when their turn comes.
            y1: Math.min(box.y1, chunk.nextRow),
          });
        }
      }
    }
  }

  #colour(chunk: ChunkCanvas, box: Rect): void {
    const width = box.x1 - box.x0;
    const height = box.y1 - box.y0;
    if (width <= 0 || height <= 0) return;
    const margin = this.#edgeWidth;
    const needed = (width + 2 * margin) * (height + 2 * margin);
    if (this.#padded.length < needed) this.#padded = new Uint32Array(needed);
    gather(this.#source, box, this.#padded, margin);
    const image = new ImageData(width, height);
    colourBox(this.#padded, box, this.#colouring, new Uint32Array(image.data.buffer));
    chunk.context.putImageData(image, box.x0 - chunk.box.x0, box.y0 - chunk.box.y0);
  }

  #forget(nInView: number): void {
    const excess = this.#chunks.size - nInView - SPARE_CHUNKS;
    if (excess <= 0) return;
    const oldest = [...this.#chunks.entries()]
      .filter(([, chunk]) => chunk.used !== this.#clock)
      .sort(([, a], [, b]) => a.used - b.used)
      .slice(0, excess);
    for (const [key, chunk] of oldest) {
      chunk.context.canvas.width = 0;
      this.#chunks.delete(key);
    }
  }
}
