/** How well a version does on blind validation, alone and against another version. */

import { type Signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Evaluation, Version } from "../../../api/page_types";
import type { Scores } from "../../../api/report_types";
import * as texts from "../../../texts/pages";
import { engineTitle, percent, score } from "../format";
import { Delta } from "../parts/Delta";
import { NumberHead } from "../parts/NumberHead";
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
  validation: texts.version.measured.splits.validation,
  test: texts.version.measured.splits.test,
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
    <section class="panel stack" aria-label={texts.version.measured.quality}>
      <div class="panel-head" style={{ marginBottom: 0 }}>
        <div>
          <h2>{texts.version.measured.qualityOn(SPLIT_WORDS[shown.split] ?? shown.split)}</h2>
          <p class="hint">
            {texts.version.measured.basis(
              shown.metrics.n_instances ?? 0,
              shown.metrics.n_images ?? 0,
              shown.training_set?.number,
              shown.split === "validation",
            )}
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
      {texts.version.measured.compareWith}
      <select
        value={against}
        style={{ width: "auto" }}
        onChange={(event) => {
          chosen.value = event.currentTarget.value;
        }}
      >
        <option value="">{texts.version.measured.nothing}</option>
        {rivals.map((rival) => (
          <option key={rival.id} value={rival.id}>
            {texts.version.measured.rival(rival.number, engineTitle(rival.engine))}
          </option>
        ))}
      </select>
    </label>
  );
}

function AveragingChoice({ averaging }: { averaging: Signal<Averaging> }) {
  return (
    <label class="row small">
      {texts.version.measured.counted}
      <select
        value={averaging.value}
        style={{ width: "auto" }}
        onChange={(event) => {
          averaging.value = event.currentTarget.value as Averaging;
        }}
      >
        <option value="pooled">{texts.version.measured.pooled}</option>
        <option value="mean">{texts.version.measured.mean}</option>
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
    ["AP50", texts.version.measured.ap50Note, ap50(mine), ap50(theirs)],
    ["F1", texts.version.measured.f1Note, atIou(mine?.f1, 0.5), atIou(theirs?.f1, 0.5)],
    ["PQ", texts.version.measured.pqNote, mine?.panoptic_quality, theirs?.panoptic_quality],
    ["DQ", texts.version.measured.dqNote, mine?.detection_quality, theirs?.detection_quality],
    ["SQ", texts.version.measured.sqNote, mine?.segmentation_quality, theirs?.segmentation_quality],
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
                  <Delta value={value - other} /> {texts.version.measured.against(name)}
                </>
              ) : (
                note
              )}
            </small>
          </dd>
        </div>
      ))}
      <div>
        <dt>{texts.version.measured.countError}</dt>
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
  return texts.version.measured.foundAndThere(round(scores.n_predicted), round(scores.n_truth));
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
            <th scope="col">{texts.version.measured.iou}</th>
            <NumberHead>{texts.version.measured.ap}</NumberHead>
            {theirs && (
              <>
                <NumberHead>{name}</NumberHead>
                <NumberHead>{texts.version.measured.difference}</NumberHead>
              </>
            )}
            <NumberHead>{texts.version.measured.f1}</NumberHead>
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
