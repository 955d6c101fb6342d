/** What panels and keys may ask of the editor; the session does it. */
import type { ToolName } from "../../tools/tool";
import type { ContrastDesk } from "./contrast_desk";
import type { EditorModel } from "./model";
import type { RegionDesk } from "./region_desk";
import type { Review } from "./review";

export interface EditorActions {
  readonly model: EditorModel;
  readonly review: Review;
  readonly desk: RegionDesk;
  readonly contrast: ContrastDesk;

  chooseTool(name: ToolName): void;
  armNew(): void;
  changeRadius(direction: 1 | -1): void;
  undo(): void;
  redo(): void;
  escape(): void;
  deleteSelected(): void;
  selectNone(): void;
  revealSelected(): void;

  zoom(direction: 1 | -1): void;
  zoomToPixels(): void;
  fit(): void;
  pan(dx: number, dy: number): void;
  peek(isOn: boolean): void;
  holdPan(isOn: boolean): void;
  cycleLabelStyle(): void;
  focusStage(): void;
  /** Move the focus between image and toolbar: the way out where Tab steps through drafts. */
  leaveOrEnterStage(): void;

  retrySaving(): void;
  dismiss(notice: number): void;
}
