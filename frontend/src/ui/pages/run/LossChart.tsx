/** Loss curves of a run, drawn by uPlot and redrawn as epochs come in. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Epoch } from "../../../api/page_types";
import * as texts from "../../../texts/pages";
import { digits } from "../format";

const HEIGHT_PX = 280;

export function LossChart({ epochs }: { epochs: readonly Epoch[] }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const isLog = useSignal(false);
  const isDark = useSignal(matchMedia("(prefers-color-scheme: dark)").matches);
  const data = seriesOf(epochs);
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const change = () => {
      isDark.value = scheme.matches;
    };
    scheme.addEventListener("change", change);
    return () => scheme.removeEventListener("change", change);
  }, [isDark]);

  const logarithmic = isLog.value;
  const dark = isDark.value;
  useEffect(() => {
    const box = place.current;
    if (box === null) return;
    const made = new uPlot(optionsFor(box.clientWidth, logarithmic), latest.current, box);
    plot.current = made;
    const watch = new ResizeObserver(() =>
      made.setSize({ width: box.clientWidth, height: HEIGHT_PX }),
    );
    watch.observe(box);
    return () => {
      watch.disconnect();
      made.destroy();
    };
  }, [logarithmic, dark]);

  useEffect(() => {
    plot.current?.setData(data);
  });

  const last = epochs.at(-1);
  const spoken = last
    ? texts.run.chart.spoken(last.epoch, digits(last.train_loss), digits(last.validation_loss))
    : texts.run.chart.noEpoch;
  return (
    <>
      <div class="chart" ref={place} role="img" aria-label={texts.run.chart.label(spoken)} />
      <label class="row small">
        <input
          type="checkbox"
          checked={logarithmic}
          onChange={(event) => {
            isLog.value = event.currentTarget.checked;
          }}
        />
        {texts.run.chart.logarithmic}
      </label>
    </>
  );
}

function seriesOf(epochs: readonly Epoch[]): uPlot.AlignedData {
  return [
    epochs.map((epoch) => epoch.epoch),
    epochs.map((epoch) => epoch.train_loss),
    epochs.map((epoch) => epoch.validation_loss),
  ];
}

function optionsFor(width: number, isLog: boolean): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: colour("--text-2"),
    grid: { stroke: colour("--grid-line"), width: 1 },
    ticks: { stroke: colour("--grid-line"), width: 1 },
    font: "12px system-ui, sans-serif",
  };
  const line = (label: string, stroke: string, dash: number[] = []): uPlot.Series => ({
    label,
    stroke: colour(stroke),
    width: 2,
    dash,
    points: { size: 5 },
    spanGaps: true,
    value: (_plot, value) => digits(value),
  });
  return {
    width,
    height: HEIGHT_PX,
    scales: {
      x: {
        time: false,
        range: (_plot, _low, high) => [1, Math.max(2, high ?? 2)],
      },
      y: { distr: isLog ? 3 : 1 },
    },
    axes: [
      // Whole epochs only: there is no epoch 1.5.
      {
        ...axis,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
        label: texts.run.chart.epoch,
        labelSize: 20,
        labelFont: "12px system-ui, sans-serif",
      },
      {
        ...axis,
        size: 56,
        values: (_plot, values) => values.map((value) => (value === null ? "" : digits(value))),
      },
    ],
    series: [
      { label: texts.run.chart.epoch },
      line(texts.run.chart.trainingLoss, "--series-1"),
      line(texts.run.chart.validationLoss, "--series-2", [6, 3]),
    ],
    legend: { live: true },
  };
}
