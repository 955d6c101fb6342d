/** Who did what, newest first; a step shows the layer as it was after it. */
import { useEffect, useRef } from "preact/hooks";
import * as texts from "../../texts";
import type { EditorActions } from "./actions";
import { capital, personName, pixelsText, type Step, stepWord, whoseStep } from "./history_steps";
import { Button, Check, ICONS } from "./parts";
import { isStack, planeText } from "./planes";
import { agoText, whenText } from "./times";

/** So far from its end the list reads on. */
const READ_ON_PX = 400;

export function HistoryPanel({ actions }: { actions: EditorActions }) {
  const { steps } = actions;
  return (
    <section class="history" aria-label={texts.history.title}>
      <header class="history-head">
        <h2>{texts.history.title}</h2>
        <Button
          label={texts.history.close}
          keyFor="history"
          icon={ICONS.close}
          kind="quiet"
          onClick={() => actions.toggleHistory()}
        />
      </header>
      <Filter actions={actions} />
      {steps.trouble.value && (
        <div class="history-note" role="alert">
          <p>{steps.trouble.value}</p>
          <Button label={texts.common.tryAgain} onClick={() => void steps.more()}>
            <span>{texts.common.tryAgain}</span>
          </Button>
        </div>
      )}
      <StepList actions={actions} />
    </section>
  );
}

function Filter({ actions }: { actions: EditorActions }) {
  const { steps } = actions;
  const filter = steps.filter.value;
  const people = [...steps.people.value].sort(([, a], [, b]) => a.localeCompare(b));
  return (
    <div class="history-filter">
      <label class="field">
        <span>{texts.history.whose}</span>
        <select
          value={filter.person ?? ""}
          onChange={(event) => {
            const { person: _, ...rest } = filter;
            const chosen = event.currentTarget.value;
            steps.setFilter(chosen ? { ...rest, person: Number(chosen) } : rest);
          }}
        >
          <option value="">{texts.history.everyones}</option>
          {people.map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <Check
        isOn={filter.isInView ?? false}
        onChange={(isOn) => {
          steps.setFilter({ ...filter, isInView: isOn });
        }}
      >
        {texts.history.onlyInView}
      </Check>
      {filter.instanceId !== undefined && (
        <p class="history-object">
          <span>{texts.history.stepsOf(filter.instanceId)}</span>
          <Button
            label={texts.history.showAllObjects}
            onClick={() => {
              const { instanceId: _, ...rest } = filter;
              steps.setFilter(rest);
            }}
          >
            <span>{texts.history.allObjects}</span>
          </Button>
        </p>
      )}
    </div>
  );
}

function StepList({ actions }: { actions: EditorActions }) {
  const { steps, travel } = actions;
  const list = useRef<HTMLOListElement>(null);
  const all = steps.steps.value;
  const shown = travel.step.value?.seq;
  const isLoading = steps.isLoading.value;
  const readOn = () => {
    const at = list.current;
    if (!at || at.scrollTop + at.clientHeight < at.scrollHeight - READ_ON_PX) return;
    void steps.more();
  };
  // A short first page may not fill the panel, and then nobody could scroll.
  useEffect(() => {
    if (all.length > 0) readOn();
  }, [all.length]);
  useEffect(() => {
    list.current?.querySelector('[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
  }, [shown]);
  return (
    <ol
      ref={list}
      class="history-steps"
      aria-busy={isLoading}
      onScroll={readOn}
      onKeyDown={(event) => walkRows(event, list.current)}
      onMouseLeave={() => travel.pointAt(undefined)}
    >
      {all.map((step) => (
        <li key={step.seq}>
          <Row actions={actions} step={step} isShown={step.seq === shown} />
        </li>
      ))}
      {all.length === 0 && !isLoading && !steps.hasMore.value && (
        <li class="empty">
          {isFiltered(actions) ? (
            <>
              <p>{texts.history.noStepFits}</p>
              <Button label={texts.history.showAll} onClick={() => steps.setFilter({})}>
                <span>{texts.history.showAll}</span>
              </Button>
            </>
          ) : (
            texts.history.nothingYet
          )}
        </li>
      )}
      {isLoading && (
        <li class="empty" role="status">
          {texts.history.reading}
        </li>
      )}
      {!isLoading && steps.hasMore.value && all.length > 0 && (
        <li>
          <Button label={texts.history.older} onClick={() => void steps.more()}>
            <span>{texts.history.older}</span>
          </Button>
        </li>
      )}
    </ol>
  );
}

function isFiltered({ steps }: EditorActions): boolean {
  const { person, instanceId, isInView } = steps.filter.value;
  return person !== undefined || instanceId !== undefined || isInView === true;
}

/** Up and down lead from row to row; each is reached by Tab, too. */
function walkRows(event: KeyboardEvent, list: HTMLElement | null): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const rows = [...(list?.querySelectorAll<HTMLElement>(".history-step") ?? [])];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  if (!by || at < 0) return;
  event.preventDefault();
  event.stopPropagation();
  rows[at + by]?.focus();
}

function Row(props: { actions: EditorActions; step: Step; isShown: boolean }) {
  const { actions, step, isShown } = props;
  const { steps, travel, model } = actions;
  const size = model.stackSize.value;
  const where = isStack(size) && ` · ${planeText(step.plane, size)}`;
  const planes = step.nPlanes > 1 && ` · ${texts.planes.nPlanes(step.nPlanes)}`;
  return (
    <button
      type="button"
      class={isShown ? "history-step is-shown" : "history-step"}
      aria-current={isShown}
      title={texts.history.showAsAfter(capital(whoseStep(step)), whenText(step.at))}
      onClick={() => void travel.go(step)}
      onMouseEnter={() => travel.pointAt(step)}
      onFocus={() => travel.pointAt(step)}
      onBlur={() => travel.pointAt(undefined)}
    >
      <span class="history-what">{capital(stepWord(step))}</span>
      <time class="history-ago" dateTime={step.at.toISOString()}>
        {agoText(step.at, steps.now.value)}
      </time>
      <span class="history-who">
        {personName(step.person)} · {pixelsText(step)}
        {where}
        {planes}
      </span>
      <span class="history-when">{whenText(step.at)}</span>
    </button>
  );
}

/** Says that the past is shown, and what can be done with it. */
export function PastBanner({ actions }: { actions: EditorActions }) {
  const { travel } = actions;
  if (!travel.step.value) return null;
  return (
    <section class="past" aria-label={texts.history.past.title} aria-busy={travel.isBusy.value}>
      <p class="past-when" role="status">
        {travel.sentence()}
        {travel.isBusy.value && " …"}
      </p>
      <div class="past-actions">
        <Button
          label={texts.history.past.previous}
          keys="←"
          icon={ICONS.previous}
          onClick={() => void travel.walk(1)}
        />
        <Button
          label={texts.history.past.next}
          keys="→"
          icon={ICONS.next}
          onClick={() => void travel.walk(-1)}
        />
        <Chosen actions={actions} />
        <Button
          label={texts.history.past.backToNow}
          keys="Esc"
          kind="primary"
          onClick={() => travel.leave()}
        >
          <span>{texts.history.past.backToNow}</span>
        </Button>
      </div>
      <Effect actions={actions} />
    </section>
  );
}

/** What can be restored: the object or box that was chosen, or ways to choose. */
function Chosen({ actions }: { actions: EditorActions }) {
  const { travel, paint, model } = actions;
  const choice = travel.choice.value;
  if (!model.mayAnnotate.value) return null;
  if (choice) {
    const label =
      "id" in choice.what
        ? texts.history.restore.object(choice.what.id)
        : texts.history.restore.part;
    return (
      <Button label={label} isDisabled={!choice.plan} onClick={() => void travel.restore()}>
        <span>{label}</span>
      </Button>
    );
  }
  return (
    <>
      <Button
        label={texts.history.restore.drawBox}
        keyFor="region"
        onClick={() => paint.chooseTool("region")}
      >
        <span>{texts.history.restore.drawBoxShort}</span>
      </Button>
      <Button label={texts.history.restore.allInView} onClick={() => travel.chooseView()}>
        <span>{texts.history.restore.allInViewShort}</span>
      </Button>
    </>
  );
}

function Effect({ actions }: { actions: EditorActions }) {
  const { travel, model } = actions;
  void model.scale.value; // what can be said depends on it
  const text = travel.far.hidden() ?? (model.mayAnnotate.value ? travel.effect() : undefined);
  if (text === undefined) return null;
  return (
    <p class="past-effect" role="status">
      {text}
    </p>
  );
}
