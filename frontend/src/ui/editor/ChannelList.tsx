/** Channels of the image: which are seen, in which colour and contrast. */
import { useState } from "preact/hooks";
import * as texts from "../../texts";
import type { EditorActions } from "./actions";
import { Histogram } from "./Histogram";
import { isDeeperThanView, leastSpan, storedText, toStored, toView } from "./intensity";
import { Key } from "./KeyParts";
import type { ImageInfo } from "./model";
import { NumberField, WindowSlider } from "./number_parts";
import { Button, Check, ICONS, Slider } from "./parts";

/** With more of them the panel would be only channels: their details are folded at first. */
const UNFOLDED_UP_TO = 2;
const MOST_GAMMA = 4;

export function ChannelList({ actions }: { actions: EditorActions }) {
  const { model, contrast } = actions;
  const image = model.image.value;
  if (!image) return null;
  return (
    <div class="channels">
      {model.channels.value.map((_style, index) => (
        // Channels never change their order.
        <Channel key={index} actions={actions} image={image} index={index} />
      ))}
      <FullDepth actions={actions} image={image} />
      <Check isOn={model.isPictureInverted.value} onChange={() => contrast.invertPicture()}>
        {texts.viewing.channels.invertPicture} <Key id="invert" />
      </Check>
      <Check
        isOn={model.isMinimapOn.value}
        onChange={(isOn) => {
          model.isMinimapOn.value = isOn;
        }}
        class="minimap-choice"
      >
        {texts.viewing.channels.minimap} <Key id="minimap" />
      </Check>
      <p class="hint">{texts.viewing.channels.keptFor}</p>
      <div class="row">
        <Button
          label={texts.viewing.channels.asTheImageHasIt}
          onClick={() => actions.viewing.look.reset()}
        >
          <span>{texts.viewing.channels.backToTheImages}</span>
        </Button>
      </div>
    </div>
  );
}

/** Only of images whose values are more than the 256 greys of tiles. */
function FullDepth({ actions, image }: { actions: EditorActions; image: ImageInfo }) {
  const { model, viewing } = actions;
  const isDeep = model.channels.value.some((_style, index) => isDeeperThanView(image, index));
  if (!isDeep) return null;
  const depth = model.depth.value;
  return (
    <>
      <Check isOn={model.isFullDepth.value} onChange={(isOn) => viewing.raw.setFullDepth(isOn)}>
        {texts.viewing.channels.fullDepth}
      </Check>
      <p class="hint" role="status">
        {depth === "stored" && texts.viewing.channels.storedValuesShown}
        {depth === "far" && texts.viewing.channels.zoomInFor}
      </p>
    </>
  );
}

interface ChannelProps {
  readonly actions: EditorActions;
  readonly image: ImageInfo;
  readonly index: number;
}

function Channel(props: ChannelProps) {
  const { actions, image, index } = props;
  const { model, contrast } = actions;
  const style = model.channels.value[index];
  const [isOpen, setOpen] = useState(model.channels.value.length <= UNFOLDED_UP_TO);
  if (!style) return null;
  return (
    <div class={style.visible ? "channel" : "channel is-off"}>
      <div class="channel-head">
        {!image.isRgb && <ShownAndColour {...props} />}
        <span class="channel-name" title={style.name}>
          {image.isRgb ? texts.viewing.channels.contrast : style.name}
        </span>
        <Button
          label={texts.viewing.channels.autoOf(style.name)}
          onClick={() => contrast.auto(index)}
          kind="quiet"
        >
          <span>{texts.viewing.channels.auto}</span>
        </Button>
        <Button
          label={texts.viewing.channels.numbersOf(style.name)}
          onClick={() => setOpen(!isOpen)}
          isPressed={isOpen}
          kind="quiet"
        >
          <span aria-hidden="true">{isOpen ? "▴" : "▾"}</span>
        </Button>
      </div>
      <div class="window-box">
        <Histogram image={image} index={index} histogram={model.histograms.value[index]} />
        <WindowSlider
          name={style.name}
          low={style.low}
          high={style.high}
          least={leastSpan(image, index)}
          textOf={(value) => storedText(image, toStored(image, index, value))}
          onInput={(low, high) => contrast.set(index, { low, high })}
        />
      </div>
      {isOpen && <Details {...props} />}
    </div>
  );
}

function ShownAndColour({ actions, index }: ChannelProps) {
  const { model, contrast } = actions;
  const style = model.channels.value[index];
  if (!style) return null;
  return (
    <>
      <Button
        label={texts.viewing.channels[style.visible ? "hide" : "show"](style.name)}
        icon={style.visible ? ICONS.eye : ICONS.eyeOff}
        isPressed={style.visible}
        kind="quiet"
        onClick={() => contrast.set(index, { visible: !style.visible })}
      />
      <input
        type="color"
        value={style.colour}
        aria-label={texts.viewing.channels.colourOf(style.name)}
        onInput={(event) => contrast.set(index, { colour: event.currentTarget.value })}
      />
    </>
  );
}

/** What is typed rather than dragged, and what is pressed. */
function Details({ actions, image, index }: ChannelProps) {
  const { model, contrast } = actions;
  const style = model.channels.value[index];
  if (!style) return null;
  const least = leastSpan(image, index);
  const view = (stored: number) => toView(image, index, stored);
  const shown = (value: number) => storedText(image, toStored(image, index, value));
  return (
    <>
      <div class="channel-numbers">
        <NumberField
          label={texts.viewing.channels.black}
          name={texts.viewing.channels.blackOf(style.name)}
          text={shown(style.low)}
          onNumber={(stored) => {
            const low = view(stored);
            contrast.set(index, { low, high: Math.max(style.high, low + least) });
          }}
        />
        <NumberField
          label={texts.viewing.channels.white}
          name={texts.viewing.channels.whiteOf(style.name)}
          text={shown(style.high)}
          onNumber={(stored) => {
            const high = view(stored);
            contrast.set(index, { high, low: Math.min(style.low, high - least) });
          }}
        />
        <NumberField
          label={texts.viewing.channels.gamma}
          name={texts.viewing.channels.gammaOf(style.name)}
          text={String(Number(style.gamma.toFixed(2)))}
          onNumber={(gamma) => {
            const within = Math.min(MOST_GAMMA, Math.max(1 / MOST_GAMMA, gamma));
            contrast.set(index, { gamma: within });
          }}
        />
      </div>
      <Slider
        label={texts.viewing.channels.gamma}
        value={Math.log2(style.gamma)}
        min={-2}
        max={2}
        step={0.05}
        text={style.gamma.toFixed(2)}
        onInput={(value) => contrast.set(index, { gamma: 2 ** value })}
        isCompact
      />
      <div class="channel-buttons">
        <Button
          label={texts.viewing.channels.autoInViewOf(style.name)}
          onClick={() => void contrast.autoInView(index)}
          kind="quiet"
        >
          <span>{texts.viewing.channels.autoInView}</span>
        </Button>
        {!image.isRgb && (
          <Button
            label={texts.viewing.channels.invertOf(style.name)}
            isPressed={style.isInverted}
            onClick={() => contrast.set(index, { isInverted: !style.isInverted })}
            kind="quiet"
          >
            <span>{texts.viewing.channels.invert}</span>
          </Button>
        )}
        <Button
          label={texts.viewing.channels.resetOf(style.name)}
          onClick={() => contrast.reset(index)}
          kind="quiet"
        >
          <span>{texts.viewing.channels.reset}</span>
        </Button>
      </div>
    </>
  );
}
