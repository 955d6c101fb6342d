/** Ways of training that were tried for a moment, and which one did best. */

import type { Run, Trial } from "../../../api/page_types";
import * as texts from "../../../texts/pages";
import { digits, duration } from "../format";
import { NumberHead } from "./NumberHead";
import { bestOf, isChosen } from "./recipes";

/** The trials of a run that goes on or is over. */
export function TrialsOfRun({ run }: { run: Run }) {
  const { stage, trying, trials = [] } = run.progress;
  const isTrying = run.state === "running" && stage === "trying";
  return <Trials trials={trials} trying={trying} isTrying={isTrying} />;
}

interface Props {
  readonly trials: readonly Trial[];
  /** The one that is being tried, or was tried last. */
  readonly trying?: string | undefined;
  readonly isTrying?: boolean;
}

export function Trials({ trials, trying, isTrying = false }: Props) {
  if (trials.length === 0 && !isTrying) return null;
  const best = bestOf(trials);
  const isOver = isChosen(trials, trying, isTrying);
  return (
    <section class="panel flush" aria-label={texts.run.trials.title}>
      <div class="panel-head">
        <h2>{texts.run.trials.title}</h2>
        <p class="hint">{texts.run.trials.help}</p>
      </div>
      <div class="table-wrap">
        <table>
          <thead>
            <tr>
              <th scope="col">{texts.run.trials.columns.recipe}</th>
              <NumberHead>{texts.run.trials.columns.loss}</NumberHead>
              <NumberHead>{texts.run.trials.columns.steps}</NumberHead>
              <NumberHead>{texts.run.trials.columns.time}</NumberHead>
              <th scope="col">
                <span class="visually-hidden">{texts.run.trials.columns.chosen}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {trials.map((trial) => (
              <tr key={trial.name}>
                <th scope="row">{trial.name}</th>
                <td class="num">{digits(trial.validation_loss)}</td>
                <td class="num">{trial.n_steps}</td>
                <td class="num">{duration(trial.seconds)}</td>
                <td>
                  {trial === best && (
                    <span class={`badge ${isOver ? "good" : ""}`}>
                      {isOver ? texts.run.trials.isChosen : texts.run.trials.isBest}
                    </span>
                  )}
                </td>
              </tr>
            ))}
            {isTrying && trying && (
              <tr>
                <th scope="row">{trying}</th>
                <td class="num" colSpan={3} />
                <td>
                  <span class="badge busy">{texts.run.trials.trying}</span>
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
    </section>
  );
}
