/** What a person chose about looking at the picture, beyond the channels themselves. */
import { signal } from "@preact/signals";
import type { HistogramJson } from "../../api/types";
import type { BookmarkJson } from "../../api/views";

export type ChannelHistogram = HistogramJson["channels"][number];

/** Values of the picture on screen: of the 8-bit tiles, as stored, or too far away for those. */
export type Depth = "tiles" | "stored" | "far";

export function viewSignals() {
  return {
    /** Dark and light have changed places in the whole picture. */
    isPictureInverted: signal(false),
    /** Of the stored values, one per channel (one for all three colours); empty until it is read. */
    histograms: signal<readonly ChannelHistogram[]>([]),
    /** Stored values are shown whatever the contrast. */
    isFullDepth: signal(false),
    depth: signal<Depth>("tiles"),
    /** Stored values of the channels at a pixel; undefined while they are on their way. */
    pixel: signal<{ x: number; y: number; values: readonly number[] } | undefined>(undefined),
    isMinimapOn: signal(true),
    /** Of this image, that the person may see; undefined until they are read. */
    bookmarks: signal<readonly BookmarkJson[] | undefined>(undefined),
  };
}
