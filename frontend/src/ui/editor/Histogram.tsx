/** How often each value occurs, behind the handles of the window. */
import { useMemo } from "preact/hooks";
import { toView } from "./intensity";
import type { ImageInfo } from "./model";
import type { ChannelHistogram } from "./view_model";

const HEIGHT = 28;

export function Histogram(props: {
  readonly image: ImageInfo;
  readonly index: number;
  readonly histogram: ChannelHistogram | undefined;
}) {
  const { image, index, histogram } = props;
  const path = useMemo(
    () =>
      histogram &&
      histogramPath(perValue(histogram, image), (stored) => toView(image, index, stored)),
    [image, index, histogram],
  );
  return (
    <svg
      class="histogram"
      viewBox={`0 0 255 ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {path && <path d={path} />}
    </svg>
  );
}

/** Of whole numbers that are fewer than bins: one bin each, as most of the others are empty. */
export function perValue(
  histogram: ChannelHistogram,
  { dtype }: { readonly dtype: string },
): ChannelHistogram {
  const { low, high, counts } = histogram;
  const n = high - low + 1;
  if (dtype.startsWith("float") || n >= counts.length || high <= low) return histogram;
  const binOf = (value: number) =>
    Math.min(counts.length - 1, Math.floor((value / (high - low)) * counts.length));
  const values = Array.from({ length: n }, (_, value) => counts[binOf(value)] ?? 0);
  return { low: low - 0.5, high: high + 0.5, counts: values };
}

/** The outline of the counts on a logarithmic scale, over the view's 0 to 255. */
export function histogramPath(
  { low, high, counts }: ChannelHistogram,
  toPlace: (stored: number) => number,
): string {
  const most = Math.log1p(Math.max(1, ...counts));
  const width = (high - low) / Math.max(1, counts.length);
  const steps = counts.flatMap((n, bin) => {
    const [from, to] = [toPlace(low + bin * width), toPlace(low + (bin + 1) * width)];
    if (to < 0 || from > 255) return [];
    const top = (HEIGHT * (1 - Math.log1p(n) / most)).toFixed(1);
    return [`H${within(from)}V${top}H${within(to)}`];
  });
  return `M0 ${HEIGHT}${steps.join("")}V${HEIGHT}Z`;
}

const within = (place: number) => Math.min(255, Math.max(0, place)).toFixed(1);
