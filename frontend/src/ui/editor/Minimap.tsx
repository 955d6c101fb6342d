/** The whole image in a corner: what of it is on screen, and where the regions are. */
import { useRef } from "preact/hooks";
import { height, isEmpty, type Rect, width } from "../../geometry/rect";
import { meets } from "../../labels/spans";
import type { EditorActions } from "./actions";

/** The longer side, in CSS pixels. */
const SIDE_PX = 150;
/** A rectangle that is smaller could not be seen. */
const SMALLEST_PX = 5;

export function Minimap({ actions }: { actions: EditorActions }) {
  const { model, viewing } = actions;
  const image = model.image.value;
  const visible = viewing.visible.value;
  const isPressed = useRef(false);
  if (!image || !model.isMinimapOn.value || !isWorthwhile(visible, image)) return null;
  const scale = SIDE_PX / Math.max(image.width, image.height);
  const [w, h] = [Math.max(12, image.width * scale), Math.max(12, image.height * scale)];
  const go = (event: PointerEvent) => {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    viewing.centre(
      ((event.clientX - box.left) / box.width) * image.width,
      ((event.clientY - box.top) / box.height) * image.height,
    );
  };
  const here = { ...model.plane.value, depth: 1 };
  const regions = model.regions.value.filter((region) => meets(region, here));
  const shown = atLeast(visible, SMALLEST_PX / scale);
  return (
    // For the pointer only: keys move the view itself.
    <div
      class={model.isPictureInverted.value ? "minimap is-inverted" : "minimap"}
      style={`width:${w}px;height:${h}px`}
      aria-hidden="true"
    >
      <img src={viewing.thumbnailUrl} alt="" draggable={false} />
      <svg
        aria-hidden="true"
        viewBox={`0 0 ${image.width} ${image.height}`}
        preserveAspectRatio="none"
        onPointerDown={(event) => {
          isPressed.current = true;
          event.currentTarget.setPointerCapture(event.pointerId);
          go(event);
        }}
        onPointerMove={(event) => isPressed.current && go(event)}
        onPointerUp={() => {
          isPressed.current = false;
        }}
        onPointerCancel={() => {
          isPressed.current = false;
        }}
      >
        {regions.map((region) => (
          <rect key={region.id} class="minimap-region" {...edges(region.box)} />
        ))}
        <rect class="minimap-view" {...edges(shown)} />
      </svg>
    </div>
  );
}

const edges = (box: Rect) => ({ x: box.x0, y: box.y0, width: width(box), height: height(box) });

/** Whether part of the image is out of view. */
export function isWorthwhile(
  visible: Rect,
  image: { readonly width: number; readonly height: number },
): boolean {
  if (isEmpty(visible)) return false;
  return width(visible) < image.width || height(visible) < image.height;
}

/** The box about the same middle, with sides of this length at least. */
export function atLeast(box: Rect, least: number): Rect {
  const [dx, dy] = [width(box), height(box)].map((side) => Math.max(0, least - side) / 2) as [
    number,
    number,
  ];
  return { x0: box.x0 - dx, y0: box.y0 - dy, x1: box.x1 + dx, y1: box.y1 + dy };
}
