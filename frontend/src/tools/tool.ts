/** What a tool is and what it may use of the editor. */
import type { ImagePoint } from "../geometry/points";
import type { Rect } from "../geometry/rect";
import type { Area, Picture } from "../labels/similar";
import type { WriteMode } from "../store/edit_types";
import type { Brightness } from "../store/shape_types";
import type { DraftStore, LayerStore } from "../store/types";
import type { Gesture, PointerPlace } from "../viewer/gesture";
import type { Sketch } from "../viewer/sketch";
import type { ManyChooser } from "./choose_many";

export type ToolName =
  | "select"
  | "choose-many"
  | "brush"
  | "erase-selected"
  | "erase-any"
  | "erase-piece"
  | "lasso"
  | "fill"
  | "merge"
  | "split"
  | "delete"
  | "wand"
  | "prompt"
  | "region";

export interface WandChoice {
  /** How much colours may differ, 0 to 255. */
  readonly tolerance: number;
  readonly fillsHoles: boolean;
  setTolerance(value: number): void;
}

/** What a model is asked, and what it answered. */
export interface Prompts {
  ask(place: PointerPlace, box: Rect | undefined): void;
  /** Whether what was found, and is not kept yet, holds a point. */
  contains(point: ImagePoint): boolean;
  keep(): void;
}

/** What tools see of the editor; they never reach into stores or panels. */
export interface ToolContext {
  readonly layer: LayerStore;
  /** The draft on screen, if any. */
  readonly draft: DraftStore | undefined;
  /** Whether an instance of the draft is drawn: only what is seen can be clicked. */
  showsDraft(id: number): boolean;
  readonly radius: number;
  readonly mode: WriteMode;
  /** Whether a stroke that starts on empty ground makes a new object. */
  readonly startsNew: boolean;
  /** The next stroke makes a new object wherever it starts. */
  readonly isNewArmed: boolean;
  /** What new objects are; "" for no class. */
  readonly activeClass: string;
  /** The selected annotated object, 0 for none. */
  readonly selected: number;
  /** Image pixels on screen. */
  readonly visible: Rect;
  /** Screen pixels to an image pixel. */
  readonly scale: number;
  /** What is drawn over the image and not done yet: corners, a seed. */
  readonly sketch: Sketch | undefined;
  /** Where the last stroke of this tool ended, and what it was about. */
  readonly lastEnd: StrokeEnd | undefined;
  /** Grey values of the picture as shown. */
  readonly brightness: Brightness;
  readonly many: ManyChooser;
  /** Why nothing can be painted now, as a sentence; undefined when it can. */
  paintProblem(): string | undefined;
  select(id: number): void;
  selectDraft(id: number): void;
  disarmNew(): void;
  panBy(dx: number, dy: number): void;
  showBand(box: Rect | undefined): void;
  showSketch(sketch: Sketch | undefined): void;
  strokeEnded(end: StrokeEnd): void;
  regionDrawn(box: Rect): void;
  /** Tell the person something; also read out by screen readers. */
  say(sentence: string, tone?: "info" | "problem"): void;
  readonly wand: WandChoice;
  readonly prompts: Prompts;
  /** Read what is shown of a box, pixel by pixel. @throws EditRefused while it cannot be had */
  readPicture(box: Rect): Promise<Picture>;
  /** Show an area that is not written yet. */
  showArea(area: Area | undefined, colour: string): void;
  /** Run an edit, which returns its report, and tell its refusal. */
  attempt<T>(edit: () => Promise<T>): Promise<T | undefined>;
}

export interface StrokeEnd {
  readonly at: ImagePoint;
  /** 0 when it was about no single object. */
  readonly instanceId: number;
}

/** One tool: feeds the toolbar, the shortcuts and the help sheet. */
export interface Tool {
  readonly name: ToolName;
  readonly label: string;
  /** Single key that chooses it. */
  readonly key: string;
  readonly cursor: "brush" | "pointer" | "crosshair" | "grab";
  /** Colour of the brush outline; only for brushes. */
  readonly tint?: string;
  /** One sentence shown in the status bar and the help sheet. */
  readonly help: string;
  /** Drawn with a stroke of 1.5 in a box of 20 x 20. */
  readonly icon: string;
  down(context: ToolContext, place: PointerPlace): Gesture | undefined;
  /** A key pressed while there is a sketch; false lets it mean what it always does. */
  press?(context: ToolContext, key: string): boolean;
}

/** Whether nothing can be changed now; says why. */
export function isBlocked(context: ToolContext): boolean {
  const problem = context.paintProblem();
  if (problem) context.say(problem, "problem");
  return problem !== undefined;
}

/** A press that moved farther than this (CSS pixels) is a drag. */
const DRAG_PX = 4;

export function isFar(from: PointerPlace, to: PointerPlace): boolean {
  return Math.hypot(to.screen.x - from.screen.x, to.screen.y - from.screen.y) > DRAG_PX;
}

/** A gesture that acts once, where the pointer was pressed, unless it is dragged away. */
export function click(act: () => void): Gesture {
  return { move() {}, end: act, cancel() {} };
}
