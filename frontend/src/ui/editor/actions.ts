/** What panels and keys may ask of the editor; the session does it. */
import type { Rect } from "../../geometry/rect";
import type { Preserve } from "../../store/types";
import type { ToolName } from "../../tools/tool";
import type { ChannelStyle } from "../../viewer/channels";
import type { Coverage, EditorModel, Purpose, RegionInfo } from "./model";

export interface EditorActions {
  readonly model: EditorModel;

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

  setChannel(index: number, change: Partial<ChannelStyle>): void;
  autoChannel(index: number): void;
  resetChannel(index: number): void;

  chooseDraft(id: string | undefined): void;
  accept(): void;
  reject(): void;
  editDraft(): void;
  stepDoubtful(direction: 1 | -1): void;
  acceptAbove(score: number, preserve: Preserve): void;

  drawRegion(): void;
  proposeWholeImage(): void;
  declareRegion(box: Rect, coverage: Coverage, purpose: Purpose): void;
  dropDrawnBox(): void;
  showRegion(region: RegionInfo): void;
  changeRegion(region: RegionInfo, change: { coverage?: Coverage; purpose?: Purpose }): void;
  deleteRegion(region: RegionInfo): void;
  submitRegion(region: RegionInfo): void;
  reopenRegion(region: RegionInfo): void;
  objectsIn(box: Rect): number;

  retrySaving(): void;
  dismiss(notice: number): void;
}
