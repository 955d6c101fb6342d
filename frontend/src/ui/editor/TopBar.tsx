/** The bar above the image: where we are, what is saved, back and forward. */

import * as texts from "../../texts";
import { count } from "../../texts/numbers";
import type { EditorActions } from "./actions";
import { keyOf } from "./key_bindings";
import { People } from "./People";
import { Button, ICONS, Icon } from "./parts";

export interface Links {
  readonly project: string;
  readonly training: string;
  readonly previous: string | undefined;
  readonly next: string | undefined;
}

export function TopBar({ actions, links }: { actions: EditorActions; links: Links }) {
  const { model } = actions;
  const image = model.image.value;
  return (
    <header class="topbar">
      <OtherPages links={links} />
      <h1 class="image-name" title={image?.name}>
        {image?.name ?? "…"}
      </h1>
      {image && (
        <span class="image-facts wide-only">
          {count(image.width)} × {count(image.height)}
          {image.nZ > 1 && ` × ${count(image.nZ)}`}
        </span>
      )}
      <span class="spring" />
      <People actions={actions} project={links.project} />
      <AsideMark actions={actions} />
      {model.mayAnnotate.value ? (
        <SaveMark actions={actions} />
      ) : (
        <span>{texts.editor.topBar.viewOnly}</span>
      )}
      <BackAndForward actions={actions} />
      <Button
        label={texts.editor.topBar.history}
        keyFor="history"
        icon={ICONS.history}
        isPressed={actions.steps.isOpen.value}
        onClick={() => actions.toggleHistory()}
        kind="quiet"
      />
      <Button
        label={texts.editor.topBar.help}
        keyFor="help"
        icon={ICONS.help}
        name="help"
        onClick={() => {
          model.isHelpOpen.value = true;
        }}
        kind="quiet"
      />
      <Button
        label={texts.editor.topBar.sidePanel}
        icon={ICONS.panel}
        name="panel"
        isPressed={model.isPanelOpen.value}
        onClick={() => {
          model.isPanelOpen.value = !model.isPanelOpen.value;
        }}
        kind="quiet"
      />
    </header>
  );
}

/** The project, and the images beside this one. */
function OtherPages({ links }: { links: Links }) {
  return (
    <>
      <a class="button button-quiet" href={links.project} title={texts.editor.backToProject}>
        <Icon path={ICONS.back} />
        <span class="wide-only">{texts.editor.topBar.project}</span>
      </a>
      <nav class="pager" aria-label={texts.editor.topBar.images}>
        <PageLink
          href={links.previous}
          label={texts.editor.topBar.previousImage}
          keys={keyOf("previous-image")}
          icon="previous"
        />
        <PageLink
          href={links.next}
          label={texts.editor.topBar.nextImage}
          keys={keyOf("next-image")}
          icon="next"
        />
      </nav>
    </>
  );
}

function BackAndForward({ actions }: { actions: EditorActions }) {
  const history = actions.model.history.value;
  const what = (kind: string | null) => (kind ? texts.kindWord(kind) : "");
  return (
    <>
      <Button
        label={texts.editor.topBar.undo(what(history.undoKind))}
        keyFor="undo"
        icon={ICONS.undo}
        name="undo"
        isDisabled={!history.canUndo}
        onClick={() => actions.paint.undo()}
        kind="quiet"
      />
      <Button
        label={texts.editor.topBar.redo(what(history.redoKind))}
        keyFor="redo"
        icon={ICONS.redo}
        name="redo"
        isDisabled={!history.canRedo}
        onClick={() => actions.paint.redo()}
        kind="quiet"
      />
    </>
  );
}

/** Leads to what the server will never take as it is. */
function AsideMark({ actions }: { actions: EditorActions }) {
  const n = actions.model.aside.value.length;
  if (n === 0) return null;
  return (
    <button
      type="button"
      class="button aside-mark"
      title={texts.saving.asideHelp}
      onClick={() => actions.conflicts.openAside()}
    >
      {texts.saving.nAside(n)}
    </button>
  );
}

function PageLink(props: {
  href: string | undefined;
  label: string;
  keys: string;
  icon: "previous" | "next";
}) {
  const path = ICONS[props.icon];
  if (!props.href) {
    return (
      <span class="button button-quiet button-icon is-disabled" aria-hidden="true">
        <Icon path={path} />
      </span>
    );
  }
  return (
    <a
      class="button button-quiet button-icon"
      href={props.href}
      title={`${props.label} (${props.keys})`}
      aria-label={props.label}
    >
      <Icon path={path} />
    </a>
  );
}

/** A word and a dot: whether every stroke is on the server. */
function SaveMark({ actions }: { actions: EditorActions }) {
  const save = actions.model.save.value;
  const waiting = save.queued;
  const words = {
    saved: texts.saving.saved,
    saving: texts.saving.saving,
    offline: texts.saving.offline(waiting),
    "server-trouble": texts.saving.serverTrouble(waiting),
    "login-needed": texts.saving.loginNeeded(waiting),
    refused: texts.saving.refused(waiting),
    "storage-blocked": save.queued > 0 ? texts.saving.storageBlocked(waiting) : texts.saving.saved,
  }[save.state];
  const isTrouble = save.state !== "saved" && save.state !== "saving";
  return (
    <button
      type="button"
      class={`save-mark save-${save.state}`}
      title={save.lastError ?? (isTrouble ? texts.saving.tryNow : texts.saving.allOnServer)}
      onClick={() => actions.retrySaving()}
    >
      <span class="save-dot" aria-hidden="true" />
      <span class="save-words">{words}</span>
    </button>
  );
}
