/** The list of objects with its filter; made only while it is open. */
import type { Limits } from "../../labels/object_list";
import * as texts from "../../texts";
import type { EditorActions } from "./actions";
import { AmongChoice } from "./ChosenBar";
import { type ListFilter, NO_FILTER } from "./list_desk";
import { ObjectGrid } from "./ObjectGrid";
import { Button, Check } from "./parts";

export function ListPanel({ actions }: { actions: EditorActions }) {
  const { list } = actions;
  const isOpen = list.isOpen.value;
  const listed = isOpen ? list.listed.value : undefined;
  return (
    <details
      class="section object-list"
      open={isOpen}
      onToggle={(event) => {
        list.isOpen.value = event.currentTarget.open;
      }}
    >
      <summary>
        <span>{texts.objects.list.title}</span>
        {listed && (
          <span class="section-aside">
            {texts.objects.list.shownOf(listed.order.length, listed.rows.count)}
          </span>
        )}
      </summary>
      {listed && (
        <div class="section-body">
          <Filter actions={actions} />
          {listed.order.length > 0 ? (
            <ObjectGrid actions={actions} listed={listed} />
          ) : (
            <Empty actions={actions} hasObjects={listed.rows.count > 0} />
          )}
        </div>
      )}
    </details>
  );
}

function Empty({ actions, hasObjects }: { actions: EditorActions; hasObjects: boolean }) {
  if (!hasObjects) {
    return <p class="empty">{texts.objects.list.none}</p>;
  }
  return (
    <div class="row">
      <p class="empty">{texts.objects.list.noneMatches}</p>
      <ClearFilter actions={actions} />
    </div>
  );
}

function ClearFilter({ actions }: { actions: EditorActions }) {
  return (
    <Button
      label={texts.objects.list.clearFilter}
      kind="quiet"
      onClick={() => {
        actions.list.filter.value = NO_FILTER;
      }}
    >
      <span>{texts.objects.list.clearFilter}</span>
    </Button>
  );
}

function Filter({ actions }: { actions: EditorActions }) {
  const { model, list } = actions;
  const filter = list.filter.value;
  const change = (part: Partial<ListFilter>) => list.setFilter(part);
  const listed = list.listed.value;
  const unit = model.image.value?.pixelSizeUm ? "µm²" : "px";
  const n = listed?.order.length ?? 0;
  return (
    <>
      <AmongChoice actions={actions} legend={texts.objects.list.whose} />
      <div class="filter">
        <Range
          label={texts.objects.list.area(unit)}
          value={filter.area}
          onChange={(area) => change({ area })}
        />
        {(listed?.hasScores || isSet(filter.score)) && (
          <Range
            label={texts.objects.list.score}
            step={0.01}
            value={filter.score}
            onChange={(score) => change({ score })}
          />
        )}
        <ClassFilter actions={actions} />
        <label class="filter-line">
          <span>{texts.objects.list.state}</span>
          <select
            value={filter.state ?? "any"}
            onChange={(event) => {
              const { value } = event.currentTarget;
              change({ state: value === "any" ? null : (value as ListFilter["state"]) });
            }}
          >
            <option value="any">{texts.objects.list.anyState}</option>
            {Object.entries(texts.objects.stateWords).map(([value, word]) => (
              <option key={value} value={value}>
                {word}
              </option>
            ))}
          </select>
        </label>
        <Check isOn={filter.isInView} onChange={(isOn) => change({ isInView: isOn })}>
          {texts.objects.list.onlyInView}
        </Check>
      </div>
      <div class="row">
        <Button
          label={texts.objects.list.chooseMatching(n)}
          isDisabled={n === 0}
          onClick={() => list.chooseMatching()}
        >
          <span>{texts.objects.list.chooseMatchingShort}</span>
        </Button>
        {filter !== NO_FILTER && <ClearFilter actions={actions} />}
      </div>
    </>
  );
}

function ClassFilter({ actions }: { actions: EditorActions }) {
  const { model, list } = actions;
  const names = new Set([
    ...model.classes.value.map((one) => one.name),
    ...(list.listed.value?.rows.classNames ?? []).filter((name) => name !== ""),
  ]);
  if (names.size === 0) return null;
  const { className } = list.filter.value;
  return (
    <label class="filter-line">
      <span>{texts.objects.list.className}</span>
      <select
        value={className === null ? "any" : `=${className}`}
        onChange={(event) => {
          const { value } = event.currentTarget;
          list.setFilter({ className: value === "any" ? null : value.slice(1) });
        }}
      >
        <option value="any">{texts.objects.list.anyClass}</option>
        <option value="=">{texts.objects.list.withoutClass}</option>
        {[...names].map((name) => (
          <option key={name} value={`=${name}`}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

const isSet = ({ least, most }: Limits) => least !== null || most !== null;

function Range(props: {
  readonly label: string;
  readonly value: Limits;
  readonly step?: number;
  readonly onChange: (value: Limits) => void;
}) {
  const { label, value, step, onChange } = props;
  const field = (end: "least" | "most", word: string) => (
    <input
      type="number"
      min={0}
      step={step ?? "any"}
      value={value[end] ?? ""}
      placeholder={word}
      aria-label={`${label} ${word}`}
      onInput={(event) => {
        const { valueAsNumber } = event.currentTarget;
        onChange({ ...value, [end]: Number.isNaN(valueAsNumber) ? null : valueAsNumber });
      }}
    />
  );
  return (
    <div class="filter-line">
      <span>{label}</span>
      {field("least", texts.objects.list.from)}
      {field("most", texts.objects.list.to)}
    </div>
  );
}
