/** Lengths and areas as people read them; pure. */

/** A length of the image in pixels and, when the pixel size is known, in micrometres. */
export function lengthText(px: number, pixelSizeUm: number | null): string {
  const pixels = `${px % 1 === 0 ? px : px.toFixed(1)} px`;
  return pixelSizeUm ? `${pixels} · ${short(px * pixelSizeUm)} µm` : pixels;
}

export function areaText(px: number, pixelSizeUm: number | null): string {
  const pixels = `${px.toLocaleString("en")} px`;
  return pixelSizeUm ? `${pixels} · ${short(px * pixelSizeUm * pixelSizeUm)} µm²` : pixels;
}

/** Three digits that matter. */
export function short(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return Number.parseFloat(value.toPrecision(3)).toString();
}

/** A round length that fills at most `mostPx` of the screen, for a scale bar. */
export function scaleBar(
  screenPxPerPixel: number,
  pixelSizeUm: number | null,
  mostPx = 140,
): { readonly widthPx: number; readonly text: string } {
  const unit = pixelSizeUm ?? 1;
  const most = (mostPx / screenPxPerPixel) * unit;
  const power = 10 ** Math.floor(Math.log10(most));
  const digit = [5, 2, 1].find((step) => step * power <= most) ?? 1;
  const length = digit * power;
  const text =
    pixelSizeUm === null
      ? `${short(length)} px`
      : length >= 1000
        ? `${short(length / 1000)} mm`
        : `${short(length)} µm`;
  return { widthPx: (length / unit) * screenPxPerPixel, text };
}
