/** What is under the pointer: place in pixels and micrometres, object, stored values. */
import * as texts from "../../texts";
import type { EditorActions } from "./actions";
import { storedText } from "./intensity";
import { short } from "./units";

const RGB = ["R", "G", "B"];

/** Apart from the rest of the bar, since it changes with every move of the pointer. */
export function Position({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  const cursor = model.cursor.value;
  const image = model.image.value;
  if (!cursor || !image) return <span class="position">–</span>;
  const [x, y] = [Math.floor(cursor.x), Math.floor(cursor.y)];
  const label = cursor.label > 0 ? texts.viewing.overObject(cursor.label) : "";
  return (
    <span class="position">
      {`x ${x}  y ${y}`}
      {image.pixelSizeUm && <Micrometres x={cursor.x} y={cursor.y} size={image.pixelSizeUm} />}
      {label}
      {cursor.className ? ` · ${cursor.className}` : ""}
    </span>
  );
}

function Micrometres({ x, y, size }: { x: number; y: number; size: number }) {
  return <span class="position-um">{`  (${short(x * size)}, ${short(y * size)} µm)`}</span>;
}

/** Stored values at the pointer, of the channels that are seen. */
export function Values({ actions }: { actions: EditorActions }) {
  const { pixel, channels, image: shownImage } = actions.model;
  const values = pixel.value?.values;
  const image = shownImage.value;
  if (!values || !image) return null;
  const styles = channels.value;
  const shown = values.flatMap((value, index) => {
    // Of channels that are off nobody sees where they are.
    if (!image.isRgb && !styles[index]?.visible) return [];
    const name = image.isRgb
      ? RGB[index]
      : values.length > 1
        ? styles[index]?.name
        : texts.viewing.value;
    return [`${name} ${storedText(image, value)}`];
  });
  return shown.length > 0 ? <span class="pixel-values">{shown.join("  ")}</span> : null;
}
