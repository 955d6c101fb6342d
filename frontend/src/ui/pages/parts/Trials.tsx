/** Ways of training that were tried for a moment, and which one did best. */

import type { Run, Trial } from "../../../api/page_types";
import { digits, duration } from "../format";
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
    <section class="panel flush" aria-label="Recipes tried">
      <div class="panel-head">
        <h2>Recipes tried</h2>
        <p class="hint">
          Each way of training ran for a few steps; the one with the lowest loss on the blind
          validation regions is the one that is trained on with. It says which way gets going, not
          how far each would get.
        </p>
      </div>
      <div class="table-wrap">
        <table>
          <thead>
            <tr>
              <th scope="col">Recipe</th>
              <th scope="col" class="num">
                Validation loss
              </th>
              <th scope="col" class="num">
                Steps
              </th>
              <th scope="col" class="num">
                Time
              </th>
              <th scope="col">
                <span class="visually-hidden">Chosen</span>
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
                      {isOver ? "Chosen" : "Best so far"}
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
                  <span class="badge busy">Trying</span>
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
    </section>
  );
}
