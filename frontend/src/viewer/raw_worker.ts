/** The worker that colours stored values, so that the page stays free for drawing and painting. */
import { type RawAnswer, type RawRequest, RawStore } from "./raw_paint";

const store = new RawStore();

function answer(what: RawAnswer, transfer: Transferable[] = []): void {
  self.postMessage(what, { transfer });
}

self.onmessage = ({ data }: MessageEvent<RawRequest>) => {
  if (data.kind === "keep") store.keep(data.key, data.channel, data.values);
  else if (data.kind === "forget") store.forget(data.keys);
  else if (data.kind === "measure") {
    answer({ kind: "measured", window: store.measure(data.keys, data.channel) });
  } else {
    const tiles = store.paint(data);
    answer(
      { kind: "painted", tiles },
      tiles.map((tile) => tile.pixels.buffer),
    );
  }
};
