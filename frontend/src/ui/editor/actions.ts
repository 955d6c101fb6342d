/** What panels and keys may ask of the editor; the session does it. */
import type { BlameDesk } from "./blame_desk";
import type { ChosenDesk } from "./chosen_desk";
import type { ClassDesk } from "./class_desk";
import type { CompareDesk } from "./compare_desk";
import type { ConflictDesk } from "./conflict_desk";
import type { ContrastDesk } from "./contrast_desk";
import type { DraftDesk } from "./draft_desk";
import type { HistoryList } from "./history_list";
import type { KeyDesk } from "./key_desk";
import type { ListDesk } from "./list_desk";
import type { LoginDesk } from "./login_desk";
import type { MapDesk } from "./map_desk";
import type { EditorModel } from "./model";
import type { PaintDesk } from "./paint_desk";
import type { PeopleDesk } from "./people_desk";
import type { PlaneDesk } from "./plane_desk";
import type { RegionDesk } from "./region_desk";
import type { Review } from "./review";
import type { SuggestionDesk } from "./suggestion_desk";
import type { TimeTravel } from "./time_travel";
import type { TourDesk } from "./tour_desk";
import type { ViewDesk } from "./view_desk";
import type { Viewing } from "./viewing";

export interface EditorActions {
  readonly model: EditorModel;
  readonly drafts: DraftDesk;
  readonly review: Review;
  readonly regions: RegionDesk;
  readonly contrast: ContrastDesk;
  readonly view: ViewDesk;
  readonly paint: PaintDesk;
  readonly planes: PlaneDesk;
  readonly classes: ClassDesk;
  readonly many: ChosenDesk;
  readonly list: ListDesk;
  readonly compare: CompareDesk;
  readonly conflicts: ConflictDesk;
  readonly suggestions: SuggestionDesk;
  readonly login: LoginDesk;
  readonly viewing: Viewing;
  readonly maps: MapDesk;
  readonly people: PeopleDesk;
  readonly tour: TourDesk;
  readonly keys: KeyDesk;

  readonly steps: HistoryList;
  readonly travel: TimeTravel;
  readonly blame: BlameDesk;

  /** Open the history, of one object on request, or close it; closed, one is back in the present. */
  toggleHistory(instanceId?: number): void;
  retrySaving(): void;
  dismiss(notice: number): void;
}
