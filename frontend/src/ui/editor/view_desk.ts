/** What is shown of the image and how: zoom, moves, hidden labels, where the focus is. */
import type { ScreenPoint } from "../../geometry/points";
import type { Rect } from "../../geometry/rect";
import type { PointerPlace } from "../../viewer/gesture";
import type { EditorModel } from "./model";
import type { Scene } from "./scene";

const ZOOM_STEP = 1.5;
const REST_MS = 300;
const LABEL_STYLES = ["both", "outline", "filled", "none"] as const;

export class ViewDesk {
  readonly #model: EditorModel;
  readonly #scene: Scene;
  #isPanHeld = false;
  #pointer: PointerPlace | undefined;

  constructor(model: EditorModel, scene: Scene) {
    this.#model = model;
    this.#scene = scene;
  }

  /** While true, dragging moves the view whatever the tool. */
  get isPanHeld(): boolean {
    return this.#isPanHeld;
  }

  /** The pointer is here, or has left the image. */
  follow(place: PointerPlace | undefined): void {
    this.#pointer = place;
    this.showCursor();
  }

  showCursor(): void {
    this.#scene.showCursor(this.#pointer, this.#isPanHeld);
  }

  /** Image pixels on screen. */
  get visible(): Rect {
    return this.#scene.stage.view().visible;
  }

  /** Called when the view has come to rest after it moved. */
  onRest(listener: () => void): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const dispose = this.#scene.stage.onDrawn(() => {
      clearTimeout(timer);
      timer = setTimeout(listener, REST_MS);
    });
    return () => {
      clearTimeout(timer);
      dispose();
    };
  }

  zoom(direction: 1 | -1, at: ScreenPoint | undefined = this.#pointer?.screen): void {
    this.#scene.stage.zoomBy(ZOOM_STEP ** direction, at);
  }

  zoomToPixels(): void {
    this.#scene.stage.zoomToPixels();
  }

  fit(): void {
    this.#scene.stage.fit();
  }

  pan(dx: number, dy: number): void {
    this.#scene.stage.panBy(dx, dy, false);
  }

  peek(isOn: boolean): void {
    this.#model.isPeeking.value = isOn;
  }

  holdPan(isOn: boolean): void {
    this.#isPanHeld = isOn;
    this.showCursor();
  }

  cycleLabelStyle(): void {
    const { labelStyle } = this.#model;
    const at = LABEL_STYLES.indexOf(labelStyle.value);
    labelStyle.value = LABEL_STYLES[(at + 1) % LABEL_STYLES.length] ?? "both";
  }

  focusStage(): void {
    this.#scene.stage.focusTarget.focus({ preventScroll: true });
  }

  /** Move the focus between image and toolbar: the way out where Tab steps through drafts. */
  leaveOrEnterStage(): void {
    const isOnStage = this.#scene.stage.element.contains(document.activeElement);
    if (isOnStage) document.querySelector<HTMLElement>(".toolbar [tabindex='0']")?.focus();
    else this.focusStage();
  }
}
