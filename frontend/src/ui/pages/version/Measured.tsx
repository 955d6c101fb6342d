/** How well a version does on blind validation, alone and against another version. */

import { type Signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Evaluation, Scores, Version } from "../../../api/page_types";
import { count, engineTitle, percent, score } from "../format";
import { Delta } from "../parts/Delta";
import { type Averaging, ap50, atIou, comparable, curve } from "../parts/scores";
import { ApChart, type Line } from "./ApChart";

interface Props {
  readonly version: Version;
  readonly evaluation: Evaluation;
  readonly others: readonly Version[];
  /** What stands below the headline of the measurement that is shown. */
  readonly below: (shown: Evaluation) => ComponentChildren;
}

const SPLIT_WORDS: Readonly<Record<string, string>> = {
  validation: "blind validation",
  test: "the test images",
};

export function Measured({ version, evaluation, others, below }: Props) {
  const rivals = others.filter((other) => comparable(version.evaluations, other.evaluations));
  const chosen = useSignal<string | null>(null); // null: nobody chose yet, so the newest default
  const against = chosen.value ?? defaultRival(version, rivals)?.id ?? "";
  const averaging = useSignal<Averaging>("pooled");
  const rival = rivals.find((other) => other.id === against);
  const pair = rival && comparable(version.evaluations, rival.evaluations);
  const shown = pair?.mine ?? evaluation;
  const mine = shown.metrics[averaging.value];
  const theirs = pair?.theirs.metrics[averaging.value];
  const name = rival ? `v${rival.number}` : "";
  return (
    <section class="panel stack" aria-label="Quality">
      <div class="panel-head" style={{ marginBottom: 0 }}>
        <div>
          <h2>Quality on {SPLIT_WORDS[shown.split] ?? shown.split}</h2>
          <p class="hint">
            {count(shown.metrics.n_instances ?? 0, "object")} on{" "}
            {count(shown.metrics.n_images ?? 0, "image")} that did not teach
            {shown.training_set ? `, as frozen in set ${shown.training_set.number}` : ""}
            {shown.split === "validation" &&
              ". Thresholds and the best epoch were chosen on them too; test images are stricter."}
          </p>
        </div>
        <div class="row">
          <RivalChoice rivals={rivals} against={against} chosen={chosen} />
          <AveragingChoice averaging={averaging} />
        </div>
      </div>
      <Headline mine={mine} theirs={theirs} name={name} />
      {below(shown)}
      <div class="halves">
        <ApChart lines={linesOf(`v${version.number}`, mine, name, theirs)} />
        <ApTable mine={mine} theirs={theirs} name={name} />
      </div>
    </section>
  );
}

/** The parent, else the version made just before: what a person wants to be better than. */
function defaultRival(version: Version, rivals: readonly Version[]): Version | undefined {
  const parent = rivals.find((other) => other.id === version.parent?.id);
  const earlier = rivals
    .filter((other) => other.number < version.number)
    .sort((a, b) => b.number - a.number);
  return parent ?? earlier[0];
}

interface RivalProps {
  readonly rivals: readonly Version[];
  readonly against: string;
  readonly chosen: Signal<string | null>;
}

function RivalChoice({ rivals, against, chosen }: RivalProps) {
  if (rivals.length === 0) return null;
  return (
    <label class="row small">
      Compare with
      <select
        value={against}
        style={{ width: "auto" }}
        onChange={(event) => {
          chosen.value = event.currentTarget.value;
        }}
      >
        <option value="">nothing</option>
        {rivals.map((rival) => (
          <option key={rival.id} value={rival.id}>
            v{rival.number} ({engineTitle(rival.engine)})
          </option>
        ))}
      </select>
    </label>
  );
}

function AveragingChoice({ averaging }: { averaging: Signal<Averaging> }) {
  return (
    <label class="row small">
      Counted
      <select
        value={averaging.value}
        style={{ width: "auto" }}
        onChange={(event) => {
          averaging.value = event.currentTarget.value as Averaging;
        }}
      >
        <option value="pooled">over all objects</option>
        <option value="mean">as the mean of images</option>
      </select>
    </label>
  );
}

interface SideProps {
  readonly mine: Scores | undefined;
  readonly theirs: Scores | undefined;
  readonly name: string;
}

function Headline({ mine, theirs, name }: SideProps) {
  const rows: [string, string, number | undefined, number | undefined][] = [
    ["AP50", "found and right, of all", ap50(mine), ap50(theirs)],
    ["F1", "at IoU 0.5", atIou(mine?.f1, 0.5), atIou(theirs?.f1, 0.5)],
    ["PQ", "panoptic: DQ times SQ", mine?.panoptic_quality, theirs?.panoptic_quality],
    ["DQ", "detection", mine?.detection_quality, theirs?.detection_quality],
    ["SQ", "outlines", mine?.segmentation_quality, theirs?.segmentation_quality],
  ];
  return (
    <dl class="stats">
      {rows.map(([title, note, value, other]) => (
        <div key={title}>
          <dt>{title}</dt>
          <dd>
            {score(value)}
            <small>
              {other !== undefined && value !== undefined ? (
                <>
                  <Delta value={value - other} /> against {name}
                </>
              ) : (
                note
              )}
            </small>
          </dd>
        </div>
      ))}
      <div>
        <dt>Count error</dt>
        <dd>
          {percent(mine?.count_error)}
          <small>{countNote(mine)}</small>
        </dd>
      </div>
    </dl>
  );
}

function countNote(scores: Scores | undefined): string {
  if (scores?.n_truth === undefined || scores.n_predicted === undefined) return "";
  return `${round(scores.n_predicted)} found, ${round(scores.n_truth)} there`;
}

function round(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

function linesOf(
  own: string,
  mine: Scores | undefined,
  name: string,
  theirs: Scores | undefined,
): Line[] {
  const lines: Line[] = [{ name: own, colour: "var(--series-1)", points: curve(mine?.ap) }];
  if (theirs) lines.push({ name, colour: "var(--series-2)", points: curve(theirs.ap) });
  return lines;
}

function ApTable({ mine, theirs, name }: SideProps) {
  return (
    <div class="table-wrap">
      <table>
        <thead>
          <tr>
            <th scope="col">IoU</th>
            <th scope="col" class="num">
              AP
            </th>
            {theirs && (
              <>
                <th scope="col" class="num">
                  {name}
                </th>
                <th scope="col" class="num">
                  Difference
                </th>
              </>
            )}
            <th scope="col" class="num">
              F1
            </th>
          </tr>
        </thead>
        <tbody>
          {curve(mine?.ap).map(([iou, ap]) => {
            const other = atIou(theirs?.ap, iou);
            return (
              <tr key={iou}>
                <th scope="row">{iou}</th>
                <td class="num">{score(ap)}</td>
                {theirs && (
                  <>
                    <td class="num">{score(other)}</td>
                    <td class="num">
                      <Delta value={other === undefined ? undefined : ap - other} />
                    </td>
                  </>
                )}
                <td class="num">{score(atIou(mine?.f1, iou))}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
