/** Accepting many draft objects at once: by score, size and place, with what they leave alone. */
import { useEffect, useState } from "preact/hooks";
import type { ReviewFilter } from "../../labels/review_order";
import type { Preserve } from "../../store/edit_types";
import * as texts from "../../texts";
import type { EditorActions } from "./actions";
import { Button, Slider } from "./parts";
import { coverageLabel } from "./region_words";

const RULES: readonly { value: Preserve; label: string }[] = [
  { value: "objects", label: texts.drafts.acceptMany.skipTouching },
  { value: "pixels", label: texts.drafts.acceptMany.keepExisting },
  { value: "none", label: texts.drafts.acceptMany.replaceCovered },
];
const EVERYWHERE = "everywhere";
const IN_VIEW = "view";

export function AcceptMany({ actions }: { actions: EditorActions }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="sub" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{texts.drafts.acceptMany.title}</summary>
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
  const accept = texts.drafts.acceptMany.accept(n);
  return (
    <>
      <Slider
        label={texts.drafts.acceptMany.scoreFrom}
        value={leastScore}
        min={0}
        max={1}
        step={0.01}
        text={leastScore.toFixed(2)}
        onInput={setLeastScore}
      />
      <fieldset class="sizes">
        <legend>{texts.drafts.acceptMany.size}</legend>
        <SizeField
          label={texts.drafts.acceptMany.from}
          value={sizes[0]}
          onChange={(least) => setSizes([least ?? 0, sizes[1]])}
        />
        <SizeField
          label={texts.drafts.acceptMany.to}
          value={sizes[1]}
          onChange={(most) => setSizes([sizes[0], most ?? Infinity])}
        />
      </fieldset>
      <label class="field">
        <span>{texts.drafts.acceptMany.where}</span>
        <select value={place} onChange={(event) => setPlace(event.currentTarget.value)}>
          <option value={EVERYWHERE}>{texts.drafts.acceptMany.wholeImage}</option>
          <option value={IN_VIEW}>{texts.drafts.acceptMany.inView}</option>
          {openRegions(actions).map((region, i) => (
            <option key={region.id} value={region.id}>
              {texts.drafts.acceptMany.region(i + 1, coverageLabel(region.coverage))}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>{texts.drafts.acceptMany.whereTheyMeet}</span>
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
      <p class="hint">{texts.drafts.acceptMany.oneUndo}</p>
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
        placeholder={texts.drafts.acceptMany.any}
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
