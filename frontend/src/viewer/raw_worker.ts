/** The worker that colours stored values, so that the page stays free for drawing and painting. */
import { type RawRequest, RawStore } from "./raw_paint";

const store = new RawStore();

self.onmessage = ({ data }: MessageEvent<RawRequest>) => {
  if (data.kind === "keep") store.keep(data.key, data.channel, data.values);
  else if (data.kind === "forget") store.forget(data.keys);
  else {
    const tiles = store.paint(data);
    self.postMessage(tiles, { transfer: tiles.map((tile) => tile.pixels.buffer) });
  }
};
