/** The bar above the image: where we are, what is saved, back and forward. */
import type { EditorActions } from "./actions";
import { keyOf } from "./key_bindings";
import { kindWord } from "./kind_words";
import { People } from "./People";
import { Button, count, ICONS, Icon, plural } from "./parts";

export interface Links {
  readonly project: string;
  readonly training: string;
  readonly previous: string | undefined;
  readonly next: string | undefined;
}

export function TopBar({ actions, links }: { actions: EditorActions; links: Links }) {
  const { model } = actions;
  const history = model.history.value;
  const what = (kind: string | null) => (kind ? ` ${kindWord(kind)}` : "");
  const image = model.image.value;
  return (
    <header class="topbar">
      <a class="button button-quiet" href={links.project} title="Back to the project">
        <Icon path={ICONS.back} />
        <span class="wide-only">Project</span>
      </a>
      <nav class="pager" aria-label="Images">
        <PageLink
          href={links.previous}
          label="Previous image"
          keys={keyOf("previous-image")}
          icon="previous"
        />
        <PageLink href={links.next} label="Next image" keys={keyOf("next-image")} icon="next" />
      </nav>
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
      <People actions={actions} />
      {model.aside.value.length > 0 && (
        <button
          type="button"
          class="button aside-mark"
          title="Strokes that the server did not take: decide what becomes of them"
          onClick={() => actions.conflicts.openAside()}
        >
          {count(model.aside.value.length)} not saved
        </button>
      )}
      {model.mayAnnotate.value ? <SaveMark actions={actions} /> : <span>View only</span>}
      <Button
        label={`Undo${what(history.undoKind)}`}
        keyFor="undo"
        icon={ICONS.undo}
        isDisabled={!history.canUndo}
        onClick={() => actions.paint.undo()}
        kind="quiet"
      />
      <Button
        label={`Redo${what(history.redoKind)}`}
        keyFor="redo"
        icon={ICONS.redo}
        isDisabled={!history.canRedo}
        onClick={() => actions.paint.redo()}
        kind="quiet"
      />
      <Button
        label="History"
        keyFor="history"
        icon={ICONS.history}
        isPressed={actions.steps.isOpen.value}
        onClick={() => actions.toggleHistory()}
        kind="quiet"
      />
      <Button
        label="Shortcuts and help"
        keyFor="help"
        icon={ICONS.help}
        onClick={() => {
          model.isHelpOpen.value = true;
        }}
        kind="quiet"
      />
      <Button
        label="Side panel"
        icon={ICONS.panel}
        isPressed={model.isPanelOpen.value}
        onClick={() => {
          model.isPanelOpen.value = !model.isPanelOpen.value;
        }}
        kind="quiet"
      />
    </header>
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
  const waiting = plural(save.queued, "stroke");
  const words = {
    saved: "Saved",
    saving: "Saving…",
    offline: `Offline, ${waiting} kept here`,
    "server-trouble": `Not saved yet, ${waiting} kept here`,
    "login-needed": `Signed out, ${waiting} kept here`,
    refused: `Not saved: ${waiting}`,
    "storage-blocked": save.queued > 0 ? `${waiting} not saved yet` : "Saved",
  }[save.state];
  const isTrouble = save.state !== "saved" && save.state !== "saving";
  return (
    <button
      type="button"
      class={`save-mark save-${save.state}`}
      title={save.lastError ?? (isTrouble ? "Try again now" : "Every stroke is on the server")}
      onClick={() => actions.retrySaving()}
    >
      <span class="save-dot" aria-hidden="true" />
      <span class="save-words">{words}</span>
    </button>
  );
}
