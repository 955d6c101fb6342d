/** What a person chose about looking at the picture, beyond the channels themselves. */
import { signal } from "@preact/signals";
import type { HistogramJson } from "../../api/types";

export type ChannelHistogram = HistogramJson["channels"][number];

export function viewSignals() {
  return {
    /** Dark and light have changed places in the whole picture. */
    isPictureInverted: signal(false),
    /** Of the stored values, one per channel (one for all three colours); empty until it is read. */
    histograms: signal<readonly ChannelHistogram[]>([]),
  };
}
