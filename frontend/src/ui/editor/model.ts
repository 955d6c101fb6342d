/** What the editor shows and what a person chose, as signals; no network, no canvas. */
import { computed, effect, signal } from "@preact/signals";
import type { Suggestion } from "../../api/round_types";
import type { ClassJson } from "../../api/types";
import type { Rect } from "../../geometry/rect";
import type { PlaneRef, Span } from "../../labels/spans";
import type { HistoryState, LongEdit } from "../../store/edit_types";
import type { AsideOp, SaveState } from "../../store/saving_types";
import type { ChannelStyle } from "../../viewer/channels";
import { type Authors, NO_AUTHORS } from "./author_words";
import { type Among, NONE_CHOSEN } from "./chosen";
import type { Notice } from "./notices";
import { keep, type Remembered, recall } from "./remembered";
import { viewSignals } from "./view_model";

export interface ImageInfo {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly isRgb: boolean;
  /** Planes of the stack, and of the time series. */
  readonly nZ: number;
  readonly nT: number;
  readonly pixelSizeUm: number | null;
  readonly dtype: string;
  /** Stored value at the dark and bright end of each 8-bit tile plane. */
  readonly channels: readonly {
    readonly name: string;
    readonly colour: string;
    readonly window: readonly [number, number];
  }[];
}

export interface DraftInfo {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly nInstances: number;
  readonly nProposed: number;
}

export type Coverage = "complete" | "positives_only" | "ignore";
export type Purpose = "training" | "blind_validation";

export interface RegionInfo extends Span {
  readonly id: string;
  readonly box: Rect;
  readonly coverage: Coverage;
  readonly purpose: Purpose;
  readonly state: "open" | "submitted";
}

export interface ObjectFacts extends Span {
  readonly id: number;
  readonly areaPx: number;
  readonly state: string;
  readonly score: number | null;
  readonly doubt: number | null;
  readonly className: string;
}

export interface DraftCounts {
  readonly total: number;
  /** Proposed, and not over finished work. */
  readonly left: number;
  /** Proposed, but over finished work. */
  readonly nFinished: number;
}

export const SMALLEST_RADIUS = 0.5;
export const LARGEST_RADIUS = 500;

export type EditorModel = ReturnType<typeof makeModel>;

export function makeModel() {
  const memory = recall();
  const model = {
    ...imageSignals(),
    ...toolSignals(memory),
    ...objectSignals(memory),
    ...lookSignals(memory),
    ...viewSignals(),
    ...draftAndRegionSignals(memory),
    ...savingSignals(),
    ...pageSignals(memory),
  };

  effect(() => {
    const remembered: Remembered = {
      // Tools that act at one click are not what a person wants to wake up with.
      tool: model.tool.value === "select" ? "select" : "brush",
      radius: model.radius.value,
      mode: model.mode.value,
      startsNew: model.startsNew.value,
      wandTolerance: model.wandTolerance.value,
      wandFillsHoles: model.wandFillsHoles.value,
      labelStyle: model.labelStyle.value,
      colourBy: model.colourBy.value,
      palette: model.palette.value,
      reviewOrder: model.reviewOrder.value,
      activeClass: model.activeClass.value,
      opacity: model.opacity.value,
      edgeWidth: model.edgeWidth.value,
      draftOpacity: model.draftOpacity.value,
      touchPaints: model.touchPaints.value,
      isPanelOpen: hasRoom() ? model.isPanelOpen.value : memory.isPanelOpen,
    };
    keep(remembered);
  });
  return model;
}

/** The image, and which plane of it. */
function imageSignals() {
  const image = signal<ImageInfo | undefined>(undefined);
  return {
    image,
    /** 1 x 1 for a single picture. */
    stackSize: computed(() => ({ nZ: image.value?.nZ ?? 1, nT: image.value?.nT ?? 1 })),
    /** What picture and labels show. */
    plane: signal<PlaneRef>({ t: 0, z: 0 }),
    /** Where the person wants to be; ahead of `plane` while that is fetched. */
    wantedPlane: signal<PlaneRef>({ t: 0, z: 0 }),
    isPlaneLate: signal(false),
    /** The picture is the maximum over z; the labels are those of the plane. */
    isProjected: signal(false),
    /** Why nothing can be shown; undefined while all is well. */
    failure: signal<string | undefined>(undefined),
    isLoading: signal(true),
    /** False for people who may only look. */
    mayAnnotate: signal(true),
    /** Whether the person may change the project's classes. */
    mayManage: signal(false),
  };
}

/** What painting does. */
function toolSignals(memory: Remembered) {
  return {
    tool: signal(memory.tool),
    radius: signal(memory.radius),
    mode: signal(memory.mode),
    startsNew: signal(memory.startsNew),
    wandTolerance: signal(memory.wandTolerance),
    wandFillsHoles: signal(memory.wandFillsHoles),
    isNewArmed: signal(false),
    touchPaints: signal(memory.touchPaints),
  };
}

/** Objects that something is done to, and their classes. */
function objectSignals(memory: Remembered) {
  return {
    selected: signal(0),
    selectedDraft: signal(0),
    /** Many objects at once, for what is done to all of them. */
    chosen: signal(NONE_CHOSEN),
    /** Whose objects are chosen among, and listed. */
    among: signal<Among>("annotation"),
    /** Choosing draws a lasso and not a box. */
    isLasso: signal(false),
    facts: signal<ObjectFacts | undefined>(undefined),
    draftFacts: signal<ObjectFacts | undefined>(undefined),
    nObjects: signal(0),

    /** Kinds of objects of the project. */
    classes: signal<readonly ClassJson[]>([]),
    /** What new objects are; "" for no class. */
    activeClass: signal(memory.activeClass),
    /** Objects of the annotation by class. */
    classCounts: signal<ReadonlyMap<string, number>>(new Map()),
  };
}

/** How objects and channels are drawn. */
function lookSignals(memory: Remembered) {
  return {
    labelStyle: signal(memory.labelStyle),
    colourBy: signal(memory.colourBy),
    palette: signal(memory.palette),
    /** Who made which object; read while colours tell it. */
    authors: signal<Authors>(NO_AUTHORS),
    opacity: signal(memory.opacity),
    /** Of outlines, in image pixels. */
    edgeWidth: signal(memory.edgeWidth),
    draftOpacity: signal(memory.draftOpacity),
    /** Two layers are compared instead: labels are hidden and nothing is painted. */
    isComparing: signal(false),
    /** Labels are hidden while the key is held. */
    isPeeking: signal(false),
    channels: signal<readonly ChannelStyle[]>([]),
  };
}

/** Drafts to review, and regions that say what is done. */
function draftAndRegionSignals(memory: Remembered) {
  return {
    drafts: signal<readonly DraftInfo[]>([]),
    draftId: signal<string | undefined>(undefined),
    draftCounts: signal<DraftCounts>({ total: 0, left: 0, nFinished: 0 }),
    /** Drafts over finished work are drawn too, faded. */
    showsFinished: signal(false),
    /** An open blind region is in view: nobody may see a draft before it is submitted. */
    isBlind: signal(false),
    /** In which order the objects of a draft come. */
    reviewOrder: signal(memory.reviewOrder),

    regions: signal<readonly RegionInfo[]>([]),
    chosenRegion: signal<string | undefined>(undefined),
    drawnBox: signal<Rect | undefined>(undefined),

    /** Of the project; those with a region say why it was opened. */
    suggestions: signal<readonly Suggestion[]>([]),
  };
}

/** What became of edits. */
function savingSignals() {
  return {
    longEdit: signal<LongEdit | null>(null),
    save: signal<SaveState>({
      state: "saved",
      queued: 0,
      online: true,
      lastError: null,
      isJournalled: true,
    }),
    history: signal<HistoryState>({
      canUndo: false,
      canRedo: false,
      undoKind: null,
      redoKind: null,
    }),
    /** Strokes that the server will never take as they are. */
    aside: signal<readonly AsideOp[]>([]),
    isAsideOpen: signal(false),
    isLoginOpen: signal(false),
  };
}

/** What the page shows around the image. */
function pageSignals(memory: Remembered) {
  return {
    scale: signal(1),
    cursor: signal<{ x: number; y: number; label: number; className: string } | undefined>(
      undefined,
    ),
    notices: signal<readonly Notice[]>([]),
    /** Read out by screen readers. */
    spoken: signal(""),
    isHelpOpen: signal(false),
    isPanelOpen: signal(memory.isPanelOpen && hasRoom()),
  };
}

/** Whether panel and picture have room beside each other. */
function hasRoom(): boolean {
  return window.innerWidth > 760;
}
