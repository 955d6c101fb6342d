/** The differences one below the other; only the lines in view exist, so that 50,000 cost nothing. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { DifferenceGroup } from "../../labels/differences";
import * as texts from "../../texts";
import type { CompareDesk } from "./compare_desk";
import { groupIds, groupText, KIND_WORDS } from "./compare_words";

const LINE_PX = 30;
const LINES_IN_VIEW = 8;
const SPARE_LINES = 6;

export function CompareList({ compare }: { compare: CompareDesk }) {
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const places = compare.state.listed();
  const chosenAt = places.indexOf(compare.state.chosen.value ?? -1);
  // What was chosen in the image, or by the keys, comes into view here too.
  useEffect(() => {
    const box = list.current;
    if (!box || chosenAt < 0) return;
    const y = chosenAt * LINE_PX;
    if (y < box.scrollTop) box.scrollTop = y;
    else if (y + LINE_PX > box.scrollTop + box.clientHeight) {
      box.scrollTop = y + LINE_PX - box.clientHeight;
    }
  }, [chosenAt]);
  if (places.length === 0) return null;
  const first = Math.max(0, Math.floor(top / LINE_PX) - SPARE_LINES);
  const last = Math.min(places.length, first + LINES_IN_VIEW + 2 * SPARE_LINES);
  return (
    <div
      ref={list}
      class="compare-list"
      style={{ maxHeight: `${LINES_IN_VIEW * LINE_PX}px` }}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <ul style={{ height: `${places.length * LINE_PX}px` }} aria-label={texts.compare.differences}>
        {places.slice(first, last).map((place, i) => (
          <Line key={place} compare={compare} place={place} top={(first + i) * LINE_PX} />
        ))}
      </ul>
    </div>
  );
}

function Line(props: { compare: CompareDesk; place: number; top: number }) {
  const { compare, place, top } = props;
  const group = compare.state.compared.value?.found.groups[place] as DifferenceGroup;
  const { label, sign, colour } = KIND_WORDS[group.kind];
  return (
    <li style={{ top: `${top}px`, height: `${LINE_PX}px` }}>
      <button
        type="button"
        class="compare-line"
        aria-current={compare.state.chosen.value === place}
        title={groupIds(group)}
        onClick={() => compare.choose(place)}
      >
        <span
          class="compare-sign"
          style={{ color: colour, borderColor: colour }}
          aria-hidden="true"
        >
          {sign}
        </span>
        <span class="compare-label">{label}</span>
        <span class="compare-what">{groupText(group)}</span>
      </button>
    </li>
  );
}
