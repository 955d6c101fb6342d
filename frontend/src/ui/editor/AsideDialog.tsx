/** Strokes that the server will never take as they are, and what can be done about each. */
import { useState } from "preact/hooks";
import type { AsideOp } from "../../store/types";
import type { EditorActions } from "./actions";
import { kindWord } from "./kind_words";
import { Modal } from "./Modal";
import { Button, plural } from "./parts";

export function AsideDialog({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  if (!model.isAsideOpen.value) return null;
  const aside = model.aside.value;
  const close = () => {
    model.isAsideOpen.value = false;
    actions.view.focusStage();
  };
  return (
    <Modal title="Strokes that could not be saved" onClose={close}>
      <p class="hint">
        The server did not take these. They are kept in this browser until you decide.
      </p>
      {aside.length === 0 && <p>None is left.</p>}
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
  const what = op.nObjects > 0 ? plural(op.nObjects, "draft object") : plural(op.nPixels, "pixel");
  return (
    <li class="aside-item">
      <p>
        <strong>{kindWord(op.kind)}</strong>, {what},{" "}
        <time dateTime={new Date(op.at).toISOString()}>{new Date(op.at).toLocaleString()}</time>
      </p>
      <p class="hint">{op.why}</p>
      <div class="row">
        <Button label="Try again" kind="primary" onClick={() => conflicts.retryAside(op.key)}>
          <span>Try again</span>
        </Button>
        {rect && (
          <Button label="Show the place" onClick={() => conflicts.showAside(op)}>
            <span>Show</span>
          </Button>
        )}
        <Button label="Download" onClick={() => download(op, conflicts.fileOf(op.key))}>
          <span>Download</span>
        </Button>
        <Button
          label={isSure ? "Discard for good" : "Discard"}
          kind="danger"
          onClick={() => (isSure ? conflicts.discardAside(op.key) : setSure(true))}
        >
          <span>{isSure ? "Discard for good?" : "Discard"}</span>
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
