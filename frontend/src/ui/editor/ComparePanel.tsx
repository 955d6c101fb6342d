/** Two layers against each other: which ones, what differs, counted and one by one. */
import { DIFFERENCE_KINDS, type DifferenceKind } from "../../labels/differences";
import * as texts from "../../texts";
import { count } from "../../texts/numbers";
import type { EditorActions } from "./actions";
import { CompareList } from "./CompareList";
import type { CompareDesk } from "./compare_desk";
import { CHANGES, HIDDEN, KIND_WORDS, layerText } from "./compare_words";
import { keyOf } from "./key_bindings";
import { Button, KeyHint, Section } from "./parts";

export function ComparePanel({ actions }: { actions: EditorActions }) {
  const { compare } = actions;
  const n = compare.state.compared.value
    ? texts.compare.listed(compare.state.listed().length)
    : undefined;
  return (
    <Section title={texts.compare.title} aside={compare.isOn && !compare.isBlind ? n : undefined}>
      {compare.isOn ? (
        <Comparison compare={compare} />
      ) : (
        <>
          <p class="hint">
            {texts.compare.what}
            {actions.model.drafts.value.length === 0 && ` ${texts.compare.noDraftYet}`}
          </p>
          <Button label={texts.compare.open} keyFor="compare" onClick={() => compare.toggle()}>
            <span>{texts.compare.open}</span> <KeyHint keys={keyOf("compare")} />
          </Button>
        </>
      )}
    </Section>
  );
}

function Comparison({ compare }: { compare: CompareDesk }) {
  return (
    <>
      <div class="compare-pair">
        <LayerSelect compare={compare} side="a" />
        <LayerSelect compare={compare} side="b" />
        <Button label={texts.compare.swapAandB} onClick={() => compare.swap()}>
          <span>{texts.compare.swap}</span>
        </Button>
      </div>
      <div class="row">
        <Button
          label={texts.compare.curtainHelp}
          isPressed={compare.state.curtain.value !== undefined}
          onClick={() => compare.toggleCurtain()}
        >
          <span>{texts.compare.curtain}</span>
        </Button>
        <Button label={texts.compare.close} keyFor="compare" onClick={() => compare.stop()}>
          <span>{texts.compare.closeShort}</span> <KeyHint keys={keyOf("compare")} />
        </Button>
      </div>
      <Answer compare={compare} />
    </>
  );
}

function LayerSelect({ compare, side }: { compare: CompareDesk; side: "a" | "b" }) {
  const { a, b } = compare.state;
  const value = side === "a" ? a.value : b.value;
  return (
    <label class="compare-layer">
      <span>{side === "a" ? texts.compare.before : texts.compare.after}</span>
      <select
        value={value ?? ""}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          if (side === "a") compare.choosePair(chosen, b.value);
          else compare.choosePair(a.value, chosen);
        }}
      >
        {compare.state.rows.value.map((row) => (
          <option key={row.id} value={row.id}>
            {layerText(row)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Answer({ compare }: { compare: CompareDesk }) {
  const compared = compare.state.compared.value;
  if (compare.isBlind) return <p class="empty">{HIDDEN}</p>;
  if (compare.state.problem.value) {
    return (
      <div role="alert">
        <p class="empty">{compare.state.problem.value}</p>
        <div class="row">
          <Button label={texts.compare.again} onClick={() => compare.compareAgain()}>
            <span>{texts.compare.again}</span>
          </Button>
          {compare.state.isTooLarge.value && (
            <Button label={texts.compare.inView} onClick={() => compare.compareAgain(true)}>
              <span>{texts.compare.inView}</span>
            </Button>
          )}
        </div>
      </div>
    );
  }
  if (!compared) {
    return (
      <p class="empty" role="status">
        {compare.state.waiting.value}
      </p>
    );
  }
  const nChanges = CHANGES.reduce((sum, kind) => sum + compared.counts[kind], 0);
  const nLoaded = compared.found.groups.length;
  return (
    <>
      <fieldset class="compare-kinds">
        <legend class="sr-only">{texts.compare.kinds}</legend>
        {DIFFERENCE_KINDS.map((kind) => (
          <KindButton key={kind} compare={compare} kind={kind} n={compared.counts[kind]} />
        ))}
      </fieldset>
      {nChanges === 0 && <p class="empty">{texts.compare.nothingDiffers}</p>}
      {compare.state.isPart.value && (
        <p class="hint">
          {texts.compare.onlyInView}{" "}
          <button type="button" class="link" onClick={() => compare.compareAgain()}>
            {texts.compare.inViewNow}
          </button>
        </p>
      )}
      {nLoaded < compared.nGroups && (
        <p class="hint">{texts.compare.mostChanged(nLoaded, compared.nGroups)}</p>
      )}
      {compared.hidesBlind && <p class="hint">{texts.compare.blindLeftOut}</p>}
      <Steps compare={compare} />
      <CompareList compare={compare} />
      <p class="hint">{texts.compare.howDrawn}</p>
    </>
  );
}

function KindButton(props: { compare: CompareDesk; kind: DifferenceKind; n: number }) {
  const { compare, kind, n } = props;
  const { label, colour, sign, help } = KIND_WORDS[kind];
  return (
    <button
      type="button"
      class="compare-kind"
      data-kind={kind}
      title={help}
      aria-pressed={compare.state.kinds.value.has(kind)}
      onClick={() => compare.toggleKind(kind)}
    >
      <span class="compare-sign" style={{ color: colour, borderColor: colour }} aria-hidden="true">
        {sign}
      </span>
      <span class="compare-label">{label}</span>
      <strong>{count(n)}</strong>
    </button>
  );
}

function Steps({ compare }: { compare: CompareDesk }) {
  const order = compare.state.listed();
  const at = order.indexOf(compare.state.chosen.value ?? -1);
  const isEmpty = order.length === 0;
  return (
    <div class="row compare-steps">
      <Button
        label={texts.compare.previous}
        keys="Shift+Tab"
        isDisabled={isEmpty}
        onClick={() => compare.step(-1)}
      >
        <span>{texts.compare.previousShort}</span>
      </Button>
      <Button
        label={texts.compare.next}
        keys="Tab"
        kind="primary"
        isDisabled={isEmpty}
        onClick={() => compare.step(1)}
      >
        <span>{texts.compare.nextShort}</span>
      </Button>
      <span class="hint">
        {at >= 0 ? texts.compare.place(at + 1, order.length) : count(order.length)}
      </span>
    </div>
  );
}
