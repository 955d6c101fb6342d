/** The panel "Rounds": what was labelled, how long it took, what it gave. */

import { useSignal } from "@preact/signals";
import { address } from "../../../api/pages";
import type { Labelled, Round, Rounds } from "../../../api/round_types";
import * as texts from "../../../texts/pages";
import { engineTitle, moment, score, worked } from "../format";
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
        <h2 id="rounds">{texts.rounds.title}</h2>
        <p class="hint">{texts.rounds.subtitle}</p>
      </div>
      {state.problem.value && (
        <p class="panel-body" role="alert">
          {state.problem.value}{" "}
          <button class="link-button" type="button" onClick={() => void state.load()}>
            {texts.common.tryAgain}
          </button>
        </p>
      )}
      {rounds &&
        (isUntouched(rounds) ? (
          <p class="panel-body muted">{texts.rounds.noneYet}</p>
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
            <th scope="col">{texts.rounds.columns.round}</th>
            <th scope="col">{texts.rounds.columns.labelled}</th>
            <th scope="col">
              <abbr title={texts.rounds.columns.timeHelp}>{texts.rounds.columns.time}</abbr>
            </th>
            <th scope="col">
              <abbr title={texts.rounds.columns.ap50Help}>{texts.common.scores.ap50}</abbr>{" "}
              {texts.rounds.columns.beforeAfter}
            </th>
          </tr>
        </thead>
        <tbody>
          <tr class="open-round">
            <th scope="row">
              <span class="badge busy">{texts.rounds.now}</span>
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
          {showsAll.value ? texts.rounds.showFewer : texts.rounds.showOlder(more)}
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
            <strong>{texts.rounds.nObjects(labelled.n_instances)}</strong>
            <span class="small muted">{whereabouts(labelled)}</span>
          </>
        ) : (
          <span class="muted">{texts.rounds.nothingNew}</span>
        )}
      </td>
      <td class="nowrap">
        {labelled.active_s > 0 ? worked(labelled.active_s) : <span class="muted">–</span>}
        {labelled.n_ops > 0 && (
          <span class="small muted">{texts.rounds.nEdits(labelled.n_ops)}</span>
        )}
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
  if (open.n_regions === 0) return <>{texts.rounds.submitToCount}</>;
  if (!mayReview) return <>{texts.rounds.endsWithTraining}</>;
  return <a href={address.training(project)}>{texts.rounds.trainToClose}</a>;
}

function Gains({ round, project }: { round: Round; project: string }) {
  const steps = stepsOf(round);
  const hidden = steps.length - FEW_VERSIONS;
  if (steps.length === 0) {
    return (
      <span class="small muted">
        {texts.rounds.noVersionYet(<a href={address.training(project)}>{texts.rounds.runs}</a>)}
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
          {texts.rounds.andMore(hidden)}
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
        <strong>{step.ap50 === null ? texts.rounds.notMeasured : score(step.ap50)}</strong>{" "}
        {before && <Delta value={step.gain} />}
      </span>
      <span class="small muted">
        {before && (
          <>
            <a href={address.version(before.version.id)}>
              {texts.common.version(before.version.number)}
            </a>{" "}
            →{" "}
          </>
        )}
        <a href={address.version(step.id)}>{texts.common.version(step.number)}</a>{" "}
        {engineTitle(engine)}
      </span>
    </div>
  );
}
