/** The editor page: bars and panels around the stage. */
import { useEffect, useRef } from "preact/hooks";
import * as texts from "../../texts";
import { AsideDialog } from "./AsideDialog";
import type { EditorActions } from "./actions";
import { BookmarkPanel } from "./BookmarkPanel";
import { ClassPanel } from "./ClassPanel";
import { ComparePanel } from "./ComparePanel";
import { ComparisonOverlay } from "./Curtain";
import { DraftPanel } from "./DraftPanel";
import { HistoryPanel, PastBanner } from "./HistoryPanel";
import { ListPanel } from "./ListPanel";
import { LongEditBar } from "./LongEditBar";
import { Minimap } from "./Minimap";
import type { EditorModel } from "./model";
import { ObjectPanel } from "./ObjectPanel";
import { HelpSheet, LoginDialog, Notices } from "./Overlays";
import { FollowNote } from "./People";
import { PlaneBar, ProjectionNote } from "./PlaneBar";
import { RegionPanel } from "./RegionPanel";
import { ScaleBar, StatusBar } from "./StatusBar";
import { ToolBar, ToolOptions } from "./ToolBar";
import { type Links, TopBar } from "./TopBar";
import { TourCard } from "./Tour";
import { ViewPanel } from "./ViewPanel";

export function App(props: {
  readonly model: EditorModel;
  readonly links: Links;
  readonly actions: EditorActions | undefined;
  /** Called once with the element that takes the image. */
  readonly onStage: (element: HTMLElement) => void;
}) {
  const { model, actions, links } = props;
  const stage = useRef<HTMLDivElement>(null);
  // The stage outlives every render: it belongs to the viewer.
  useEffect(() => {
    if (stage.current) props.onStage(stage.current);
  }, []);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: no control, see onClick
    // biome-ignore lint/a11y/useKeyWithClickEvents: only moves the focus after a mouse click
    <div
      class={model.isPanelOpen.value ? "editor has-panel" : "editor"}
      data-tour={actions?.tour.step.value}
      onClick={(event) => {
        // After a click with the mouse the keys belong to the image again, unless it has opened
        // something to type into.
        const target = event.target as HTMLElement;
        const isTyping = document.activeElement?.matches("input, textarea, select") ?? false;
        const isButton = target.closest("button") !== null && !target.closest("dialog");
        if (event.detail > 0 && isButton && !isTyping) {
          actions?.view.focusStage();
        }
      }}
    >
      {actions ? <TopBar actions={actions} links={links} /> : <Waiting links={links} />}
      {actions && !actions.travel.isAway && <ToolOptions actions={actions} />}
      {actions && <PastBanner actions={actions} />}
      {actions && <ToolBar actions={actions} />}
      <main class="stage-frame" aria-label={texts.editor.image}>
        <div ref={stage} class="stage" data-cursor="crosshair" />
        {actions && <ProjectionNote actions={actions} />}
        {actions && <ComparisonOverlay actions={actions} />}
        {actions && <FollowNote actions={actions} />}
        {actions && <ScaleBar actions={actions} />}
        {actions && <Minimap actions={actions} />}
        {actions && <LongEditBar actions={actions} />}
        <Placeholder model={model} links={links} />
        {actions && <Notices actions={actions} />}
        {actions && <TourCard actions={actions} />}
      </main>
      {actions && model.isPanelOpen.value && (
        <aside class="panel" aria-label={texts.editor.sidePanelHolds}>
          {actions.steps.isOpen.value ? (
            <HistoryPanel actions={actions} />
          ) : (
            <>
              {!model.isComparing.value && <DraftPanel actions={actions} links={links} />}
              <ComparePanel actions={actions} />
              <ClassPanel actions={actions} />
              <ObjectPanel actions={actions} />
              <ListPanel actions={actions} />
              <RegionPanel actions={actions} />
              <ViewPanel actions={actions} />
              <BookmarkPanel actions={actions} />
            </>
          )}
        </aside>
      )}
      {actions && <PlaneBar actions={actions} />}
      {actions && <StatusBar actions={actions} />}
      {actions && <HelpSheet actions={actions} />}
      {actions && <AsideDialog actions={actions} />}
      {actions && <LoginDialog actions={actions} />}
    </div>
  );
}

function Waiting({ links }: { links: Links }) {
  return (
    <header class="topbar">
      <a class="button button-quiet" href={links.project}>
        {texts.editor.backToProject}
      </a>
    </header>
  );
}

function Placeholder({ model, links }: { model: EditorModel; links: Links }) {
  if (model.failure.value) {
    return (
      <div class="placeholder" role="alert">
        <p>{model.failure.value}</p>
        <div class="row">
          <button type="button" class="button button-primary" onClick={() => location.reload()}>
            {texts.common.tryAgain}
          </button>
          <a class="button" href={links.project}>
            {texts.editor.backToProject}
          </a>
        </div>
      </div>
    );
  }
  if (!model.isLoading.value) return null;
  return (
    <div class="placeholder" role="status">
      <p>{texts.editor.opening}</p>
    </div>
  );
}
