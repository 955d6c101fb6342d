/** The panel "Rounds": what was labelled, how long it took, what it gave. */

import { useSignal } from "@preact/signals";
import { address } from "../../../api/pages";
import type { Labelled, Round, Rounds } from "../../../api/round_types";
import { count, engineTitle, moment, score, worked } from "../format";
import { Delta } from "../parts/Delta";
import { isUntouched, type RoundsState, type Step, stepsOf, whereabouts } from "./rounds";

const FEW = 4;
const FEW_VERSIONS = 3;

interface Props {
  readonly state: RoundsState;
  readonly project: string;
  readonly mayReview: boolean;
}

export function RoundsPanel({ state, project, mayReview }: Props) {
  const rounds = state.rounds.value;
  if (rounds === null && !state.problem.value) return null;
  return (
    <section class="panel flush rounds" aria-labelledby="rounds">
      <div class="panel-head">
        <h2 id="rounds">Rounds</h2>
        <p class="hint">Paint, train, correct: once</p>
      </div>
      {state.problem.value && (
        <p class="panel-body" role="alert">
          {state.problem.value}{" "}
          <button class="link-button" type="button" onClick={() => void state.load()}>
            Try again
          </button>
        </p>
      )}
      {rounds &&
        (isUntouched(rounds) ? (
          <p class="panel-body muted">
            The first round begins with the first stroke and ends with the first training. Then this
            shows what was labelled, how long it took, and how much better the model became.
          </p>
        ) : (
          <RoundsTable rounds={rounds} project={project} mayReview={mayReview} />
        ))}
    </section>
  );
}

interface TableProps {
  readonly rounds: Rounds;
  readonly project: string;
  readonly mayReview: boolean;
}

function RoundsTable({ rounds, project, mayReview }: TableProps) {
  const showsAll = useSignal(false);
  const closed = showsAll.value ? rounds.rounds : rounds.rounds.slice(0, FEW);
  const more = rounds.rounds.length - FEW;
  return (
    <div class="table-wrap">
      <table>
        <thead>
          <tr>
            <th scope="col">Round</th>
            <th scope="col">Labelled</th>
            <th scope="col">
              <abbr title="At work in the editor, all people together; pauses do not count">
                Time
              </abbr>
            </th>
            <th scope="col">
              <abbr title="Average precision at IoU 0.5 on the round's own blind validation regions">
                AP50
              </abbr>{" "}
              before → after
            </th>
          </tr>
        </thead>
        <tbody>
          <tr class="open-round">
            <th scope="row">
              <span class="badge busy">Now</span>
            </th>
            <Spent labelled={rounds.open} />
            <td class="small muted">
              <ToClose open={rounds.open} project={project} mayReview={mayReview} />
            </td>
          </tr>
          {closed.map((round) => (
            <tr key={round.number}>
              <th scope="row">
                {round.number}
                <time class="small muted" dateTime={round.ended_at}>
                  {moment(round.ended_at, "date")}
                </time>
              </th>
              <Spent labelled={round} />
              <td>
                <Gains round={round} project={project} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 && (
        <button
          class="link-button small more"
          type="button"
          aria-expanded={showsAll.value}
          onClick={() => {
            showsAll.value = !showsAll.value;
          }}
        >
          {showsAll.value ? "Show fewer" : `Show ${count(more, "older round")}`}
        </button>
      )}
    </div>
  );
}

function Spent({ labelled }: { labelled: Labelled }) {
  return (
    <>
      <td>
        {labelled.n_regions > 0 ? (
          <>
            <strong>{count(labelled.n_instances, "object")}</strong>
            <span class="small muted">{whereabouts(labelled)}</span>
          </>
        ) : (
          <span class="muted">nothing new</span>
        )}
      </td>
      <td class="nowrap">
        {labelled.active_s > 0 ? worked(labelled.active_s) : <span class="muted">–</span>}
        {labelled.n_ops > 0 && <span class="small muted">{count(labelled.n_ops, "edit")}</span>}
      </td>
    </>
  );
}

interface ToCloseProps {
  readonly open: Labelled;
  readonly project: string;
  readonly mayReview: boolean;
}

function ToClose({ open, project, mayReview }: ToCloseProps) {
  if (open.n_regions === 0) return <>Submit a region to count it here</>;
  if (!mayReview) return <>Ends with the next training</>;
  return <a href={address.training(project)}>Train to close this round</a>;
}

function Gains({ round, project }: { round: Round; project: string }) {
  const steps = stepsOf(round);
  const hidden = steps.length - FEW_VERSIONS;
  if (steps.length === 0) {
    return (
      <span class="small muted">
        No version yet: see the <a href={address.training(project)}>runs</a>
      </span>
    );
  }
  return (
    <>
      {steps.slice(0, FEW_VERSIONS).map((step) => (
        <Gain key={step.id} round={round} step={step} />
      ))}
      {hidden > 0 && (
        <a class="small" href={address.training(project)}>
          and {count(hidden, "more version")}
        </a>
      )}
    </>
  );
}

function Gain({ round, step }: { round: Round; step: Step }) {
  const { before } = round;
  const engine = round.after.find((one) => one.version.id === step.id)?.engine ?? "";
  return (
    <div class="gain">
      <span class="numbers">
        {before && <>{score(before.ap50)} → </>}
        <strong>{step.ap50 === null ? "not measured" : score(step.ap50)}</strong>{" "}
        {before && <Delta value={step.gain} />}
      </span>
      <span class="small muted">
        {before && (
          <>
            <a href={address.version(before.version.id)}>v{before.version.number}</a> →{" "}
          </>
        )}
        <a href={address.version(step.id)}>v{step.number}</a> {engineTitle(engine)}
      </span>
    </div>
  );
}
