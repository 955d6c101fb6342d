/** The drafts of this image and the way through them, most doubtful first or as one likes. */
import { REVIEW_ORDERS, type ReviewOrder } from "../../labels/review_order";
import { AcceptMany } from "./AcceptMany";
import type { EditorActions } from "./actions";
import { DraftFiles } from "./DraftFiles";
import { doubtText } from "./doubt_words";
import { Key } from "./KeyParts";
import { keyOf, keysOfStep } from "./key_bindings";
import { Button, count, plural, Section } from "./parts";
import { isStack } from "./planes";
import type { Links } from "./TopBar";

interface PanelProps {
  readonly actions: EditorActions;
  readonly links: Links;
}

export function DraftPanel({ actions, links }: PanelProps) {
  const { model } = actions;
  const { left, total } = model.draftCounts.value;
  const aside = model.draftId.value && !model.isBlind.value ? `${count(left)} left` : undefined;
  return (
    <Section title="Drafts" aside={aside}>
      <Body actions={actions} links={links} left={left} total={total} />
    </Section>
  );
}

function Body({ actions, links, left, total }: PanelProps & { left: number; total: number }) {
  const { model } = actions;
  if (model.isBlind.value) {
    return (
      <p class="empty">
        Drafts are hidden while an open blind validation region is in view, so that the labels drawn
        in it owe nothing to a model. Submit the region, or move away from it, to see drafts again.
      </p>
    );
  }
  if (model.drafts.value.length === 0) {
    return (
      <p class="empty">
        No draft yet. <a href={links.training}>Train a model</a>, or let a trained one predict this
        image: its draft appears here by itself, ready to be corrected.
      </p>
    );
  }
  return (
    <>
      <label class="field">
        <span>Version</span>
        <select
          value={model.draftId.value ?? ""}
          onChange={(event) => void actions.review.choose(event.currentTarget.value || undefined)}
        >
          <option value="">Show no draft</option>
          {model.drafts.value.map((draft) => (
            <option key={draft.id} value={draft.id}>
              {draft.name} ({count(draft.nInstances)})
            </option>
          ))}
        </select>
      </label>
      {model.draftId.value && <DraftFiles review={actions.review} draft={model.draftId.value} />}
      {model.draftId.value && <Review actions={actions} left={left} total={total} />}
    </>
  );
}

function Review({ actions, left, total }: { actions: EditorActions; left: number; total: number }) {
  const { model } = actions;
  const done = total - left;
  const hasChosen = model.selectedDraft.value !== 0;
  const facts = model.draftFacts.value;
  // In a stack these signs lead through its planes.
  const word = ORDER_WORDS[model.reviewOrder.value].next;
  const isPlanar = !isStack(model.stackSize.value);
  return (
    <>
      <div class="progress-row">
        <progress value={done} max={Math.max(1, total)} aria-label="Reviewed objects" />
        <strong>
          {count(left)} of {count(total)} left
        </strong>
      </div>
      <OverFinished actions={actions} />
      {left === 0 && (
        <p class="empty">Nothing of this draft is left to decide. Add what it missed.</p>
      )}
      {left > 0 && (
        <>
          <OrderSelect actions={actions} />
          <div class="row">
            <Button
              label={`Previous ${word}`}
              keys={keysOfStep("previous", isPlanar)}
              onClick={() => actions.review.step(-1)}
            >
              <span>Previous</span>
            </Button>
            <Button
              label={`Next ${word}`}
              keys={keysOfStep("next", isPlanar)}
              kind="primary"
              onClick={() => actions.review.step(1)}
            >
              <span>Next {word}</span>
            </Button>
          </div>
          <fieldset class="decide" aria-label="Decide about the chosen draft object">
            <Decision
              label="Accept"
              keys={keyOf("accept")}
              kind="good"
              isOn={hasChosen}
              run={() => actions.review.accept()}
            />
            <Decision
              label="Edit"
              keys={keyOf("edit-draft")}
              kind="edit"
              isOn={hasChosen}
              run={() => actions.review.edit()}
            />
            <Decision
              label="Reject"
              keys={keyOf("reject")}
              kind="bad"
              isOn={hasChosen}
              run={() => actions.review.reject()}
            />
          </fieldset>
          {facts ? (
            <p class="hint">
              Draft object {facts.id}, {count(facts.areaPx)} px
              {facts.className && `, ${facts.className}`}.
              <br />
              <strong>{doubtText(facts)}</strong>
            </p>
          ) : (
            <p class="hint">Click a dashed object, or go to the next {word} one.</p>
          )}
          <AcceptMany actions={actions} />
        </>
      )}
    </>
  );
}

const ORDER_WORDS: Readonly<Record<ReviewOrder, { label: string; next: string }>> = {
  doubt: { label: "Most doubtful first", next: "doubtful" },
  score: { label: "Lowest score first", next: "unsure" },
  size: { label: "Largest first", next: "largest" },
  near: { label: "Nearest next", next: "nearest" },
};

function OrderSelect({ actions }: { actions: EditorActions }) {
  const { reviewOrder } = actions.model;
  return (
    <label class="slider order-select">
      <span>Order</span>
      <select
        value={reviewOrder.value}
        onChange={(event) => {
          reviewOrder.value = event.currentTarget.value as ReviewOrder;
        }}
      >
        {REVIEW_ORDERS.map((order) => (
          <option key={order} value={order}>
            {ORDER_WORDS[order].label}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Drafts where the work is done are in the way of nobody, but can be looked at. */
function OverFinished({ actions }: { actions: EditorActions }) {
  const { showsFinished, draftCounts } = actions.model;
  const n = draftCounts.value.nFinished;
  if (n === 0) return null;
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={showsFinished.value}
        onChange={(event) => actions.review.showFinished(event.currentTarget.checked)}
      />
      <span>
        Show {plural(n, "draft object")} over finished work (annotated or submitted), faded{" "}
        <Key id="show-finished" />
      </span>
    </label>
  );
}

function Decision(props: {
  label: string;
  keys: string;
  kind: "good" | "edit" | "bad";
  isOn: boolean;
  run: () => void;
}) {
  return (
    <button
      type="button"
      class={`decision decision-${props.kind}`}
      disabled={!props.isOn}
      onClick={props.run}
    >
      {props.label} {props.keys && <kbd>{props.keys}</kbd>}
    </button>
  );
}
