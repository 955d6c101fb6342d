/** The line below the image: where the pointer is, how large things are, what the tool does. */
import * as texts from "../../texts";
import { withKey } from "../../texts/keys";
import { toolNamed } from "../../tools/tools";
import type { EditorActions } from "./actions";
import { keyOf, withKeys } from "./key_bindings";
import { Position, Values } from "./PixelValues";
import { Button, ICONS } from "./parts";
import { lengthText, scaleBar } from "./units";

export function StatusBar({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  const tool = toolNamed(model.tool.value);
  const pixelSize = model.image.value?.pixelSizeUm ?? null;
  const isBrush = tool.cursor === "brush";
  return (
    <footer class="statusbar">
      <Position actions={actions} />
      <span class="zoom">
        <Button
          label={texts.viewing.zoom.out}
          keyFor="zoom-out"
          icon={ICONS.minus}
          kind="quiet"
          onClick={() => actions.view.zoom(-1)}
        />
        <button
          type="button"
          class="button button-quiet zoom-value"
          title={withKey(texts.viewing.zoom.toPixels, keyOf("actual-pixels"))}
          onClick={() => actions.view.zoomToPixels()}
        >
          {percent(model.scale.value)}
        </button>
        <Button
          label={texts.viewing.zoom.in}
          keyFor="zoom-in"
          icon={ICONS.plus}
          kind="quiet"
          onClick={() => actions.view.zoom(1)}
        />
        <Button
          label={texts.viewing.zoom.fit}
          keyFor="fit"
          icon={ICONS.fit}
          kind="quiet"
          onClick={() => actions.view.fit()}
        />
      </span>
      {isBrush && <span class="brush-size">⌀ {lengthText(model.radius.value * 2, pixelSize)}</span>}
      <Values actions={actions} />
      <span class="tool-help">
        <strong>{tool.label}</strong> {withKeys(tool.help)}
      </span>
    </footer>
  );
}

export function ScaleBar({ actions }: { actions: EditorActions }) {
  const { model } = actions;
  const bar = scaleBar(model.scale.value, model.image.value?.pixelSizeUm ?? null);
  return (
    <div class="scale-bar" style={`width:${bar.widthPx}px`} aria-hidden="true">
      {bar.text}
    </div>
  );
}

function percent(scale: number): string {
  const value = scale * 100;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} %`;
}
