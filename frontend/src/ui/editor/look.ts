/** What is kept of how a person shows images, and what it means for one image; pure. */
import type { ChannelLook, ViewSettings } from "../../api/views";
import type { ChannelStyle } from "../../viewer/channels";
import { leastSpan, type Scaled, toStored, toView } from "./intensity";

/** How the image shows its channels by itself, changed as the person did in this project. */
export function keptStyles(
  own: readonly ChannelStyle[],
  kept: ViewSettings,
  image: Scaled,
): ChannelStyle[] {
  return own.map((style, index) => {
    const look = kept.channels?.[style.name];
    if (!look) return style;
    return {
      ...style,
      visible: look.visible,
      colour: look.colour ?? style.colour,
      gamma: look.gamma,
      isInverted: look.is_inverted,
      ...keptWindow(look.window, image, index, style),
    };
  });
}

/** A window that shows nothing of this image was meant for others: the image's own is better. */
function keptWindow(
  stored: ChannelLook["window"],
  image: Scaled,
  index: number,
  own: Pick<ChannelStyle, "low" | "high">,
): Pick<ChannelStyle, "low" | "high"> {
  const [black, white] = stored ?? [];
  if (black === undefined || white === undefined) return { low: own.low, high: own.high };
  const [low, high] = [toView(image, index, black), toView(image, index, white)];
  if (high <= 0 || low >= 255) return { low: own.low, high: own.high };
  return { low, high: Math.max(high, low + leastSpan(image, index)) };
}

/** What to keep: by name, so that it holds for the channels of all images of the project. */
export function looksOf(
  styles: readonly ChannelStyle[],
  own: readonly ChannelStyle[],
  image: Scaled,
): Record<string, ChannelLook> {
  return Object.fromEntries(
    styles.map((style, index) => {
      const isOwnWindow = style.low === own[index]?.low && style.high === own[index]?.high;
      const look: ChannelLook = {
        visible: style.visible,
        colour: style.colour === own[index]?.colour ? null : style.colour,
        window: isOwnWindow
          ? null
          : [toStored(image, index, style.low), toStored(image, index, style.high)],
        gamma: style.gamma,
        is_inverted: style.isInverted,
      };
      return [style.name, look];
    }),
  );
}
