/** Pieces of a mask. Objects hang together by 8 neighbours, background by 4, as on the server. */

/** Some pixels of a box: 1 where they are, in C order. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly on: Uint8Array;
}

export interface Components {
  /** Number of the piece of each pixel, from 1 in raster order; 0 where the mask is off. */
  readonly of: Int32Array;
  /** Pixels of each piece; of number n at n, so the first entry is 0. */
  readonly sizes: readonly number[];
}

/** Call `visit` for the neighbours of pixel `i` that lie inside of the box, those at its sides first. */
export function neighbours(
  i: number,
  { width, height }: Pick<Mask, "width" | "height">,
  connectivity: 4 | 8,
  visit: (j: number) => void,
): void {
  const x = i % width;
  const hasLeft = x > 0;
  const hasRight = x < width - 1;
  const hasUp = i >= width;
  const hasDown = i < width * (height - 1);
  if (hasUp) visit(i - width);
  if (hasLeft) visit(i - 1);
  if (hasRight) visit(i + 1);
  if (hasDown) visit(i + width);
  if (connectivity === 4) return;
  if (hasUp && hasLeft) visit(i - width - 1);
  if (hasUp && hasRight) visit(i - width + 1);
  if (hasDown && hasLeft) visit(i + width - 1);
  if (hasDown && hasRight) visit(i + width + 1);
}

/** The 8-connected pieces. */
export function components(mask: Mask): Components {
  const of = new Int32Array(mask.on.length);
  const sizes = [0];
  const stack: number[] = [];
  for (let seed = 0; seed < of.length; seed++) {
    if (!mask.on[seed] || of[seed]) continue;
    const piece = sizes.length;
    let size = 0;
    const reach = (i: number) => {
      if (!mask.on[i] || of[i]) return;
      of[i] = piece;
      size++;
      stack.push(i);
    };
    reach(seed);
    while (stack.length > 0) neighbours(stack.pop() as number, mask, 8, reach);
    sizes.push(size);
  }
  return { of, sizes };
}

/** Number of the largest piece, the first of equals; 0 when there is none. */
export function largestOf({ sizes }: Components): number {
  return sizes.reduce((best, size, piece) => (size > (sizes[best] as number) ? piece : best), 0);
}

/** 1 for pixels that no way over 4 neighbours around the mask connects with the edge of the box. */
export function enclosed(mask: Mask): Uint8Array {
  const { width, height, on } = mask;
  const inside = on.map((isOn) => (isOn ? 0 : 1));
  const stack: number[] = [];
  const leave = (i: number) => {
    if (!inside[i]) return;
    inside[i] = 0;
    stack.push(i);
  };
  for (let x = 0; x < width; x++) {
    leave(x);
    leave((height - 1) * width + x);
  }
  for (let y = 0; y < height; y++) {
    leave(y * width);
    leave((y + 1) * width - 1);
  }
  while (stack.length > 0) neighbours(stack.pop() as number, mask, 4, leave);
  return inside;
}
