/** Asks the server what differs, page by page, for as long as it needs. */
import { ApiError } from "../../api/client";
import type { RestLayerApi } from "../../api/layers";
import type { Rect } from "../../geometry/rect";
import { type DifferenceKind, Differences, type GroupColumns } from "../../labels/differences";
import type { PlaneRef } from "../../labels/spans";

export interface Compared {
  readonly found: Differences;
  readonly counts: Readonly<Record<DifferenceKind, number>>;
  /** Groups that there are; more than are listed when there are very many. */
  readonly nGroups: number;
  readonly hidesBlind: boolean;
}

export interface CompareRequest {
  readonly a: string;
  readonly b: string;
  readonly plane: PlaneRef;
  /** Only this part of the plane. */
  readonly box: Rect | undefined;
  /** What is done of how much, while it goes on. */
  readonly onProgress: (done: number, all: number) => void;
  readonly isWanted: () => boolean;
}

const PAGE = 10_000;
const MOST_LISTED = 50_000;

/** @throws ApiError or NetworkError */
export async function loadDifferences(
  layers: Pick<RestLayerApi, "differences">,
  wanted: CompareRequest,
): Promise<Compared> {
  const groups: GroupColumns[] = [];
  for (;;) {
    const answer = await page(layers, wanted, groups.length);
    groups.push(...answer.groups);
    const isAll = groups.length >= Math.min(answer.n_groups, MOST_LISTED);
    if (isAll || answer.groups.length === 0) {
      const { counts, n_groups, hides_blind } = answer;
      return {
        found: new Differences(groups),
        counts,
        nGroups: n_groups,
        hidesBlind: hides_blind,
      };
    }
  }
}

/** The server stops after some seconds and goes on when asked again. */
async function page(
  layers: Pick<RestLayerApi, "differences">,
  wanted: CompareRequest,
  offset: number,
) {
  const { a, b, plane, box } = wanted;
  const query = { other: b, ...plane, box: box && boxText(box), offset, limit: PAGE };
  for (;;) {
    try {
      return await layers.differences(a, query);
    } catch (error) {
      const isUnfinished = error instanceof ApiError && error.code === "comparison_unfinished";
      if (!isUnfinished || !wanted.isWanted()) throw error;
      const { n_done = 0, n_chunks = 0 } = error.data as { n_done?: number; n_chunks?: number };
      wanted.onProgress(n_done, n_chunks);
    }
  }
}

function boxText({ x0, y0, x1, y1 }: Rect): string {
  return [y0, x0, y1, x1].join(",");
}
