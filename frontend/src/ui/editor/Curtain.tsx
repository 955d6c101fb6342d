/** What is said and dragged over the image while two layers are compared. */

import * as texts from "../../texts";
import type { EditorActions } from "./actions";

const STEP = 0.02;
const LEAST = 0.02;

export function ComparisonOverlay({ actions }: { actions: EditorActions }) {
  const { compare } = actions;
  if (!compare.isOn) return null;
  const share = compare.state.curtain.value;
  return (
    <>
      {share === undefined ? (
        <p class="stage-note compare-note">
          {texts.compare.note(
            compare.state.rowOf("a")?.name ?? "",
            compare.state.rowOf("b")?.name ?? "",
          )}
        </p>
      ) : (
        <Curtain actions={actions} share={share} />
      )}
    </>
  );
}

function Curtain({ actions, share }: { actions: EditorActions; share: number }) {
  const { compare } = actions;
  const move = (to: number) => {
    compare.state.curtain.value = Math.min(1 - LEAST, Math.max(LEAST, to));
  };
  const percent = Math.round(share * 100);
  return (
    <>
      <span class="curtain-name curtain-left" style={{ right: `${100 - share * 100}%` }}>
        {texts.compare.curtains.left(compare.state.rowOf("a")?.name ?? "")}
      </span>
      <span class="curtain-name curtain-right" style={{ left: `${share * 100}%` }}>
        {texts.compare.curtains.right(compare.state.rowOf("b")?.name ?? "")}
      </span>
      {/* biome-ignore lint/a11y/useSemanticElements: a separator that is moved is no line of a text */}
      <div
        class="curtain"
        role="separator"
        tabIndex={0}
        aria-orientation="vertical"
        aria-label={texts.compare.curtains.handle}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={texts.compare.curtains.shareOfA(percent)}
        style={{ left: `${share * 100}%` }}
        onKeyDown={(event) => {
          const by = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
          const to = by ? share + by : { Home: 0, End: 1 }[event.key];
          if (to === undefined) return;
          event.preventDefault();
          move(to);
        }}
        onPointerDown={(event) => {
          event.preventDefault();
          event.currentTarget.focus();
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={(event) => {
          if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
          const frame = event.currentTarget.parentElement?.getBoundingClientRect();
          if (frame) move((event.clientX - frame.left) / frame.width);
        }}
      />
    </>
  );
}
