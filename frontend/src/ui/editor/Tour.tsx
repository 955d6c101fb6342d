/** The card of the tour: beside the image, never in the way of painting. */
import { useEffect } from "preact/hooks";
import type { TourStep } from "../../api/tour";
import { TOUR_END_TEXTS, TOUR_STEP_TEXTS, TOUR_TASK_TEXTS, TOUR_TEXTS } from "../../texts/tour";
import type { EditorActions } from "./actions";
import { Button, ICONS } from "./parts";
import { tourKeys } from "./tour_keys";
import { TASKS, type TourPlace } from "./tour_steps";

export function TourCard({ actions }: { actions: EditorActions }) {
  const { tour } = actions;
  const place = tour.place.value;
  const step = place?.step;
  useEffect(() => {
    if (step) showTarget(step);
  }, [step]);
  if (!place) return null;
  return (
    <section
      class="tour"
      aria-label={TOUR_TEXTS.name}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        close(actions);
      }}
    >
      <div aria-live="polite">
        {place.step === "end" ? (
          <End actions={actions} />
        ) : (
          <Step actions={actions} step={place.step} place={place} />
        )}
      </div>
      {place.step === "end" ? (
        <Button label={TOUR_TEXTS.close} kind="primary" onClick={() => close(actions)}>
          <span>{TOUR_TEXTS.close}</span>
        </Button>
      ) : (
        <Answers actions={actions} />
      )}
    </section>
  );
}

function close(actions: EditorActions): void {
  actions.tour.later();
  actions.view.focusStage();
}

function Step(props: { actions: EditorActions; step: TourStep; place: TourPlace }) {
  const { actions, step, place } = props;
  const { steps } = actions.tour;
  const texts = TOUR_STEP_TEXTS[step];
  const isTouch = matchMedia("(pointer: coarse)").matches;
  return (
    <>
      <p class="tour-progress">{TOUR_TEXTS.progress(steps.indexOf(step) + 1, steps.length)}</p>
      <h2>{texts.title}</h2>
      <p>{(isTouch && texts.touch) || texts.text(tourKeys())}</p>
      <ul>
        {TASKS[step].map((task) => {
          const isDone = place.done.includes(task);
          return (
            <li key={`${step} ${task}`} class={isDone ? "is-done" : ""}>
              <span aria-hidden="true">{isDone ? "✓" : "○"}</span> {TOUR_TASK_TEXTS[task]}
              <span class="sr-only">, {isDone ? TOUR_TEXTS.done : TOUR_TEXTS.todo}</span>
            </li>
          );
        })}
      </ul>
    </>
  );
}

function End({ actions }: { actions: EditorActions }) {
  const { tour, model } = actions;
  const hasPainted = tour.hasPainted.value;
  const { painted, title, goOn, begin, text, viewer } = TOUR_END_TEXTS;
  const onwards = `${hasPainted ? goOn : begin} ${text(tourKeys())}`;
  return (
    <>
      <h2>{hasPainted ? painted : title}</h2>
      <p>{model.mayAnnotate.value ? onwards : viewer}</p>
    </>
  );
}

function Answers({ actions }: { actions: EditorActions }) {
  const { tour, model } = actions;
  return (
    <div class="tour-answers">
      <Button label={TOUR_TEXTS.skip} onClick={() => tour.skip()}>
        <span>{TOUR_TEXTS.skip}</span>
      </Button>
      <button
        type="button"
        class="button button-quiet"
        title={TOUR_TEXTS.laterHint}
        onClick={() => close(actions)}
      >
        {TOUR_TEXTS.later}
      </button>
      {model.mayAnnotate.value && (
        <button
          type="button"
          class="button button-quiet"
          title={TOUR_TEXTS.dismissHint}
          onClick={() => {
            tour.dismiss();
            actions.view.focusStage();
          }}
        >
          {TOUR_TEXTS.dismiss}
        </button>
      )}
    </div>
  );
}

/** Starts the tour, or goes on with it; nothing while it is open. */
export function TourButton({ actions }: { actions: EditorActions }) {
  const { tour, model } = actions;
  const label = tour.isBegun ? TOUR_TEXTS.resume : TOUR_TEXTS.start;
  if (tour.place.value) return null;
  return (
    <Button
      label={label}
      icon={ICONS.next}
      onClick={() => {
        model.isHelpOpen.value = false;
        tour.start();
        actions.view.focusStage();
      }}
    >
      <span>{label}</span>
    </Button>
  );
}

/** In the help: the way to the tour, or back into it. */
export function TourStart({ actions }: { actions: EditorActions }) {
  const { tour, model } = actions;
  if (tour.place.value) return null;
  return (
    <p class="tour-start">
      <TourButton actions={actions} />
      <span class="hint">
        {model.mayAnnotate.value ? TOUR_TEXTS.startHint : TOUR_TEXTS.startHintViewer}
      </span>
    </p>
  );
}

/** Where each step points; marked by tour.css. */
const TARGETS: Readonly<Record<TourStep | "end", string>> = {
  look: ".statusbar .zoom",
  brush: '.tool[data-tool="brush"]',
  paint: '.tool[data-tool="brush"]',
  edge: '.tool[data-tool="erase-selected"]',
  undo: '[data-control="undo"]',
  find: '[data-control="drafts"]',
  end: '.tool[data-tool="region"]',
};

/** On a narrow screen the bar of tools may have been moved on. */
function showTarget(step: TourStep | "end"): void {
  document.querySelector(TARGETS[step])?.scrollIntoView({ block: "nearest", inline: "nearest" });
}
