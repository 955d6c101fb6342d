/** AP over IoU as lines: this version and the one it is compared with. */
import * as texts from "../../../texts/pages";

export interface Line {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly (readonly [number, number])[];
}

const W = 520;
const H = 250;
const PAD = { left: 38, right: 12, top: 10, bottom: 34 };

export function ApChart({ lines }: { lines: readonly Line[] }) {
  const ious = lines.flatMap((line) => line.points.map(([iou]) => iou));
  if (ious.length === 0) return null;
  const [low, high] = [Math.min(...ious), Math.max(...ious)];
  const x = (iou: number) =>
    PAD.left + ((iou - low) / Math.max(1e-9, high - low)) * (W - PAD.left - PAD.right);
  const y = (ap: number) => PAD.top + (1 - ap) * (H - PAD.top - PAD.bottom);
  const ticks = [...new Set(ious)].sort((a, b) => a - b);
  const shown = ticks.filter((_, index) => ticks.length <= 6 || index % 2 === 0);
  return (
    <figure style={{ margin: 0 }}>
      <svg
        class="ap-chart"
        viewBox={`0 0 ${W} ${H}`}
        role="img"
        aria-label={texts.version.apChart.label}
      >
        {[0, 0.25, 0.5, 0.75, 1].map((ap) => (
          <g key={ap}>
            <line class="axis" x1={PAD.left} x2={W - PAD.right} y1={y(ap)} y2={y(ap)} />
            <text x={PAD.left - 8} y={y(ap) + 4} text-anchor="end">
              {ap}
            </text>
          </g>
        ))}
        {shown.map((iou) => (
          <text key={iou} x={x(iou)} y={H - PAD.bottom + 16} text-anchor="middle">
            {iou}
          </text>
        ))}
        <text x={(W + PAD.left) / 2} y={H - 3} text-anchor="middle">
          {texts.version.apChart.threshold}
        </text>
        {lines.map((line, index) => (
          <g key={line.name} style={{ stroke: line.colour, fill: line.colour }}>
            <polyline
              points={line.points.map(([iou, ap]) => `${x(iou)},${y(ap)}`).join(" ")}
              fill="none"
              stroke-width="2"
              stroke-dasharray={index === 0 ? undefined : "6 4"}
            />
            {line.points.map(([iou, ap]) => (
              <circle key={iou} cx={x(iou)} cy={y(ap)} r={index === 0 ? 3.5 : 2.5} stroke="none" />
            ))}
          </g>
        ))}
      </svg>
      <ul class="legend">
        {lines.map((line) => (
          <li key={line.name}>
            <span class="swatch" style={{ "--swatch": line.colour }} />
            {line.name}
          </li>
        ))}
      </ul>
    </figure>
  );
}
