/** The drafts of this image and the way through them, most doubtful first or as one likes. */
import { REVIEW_ORDERS, type ReviewOrder } from "../../labels/review_order";
import * as texts from "../../texts";
import { count } from "../../texts/numbers";
import { AcceptMany } from "./AcceptMany";
import type { EditorActions } from "./actions";
import { DraftFiles } from "./DraftFiles";
import { Key } from "./KeyParts";
import { keyOf, keysOfStep } from "./key_bindings";
import { Button, Check, Section } from "./parts";
import { isStack } from "./planes";
import type { Links } from "./TopBar";

interface PanelProps {
  readonly actions: EditorActions;
  readonly links: Links;
}

export function DraftPanel({ actions, links }: PanelProps) {
  const { model } = actions;
  const { left, total } = model.draftCounts.value;
  const aside = model.draftId.value && !model.isBlind.value ? texts.drafts.left(left) : undefined;
  return (
    <Section title={texts.drafts.title} name="drafts" aside={aside}>
      <Body actions={actions} links={links} left={left} total={total} />
    </Section>
  );
}

function Body({ actions, links, left, total }: PanelProps & { left: number; total: number }) {
  const { model } = actions;
  if (model.isBlind.value) {
    return <p class="empty">{texts.drafts.hiddenWhileBlind}</p>;
  }
  if (model.drafts.value.length === 0) {
    return (
      <p class="empty">
        {texts.drafts.noneYet}{" "}
        {model.mayManage.value
          ? texts.drafts.addStarter(
              <a href={`${links.training}#starters`}>{texts.drafts.starter}</a>,
              <a href={links.training}>{texts.drafts.trainOne}</a>,
            )
          : texts.drafts.managersAdd(<a href={links.training}>{texts.drafts.seeWhich}</a>)}
      </p>
    );
  }
  return (
    <>
      <label class="field">
        <span>{texts.drafts.version}</span>
        <select
          value={model.draftId.value ?? ""}
          onChange={(event) => void actions.drafts.choose(event.currentTarget.value || undefined)}
        >
          <option value="">{texts.drafts.showNone}</option>
          {model.drafts.value.map((draft) => (
            <option key={draft.id} value={draft.id}>
              {draft.name} ({count(draft.nInstances)})
            </option>
          ))}
        </select>
      </label>
      {model.draftId.value && <DraftFiles drafts={actions.drafts} draft={model.draftId.value} />}
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
        <progress value={done} max={Math.max(1, total)} aria-label={texts.drafts.reviewed} />
        <strong>{texts.drafts.leftOf(left, total)}</strong>
      </div>
      <OverFinished actions={actions} />
      {left === 0 && <p class="empty">{texts.drafts.nothingLeft}</p>}
      {left > 0 && (
        <>
          <OrderSelect actions={actions} />
          <div class="row">
            <Button
              label={texts.drafts.previousOf(word)}
              keys={keysOfStep("previous", isPlanar)}
              onClick={() => actions.review.step(-1)}
            >
              <span>{texts.drafts.previous}</span>
            </Button>
            <Button
              label={texts.drafts.nextOf(word)}
              keys={keysOfStep("next", isPlanar)}
              kind="primary"
              onClick={() => actions.review.step(1)}
            >
              <span>{texts.drafts.nextOf(word)}</span>
            </Button>
          </div>
          <fieldset class="decide" aria-label={texts.drafts.decide}>
            <Decision
              label={texts.drafts.accept}
              keys={keyOf("accept")}
              kind="good"
              isOn={hasChosen}
              run={() => actions.review.accept()}
            />
            <Decision
              label={texts.drafts.edit}
              keys={keyOf("edit-draft")}
              kind="edit"
              isOn={hasChosen}
              run={() => actions.review.edit()}
            />
            <Decision
              label={texts.drafts.reject}
              keys={keyOf("reject")}
              kind="bad"
              isOn={hasChosen}
              run={() => actions.review.reject()}
            />
          </fieldset>
          {facts ? (
            <p class="hint">
              {texts.drafts.facts(facts.id, facts.areaPx, facts.className)}
              <br />
              <strong>{texts.doubtText(facts)}</strong>
            </p>
          ) : (
            <p class="hint">{texts.drafts.clickOrGo(word)}</p>
          )}
          <AcceptMany actions={actions} />
        </>
      )}
    </>
  );
}

const ORDER_WORDS: Readonly<Record<ReviewOrder, { label: string; next: string }>> = {
  doubt: { label: texts.drafts.order.doubt, next: texts.drafts.nextWords.doubt },
  score: { label: texts.drafts.order.score, next: texts.drafts.nextWords.score },
  size: { label: texts.drafts.order.area, next: texts.drafts.nextWords.size },
  near: { label: texts.drafts.order.near, next: texts.drafts.nextWords.near },
};

function OrderSelect({ actions }: { actions: EditorActions }) {
  const { reviewOrder } = actions.model;
  return (
    <label class="slider order-select">
      <span>{texts.drafts.order.title}</span>
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
    <Check isOn={showsFinished.value} onChange={(isOn) => actions.drafts.showFinished(isOn)}>
      {texts.drafts.showFinished(n)} <Key id="show-finished" />
    </Check>
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
