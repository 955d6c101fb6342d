/** Which rows of a very long list are in sight; pure. */

export interface ListWindow {
  /** First row that is made, and the one after the last. */
  readonly first: number;
  readonly end: number;
}

/** Rows beyond the edges, so that a turn of the wheel shows no gap before they are made. */
const SPARE_ROWS = 6;

export function windowOf(
  scrollTop: number,
  heightPx: number,
  rowPx: number,
  nRows: number,
): ListWindow {
  const first = Math.floor(scrollTop / rowPx) - SPARE_ROWS;
  const end = Math.ceil((scrollTop + heightPx) / rowPx) + SPARE_ROWS;
  const within = (row: number) => Math.min(nRows, Math.max(0, row));
  return { first: within(first), end: within(end) };
}

/** Where to scroll so that a row is wholly in sight, and no farther than needed. */
export function scrollFor(row: number, scrollTop: number, heightPx: number, rowPx: number): number {
  const top = row * rowPx;
  if (top < scrollTop) return top;
  return Math.max(scrollTop, top + rowPx - heightPx);
}

/** The row that a key leads to; undefined when the key means nothing in a list. */
export function rowAfter(
  key: string,
  row: number,
  nRows: number,
  rowsInSight: number,
): number | undefined {
  const page = Math.max(1, rowsInSight - 1);
  const to = {
    ArrowDown: row + 1,
    ArrowUp: row < 0 ? 0 : row - 1,
    PageDown: Math.max(0, row) + page,
    PageUp: row - page,
    Home: 0,
    End: nRows - 1,
  }[key];
  return to === undefined || nRows === 0 ? undefined : Math.min(nRows - 1, Math.max(0, to));
}
