// biome-ignore-all lint/a11y/useSemanticElements: a table cannot have its rows made as they are needed
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus and names its active row
// biome-ignore-all lint/a11y/useKeyWithClickEvents: the keys are the grid's
/** The rows of the object list: only those in sight are made, whatever its length. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import * as texts from "../../texts";
import type { EditorActions } from "./actions";
import { type Column, columnsFor } from "./list_columns";
import type { ListDesk, Listed } from "./list_desk";
import { rowAfter, scrollFor, windowOf } from "./windowing";

/** As in the style sheet. */
const ROW_PX = 26;
const HEAD_PX = 28;
/** Digits that come faster belong to one number. */
const TYPING_MS = 900;

export function ObjectGrid({ actions, listed }: { actions: EditorActions; listed: Listed }) {
  const { model, list } = actions;
  const grid = useRef<HTMLDivElement>(null);
  const scroll = useSignal({ top: 0, height: 300 });
  const columns = columnsFor(listed, model.classes.value, model.image.value?.pixelSizeUm ?? null);
  const n = listed.order.length;
  const { first, end } = windowOf(scroll.value.top, scroll.value.height, ROW_PX, n);
  const measure = () => {
    const { scrollTop = 0, clientHeight = 0 } = grid.current ?? {};
    scroll.value = { top: scrollTop, height: Math.max(0, clientHeight - HEAD_PX) };
  };
  const show = (place: number) => {
    const box = grid.current;
    if (!box || place < 0) return;
    box.scrollTop = scrollFor(place, box.scrollTop, box.clientHeight - HEAD_PX, ROW_PX);
    measure();
  };
  useLayoutEffect(measure, [n]);
  const active = list.active.value;
  // What is selected on the picture comes into sight here too.
  useEffect(() => show(list.placeOf(active)), [active, listed.rows.version, list.order.value]);
  const type = useTyping(list, show);
  const press = (event: KeyboardEvent) => {
    if (event.target === grid.current && pressed(event, actions, scroll.value.height, type, show)) {
      event.preventDefault();
    }
  };
  const style = { gridTemplateColumns: `26px ${columns.map((one) => one.width).join(" ")}` };
  return (
    <div
      ref={grid}
      class="object-grid"
      role="grid"
      tabIndex={0}
      aria-label={texts.objects.grid.label(n)}
      aria-rowcount={n + 1}
      aria-colcount={columns.length + 1}
      aria-multiselectable="true"
      aria-activedescendant={active ? `object-row-${active}` : undefined}
      onScroll={measure}
      onKeyDown={press}
    >
      <Head list={list} columns={columns} style={style} />
      <div role="rowgroup" class="grid-body" style={{ height: `${n * ROW_PX}px` }}>
        {Array.from({ length: end - first }, (_, i) => (
          <Row
            key={listed.order[first + i]}
            {...{ actions, listed, columns, style, place: first + i }}
          />
        ))}
      </div>
    </div>
  );
}

/** Digits typed one after another find the object of that number. */
function useTyping(list: ListDesk, show: (place: number) => void) {
  const typed = useRef({ text: "", at: 0 });
  return (digit: string) => {
    const { text, at } = typed.current;
    const now = performance.now();
    typed.current = { text: now - at < TYPING_MS ? text + digit : digit, at: now };
    const place = list.placeOf(Number(typed.current.text));
    if (place < 0) return;
    list.select(place);
    show(place);
  };
}

/** @returns whether the key meant something here */
function pressed(
  event: KeyboardEvent,
  { list, view }: EditorActions,
  heightPx: number,
  type: (digit: string) => void,
  show: (place: number) => void,
): boolean {
  const { key } = event;
  if (event.ctrlKey || event.metaKey) {
    if (key.toLowerCase() === "a") list.chooseMatching();
    return key.toLowerCase() === "a";
  }
  if (event.altKey) return false;
  const active = list.active.value;
  if (/^[0-9]$/.test(key)) type(key);
  else if (key === " ") list.toggle(active);
  else if (key === "Enter") {
    list.reveal(active);
    view.focusStage();
  } else {
    const n = list.listed.value?.order.length ?? 0;
    const to = rowAfter(key, list.placeOf(active), n, Math.floor(heightPx / ROW_PX));
    if (to === undefined) return false;
    list.select(to);
    show(to);
  }
  return true;
}

interface HeadProps {
  readonly list: ListDesk;
  readonly columns: readonly Column[];
  readonly style: { readonly gridTemplateColumns: string };
}

function Head({ list, columns, style }: HeadProps) {
  const { by, isDescending } = list.order.value;
  return (
    <div role="rowgroup" class="grid-head">
      <div role="row" class="grid-row" aria-rowindex={1} style={style}>
        <span role="columnheader" class="grid-cell">
          <span class="sr-only">{texts.objects.grid.chosen}</span>
        </span>
        {columns.map((column, i) => {
          // Areas stand in two columns, in pixels and in micrometres.
          const isSorted = column.sortBy === by && columns[i - 1]?.sortBy !== by;
          const arrow = isDescending ? "▼" : "▲";
          return (
            <span
              key={column.name}
              role="columnheader"
              class={column.isNumber ? "grid-cell is-number" : "grid-cell"}
              aria-sort={isSorted ? (isDescending ? "descending" : "ascending") : "none"}
            >
              <button type="button" class="grid-sort" onClick={() => list.sortBy(column.sortBy)}>
                {column.title}
                <span aria-hidden="true">{isSorted ? ` ${arrow}` : ""}</span>
              </button>
            </span>
          );
        })}
      </div>
    </div>
  );
}

interface RowProps {
  readonly actions: EditorActions;
  readonly listed: Listed;
  readonly columns: readonly Column[];
  readonly style: { readonly gridTemplateColumns: string };
  readonly place: number;
}

function Row({ actions, listed, columns, style, place }: RowProps) {
  const { model, list } = actions;
  const { rows, order, among } = listed;
  const row = order[place] as number;
  const id = rows.id[row] as number;
  const { chosen, selected, selectedDraft } = model;
  const isChosen = chosen.value.among === among && chosen.value.ids.has(id);
  const isSelected = id === (among === "draft" ? selectedDraft.value : selected.value);
  const isActive = id === list.active.value;
  return (
    <div
      role="row"
      id={`object-row-${id}`}
      class={`grid-row${isActive ? " is-active" : ""}${isSelected ? " is-selected" : ""}`}
      aria-rowindex={place + 2}
      aria-selected={isChosen}
      aria-current={isSelected ? "true" : undefined}
      style={{ ...style, top: `${place * ROW_PX}px` }}
      onClick={() => list.select(place)}
    >
      <span
        role="gridcell"
        class="grid-cell grid-check"
        title={isChosen ? texts.objects.grid.isChosen : texts.objects.grid.chooseIt}
        onClick={(event) => {
          event.stopPropagation();
          list.toggle(id);
        }}
      >
        <span class="grid-mark" aria-hidden="true">
          {isChosen ? "✓" : ""}
        </span>
        <span class="sr-only">
          {isChosen ? texts.objects.grid.chosenWord : texts.objects.grid.notChosen}
        </span>
      </span>
      {columns.map((column) => (
        <span
          key={column.name}
          role="gridcell"
          class={column.isNumber ? "grid-cell is-number" : "grid-cell"}
        >
          {column.cell(rows, row)}
        </span>
      ))}
    </div>
  );
}
