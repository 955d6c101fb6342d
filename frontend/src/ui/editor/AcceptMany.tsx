/** Accepting many draft objects at once: by score, size and place, with what they leave alone. */
import { useEffect, useState } from "preact/hooks";
import type { ReviewFilter } from "../../labels/review_order";
import type { Preserve } from "../../store/types";
import type { EditorActions } from "./actions";
import { Button, plural, Slider } from "./parts";
import { coverageLabel } from "./region_words";

const RULES: readonly { value: Preserve; label: string }[] = [
  { value: "objects", label: "Skip those that touch existing objects" },
  { value: "pixels", label: "Keep existing pixels, take the rest" },
  { value: "none", label: "Replace what they cover" },
];
const EVERYWHERE = "everywhere";
const IN_VIEW = "view";

export function AcceptMany({ actions }: { actions: EditorActions }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="sub" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Accept many at once</summary>
      {isOpen && <Choices actions={actions} />}
    </details>
  );
}

function Choices({ actions }: { actions: EditorActions }) {
  const { model, review } = actions;
  const [leastScore, setLeastScore] = useState(0.8);
  const [sizes, setSizes] = useState<readonly [least: number, most: number]>([0, Infinity]);
  const [place, setPlace] = useState(EVERYWHERE);
  const [rule, setRule] = useState<Preserve>("objects");
  void model.draftCounts.value;
  const [, looked] = useState(0);
  // Counted when the view has come to rest, never while it moves.
  useEffect(() => {
    if (place !== IN_VIEW) return undefined;
    return actions.view.onRest(() => looked((n) => n + 1));
  }, [place]);
  const filter = (): ReviewFilter => ({
    leastScore,
    leastPx: sizes[0],
    mostPx: sizes[1],
    within: placeOf(actions, place),
  });
  const n = review.meant(filter()).length;
  const accept = `Accept ${plural(n, "object")}`;
  return (
    <>
      <Slider
        label="Score from"
        value={leastScore}
        min={0}
        max={1}
        step={0.01}
        text={leastScore.toFixed(2)}
        onInput={setLeastScore}
      />
      <fieldset class="sizes">
        <legend>Size in px</legend>
        <SizeField
          label="from"
          value={sizes[0]}
          onChange={(least) => setSizes([least ?? 0, sizes[1]])}
        />
        <SizeField
          label="to"
          value={sizes[1]}
          onChange={(most) => setSizes([sizes[0], most ?? Infinity])}
        />
      </fieldset>
      <label class="field">
        <span>Where</span>
        <select value={place} onChange={(event) => setPlace(event.currentTarget.value)}>
          <option value={EVERYWHERE}>In the whole image</option>
          <option value={IN_VIEW}>In what is in view</option>
          {openRegions(actions).map((region, i) => (
            <option key={region.id} value={region.id}>
              Region {i + 1}: {coverageLabel(region.coverage)}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>Where they meet your objects</span>
        <select value={rule} onChange={(event) => setRule(event.currentTarget.value as Preserve)}>
          {RULES.map((one) => (
            <option key={one.value} value={one.value}>
              {one.label}
            </option>
          ))}
        </select>
      </label>
      <Button label={accept} isDisabled={n === 0} onClick={() => review.acceptMany(filter(), rule)}>
        <span>{accept}</span>
      </Button>
      <p class="hint">One step of undo takes all of them back.</p>
    </>
  );
}

function SizeField(props: {
  label: string;
  value: number;
  onChange: (value: number | undefined) => void;
}) {
  const { label, value, onChange } = props;
  return (
    <label>
      <span>{label}</span>
      <input
        type="number"
        min={0}
        value={Number.isFinite(value) && value > 0 ? value : ""}
        placeholder="any"
        onChange={(event) => {
          const { valueAsNumber } = event.currentTarget;
          onChange(Number.isFinite(valueAsNumber) ? valueAsNumber : undefined);
        }}
      />
    </label>
  );
}

/** Drafts in submitted and in blind regions are not left to decide. */
function openRegions({ model }: EditorActions) {
  return model.regions.value.filter(
    (region) => region.state === "open" && region.purpose !== "blind_validation",
  );
}

function placeOf(actions: EditorActions, place: string): ReviewFilter["within"] {
  const { model, view } = actions;
  if (place === IN_VIEW) return { box: view.visible, ...model.plane.value, depth: 1 };
  return openRegions(actions).find((region) => region.id === place);
}
