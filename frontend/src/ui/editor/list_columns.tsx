/** What the object list shows of each object, column by column. */
import type { ComponentChildren } from "preact";
import type { ClassJson } from "../../api/types";
import { STATES } from "../../labels/instance_rows";
import type { InstanceSnapshot } from "../../labels/instance_snapshot";
import type { SortKey } from "../../labels/object_list";
import * as texts from "../../texts";
import { count } from "../../texts/numbers";
import { colourOf } from "./class_words";
import type { Listed } from "./list_desk";
import { short } from "./units";

export interface Column {
  readonly name: string;
  readonly title: string;
  readonly sortBy: SortKey;
  /** As in grid-template-columns. */
  readonly width: string;
  readonly isNumber: boolean;
  readonly cell: (rows: InstanceSnapshot, row: number) => ComponentChildren;
}

const number = { isNumber: true } as const;
const text = { isNumber: false } as const;

const share = (value: number | undefined) =>
  value === undefined || Number.isNaN(value) ? "" : value.toFixed(2);

const ID: Column = {
  ...{ name: "id", title: texts.objects.columns.id, sortBy: "id", width: "58px", ...number },
  cell: (rows, row) => rows.id[row],
};
const AREA: Column = {
  ...{
    name: "area",
    title: texts.objects.columns.areaPx,
    sortBy: "area",
    width: "68px",
    ...number,
  },
  cell: (rows, row) => count(rows.areaPx[row] ?? 0),
};
const SCORE: Column = {
  ...{
    name: "score",
    title: texts.objects.columns.score,
    sortBy: "score",
    width: "50px",
    ...number,
  },
  cell: (rows, row) => share(rows.score[row]),
};
const DOUBT: Column = {
  ...{
    name: "doubt",
    title: texts.objects.columns.doubt,
    sortBy: "doubt",
    width: "50px",
    ...number,
  },
  cell: (rows, row) => share(rows.doubt[row]),
};
const STATE: Column = {
  ...{
    name: "state",
    title: texts.objects.columns.state,
    sortBy: "state",
    width: "minmax(66px, 1fr)",
    ...text,
  },
  cell: (rows, row) => texts.objects.stateWords[STATES[rows.state[row] as number] ?? "accepted"],
};

function classColumn(classes: readonly ClassJson[]): Column {
  return {
    ...{
      name: "class",
      title: texts.objects.columns.className,
      sortBy: "class",
      width: "minmax(80px, 1fr)",
      ...text,
    },
    cell: (rows, row) => {
      const name = rows.classNames[rows.classCode[row] as number] ?? "";
      const backgroundColor = colourOf(classes, name);
      return (
        <>
          <span class="swatch" style={{ backgroundColor }} aria-hidden="true" />{" "}
          {name || texts.objects.list.withoutClass}
        </>
      );
    },
  };
}

/** In micrometres; nothing for volumes, whose size is not an area. */
function micrometres(pixelSizeUm: number): Column {
  const perPixel = pixelSizeUm * pixelSizeUm;
  return {
    ...{
      name: "um2",
      title: texts.objects.columns.areaUm,
      sortBy: "area",
      width: "68px",
      ...number,
    },
    cell: (rows, row) =>
      (rows.span[3 * row + 2] ?? 1) > 1 ? "" : short((rows.areaPx[row] ?? 0) * perPixel),
  };
}

/** The columns that have something to say of this image and layer. */
export function columnsFor(
  { rows, hasScores, hasDoubts, among }: Listed,
  classes: readonly ClassJson[],
  pixelSizeUm: number | null,
): readonly Column[] {
  const hasClasses = classes.length > 0 || rows.classNames.length > 1;
  return [
    ID,
    ...(hasClasses ? [classColumn(classes)] : []),
    AREA,
    ...(pixelSizeUm ? [micrometres(pixelSizeUm)] : []),
    ...(hasScores || among === "draft" ? [SCORE] : []),
    ...(hasDoubts ? [DOUBT] : []),
    STATE,
  ];
}
