/** Strokes that the server will never take as they are, and what can be done about each. */
import { useState } from "preact/hooks";
import type { AsideOp } from "../../store/saving_types";
import * as texts from "../../texts";
import type { EditorActions } from "./actions";
import { Modal } from "./Modal";
import { Button } from "./parts";

export function AsideDialog({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  if (!model.isAsideOpen.value) return null;
  const aside = model.aside.value;
  const close = () => {
    model.isAsideOpen.value = false;
    actions.view.focusStage();
  };
  return (
    <Modal title={texts.saving.aside.title} onClose={close}>
      <p class="hint">{texts.saving.aside.whatTheseAre}</p>
      {aside.length === 0 && <p>{texts.saving.aside.noneLeft}</p>}
      <ul class="aside-list">
        {aside.map((op) => (
          <Item key={op.key} actions={actions} op={op} />
        ))}
      </ul>
    </Modal>
  );
}

function Item({ actions, op }: { actions: EditorActions; op: AsideOp }) {
  const [isSure, setSure] = useState(false);
  const { conflicts } = actions;
  const { rect } = op;
  const what =
    op.nObjects > 0 ? texts.objects.nObjects(op.nObjects, true) : texts.common.nPixels(op.nPixels);
  return (
    <li class="aside-item">
      <p>
        <strong>{texts.kindWord(op.kind)}</strong>, {what},{" "}
        <time dateTime={new Date(op.at).toISOString()}>{new Date(op.at).toLocaleString()}</time>
      </p>
      <p class="hint">{op.why}</p>
      <div class="row">
        <Button
          label={texts.common.tryAgain}
          kind="primary"
          onClick={() => conflicts.retryAside(op.key)}
        >
          <span>{texts.common.tryAgain}</span>
        </Button>
        {rect && (
          <Button label={texts.saving.aside.showPlace} onClick={() => conflicts.showAside(op)}>
            <span>{texts.saving.aside.show}</span>
          </Button>
        )}
        <Button
          label={texts.saving.aside.download}
          onClick={() => download(op, conflicts.fileOf(op.key))}
        >
          <span>{texts.saving.aside.download}</span>
        </Button>
        <Button
          label={isSure ? texts.saving.aside.discardForGood : texts.saving.aside.discard}
          kind="danger"
          onClick={() => (isSure ? conflicts.discardAside(op.key) : setSure(true))}
        >
          <span>{isSure ? texts.saving.aside.discardQuestion : texts.saving.aside.discard}</span>
        </Button>
      </div>
    </li>
  );
}

function download(op: AsideOp, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = `cytoloop-${op.kind}-${new Date(op.at).toISOString().replaceAll(":", "-")}.json`;
  link.click();
  // The browser has taken the text over by the next turn.
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
