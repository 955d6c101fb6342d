/** Two layers against each other: which ones, what differs, counted and one by one. */
import { DIFFERENCE_KINDS, type DifferenceKind } from "../../labels/differences";
import type { EditorActions } from "./actions";
import { CompareList } from "./CompareList";
import type { CompareDesk } from "./compare_desk";
import { CHANGES, HIDDEN, KIND_WORDS, layerText } from "./compare_words";
import { keyOf } from "./key_bindings";
import { Button, count, KeyHint, Section } from "./parts";

export function ComparePanel({ actions }: { actions: EditorActions }) {
  const { compare } = actions;
  const n = compare.state.compared.value
    ? `${count(compare.state.listed().length)} listed`
    : undefined;
  return (
    <Section title="Compare" aside={compare.isOn && !compare.isBlind ? n : undefined}>
      {compare.isOn ? (
        <Comparison compare={compare} />
      ) : (
        <>
          <p class="hint">
            Two versions' drafts, a draft and what became of it, or two people's objects.
          </p>
          <Button label="Compare two layers" keyFor="compare" onClick={() => compare.toggle()}>
            <span>Compare two layers</span> <KeyHint keys={keyOf("compare")} />
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
        <Button label="Swap A and B" onClick={() => compare.swap()}>
          <span>Swap</span>
        </Button>
      </div>
      <div class="row">
        <Button
          label="Curtain: A at the left of it, B at the right"
          isPressed={compare.state.curtain.value !== undefined}
          onClick={() => compare.toggleCurtain()}
        >
          <span>Curtain</span>
        </Button>
        <Button label="Close the comparison" keyFor="compare" onClick={() => compare.stop()}>
          <span>Close</span> <KeyHint keys={keyOf("compare")} />
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
      <span>{side === "a" ? "A (before)" : "B (after)"}</span>
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
          <Button label="Compare again" onClick={() => compare.compareAgain()}>
            <span>Compare again</span>
          </Button>
          {compare.state.isTooLarge.value && (
            <Button label="Compare what is in view" onClick={() => compare.compareAgain(true)}>
              <span>Compare what is in view</span>
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
        <legend class="sr-only">Kinds of differences that are drawn and listed</legend>
        {DIFFERENCE_KINDS.map((kind) => (
          <KindButton key={kind} compare={compare} kind={kind} n={compared.counts[kind]} />
        ))}
      </fieldset>
      {nChanges === 0 && <p class="empty">Nothing differs between these two.</p>}
      {compare.state.isPart.value && (
        <p class="hint">
          Only what was in view is compared.{" "}
          <button type="button" class="link" onClick={() => compare.compareAgain()}>
            Compare what is in view now
          </button>
        </p>
      )}
      {nLoaded < compared.nGroups && (
        <p class="hint">
          The {count(nLoaded)} most changed of {count(compared.nGroups)} are listed and drawn.
        </p>
      )}
      {compared.hidesBlind && (
        <p class="hint">What lies in an open blind validation region is left out.</p>
      )}
      <Steps compare={compare} />
      <CompareList compare={compare} />
      <p class="hint">
        A is dashed, B solid. Click an object in the image to find it here. Painting is off
        meanwhile.
      </p>
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
        label="Previous difference"
        keys="Shift+Tab"
        isDisabled={isEmpty}
        onClick={() => compare.step(-1)}
      >
        <span>Previous</span>
      </Button>
      <Button
        label="Next difference"
        keys="Tab"
        kind="primary"
        isDisabled={isEmpty}
        onClick={() => compare.step(1)}
      >
        <span>Next</span>
      </Button>
      <span class="hint">
        {at >= 0 ? `${count(at + 1)} of ${count(order.length)}` : count(order.length)}
      </span>
    </div>
  );
}
