/** How far an edit of many parts is, and the way to leave it at what is done. */
import { longEdits } from "../../texts/long_edits";
import type { EditorActions } from "./actions";
import { Button } from "./parts";

export function LongEditBar({ actions }: { actions: EditorActions }) {
  const edit = actions.model.longEdit.value;
  if (!edit) return null;
  const text = longEdits.progress(edit.kind, edit.part);
  return (
    <section class="long-edit" aria-label={text}>
      <span>{text}</span>
      <progress value={edit.part} aria-label={text} />
      {edit.isWaiting && <span class="long-edit-wait">{longEdits.waits}</span>}
      <Button label={longEdits.stop} onClick={edit.stop}>
        <span>{longEdits.stop}</span>
      </Button>
    </section>
  );
}
