/** What panels and keys may ask of the editor; the session does it. */
import type { ClassDesk } from "./class_desk";
import type { ConflictDesk } from "./conflict_desk";
import type { ContrastDesk } from "./contrast_desk";
import type { LoginDesk } from "./login_desk";
import type { EditorModel } from "./model";
import type { PaintDesk } from "./paint_desk";
import type { PeopleDesk } from "./people_desk";
import type { PlaneDesk } from "./plane_desk";
import type { RegionDesk } from "./region_desk";
import type { Review } from "./review";
import type { SuggestionDesk } from "./suggestion_desk";
import type { ViewDesk } from "./view_desk";

export interface EditorActions {
  readonly model: EditorModel;
  readonly review: Review;
  readonly desk: RegionDesk;
  readonly contrast: ContrastDesk;
  readonly view: ViewDesk;
  readonly paint: PaintDesk;
  readonly planes: PlaneDesk;
  readonly classes: ClassDesk;
  readonly conflicts: ConflictDesk;
  readonly guide: SuggestionDesk;
  readonly login: LoginDesk;
  readonly people: PeopleDesk;

  retrySaving(): void;
  dismiss(notice: number): void;
}
