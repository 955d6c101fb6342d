/**
 * One layer's server as several planes see it: the layer is read once, and its news come over one
 * connection, of which a browser has only six for a host.
 */

import type { LayerApi, LayerEvents } from "../api/layers";
import type { Listening } from "../api/sse";
import type { LayerJson, PresenceJson } from "../api/types";
import { Listeners } from "./observable";

interface Reader {
  readonly after: () => number;
  readonly handlers: LayerEvents;
}

export class SharedFeed implements LayerApi {
  private readonly api: LayerApi;
  private readonly layers = new Map<string, Promise<LayerJson>>();
  private readonly feeds = new Map<string, Feed>();
  /** What the others' editors tell of themselves. */
  readonly presence = new Listeners<PresenceJson>();
  /** The stream has begun, for the first time or anew. */
  readonly opened = new Listeners<void>();

  readonly manifest: LayerApi["manifest"];
  readonly chunk: LayerApi["chunk"];
  readonly instances: LayerApi["instances"];
  readonly reserveIds: LayerApi["reserveIds"];
  readonly sendOps: LayerApi["sendOps"];
  readonly opsAfter: LayerApi["opsAfter"];
  readonly decide: LayerApi["decide"];
  readonly setClass: LayerApi["setClass"];
  readonly accept: LayerApi["accept"];

  constructor(api: LayerApi) {
    this.api = api;
    this.manifest = api.manifest.bind(api);
    this.chunk = api.chunk.bind(api);
    this.instances = api.instances.bind(api);
    this.reserveIds = api.reserveIds.bind(api);
    this.sendOps = api.sendOps.bind(api);
    this.opsAfter = api.opsAfter.bind(api);
    this.decide = api.decide.bind(api);
    this.setClass = api.setClass.bind(api);
    this.accept = api.accept.bind(api);
  }

  /** What the planes need of it never changes: its size, its kind, its name. */
  layer(id: string): Promise<LayerJson> {
    const known = this.layers.get(id);
    if (known) return known;
    const asked = this.api.layer(id);
    this.layers.set(id, asked);
    asked.catch(() => this.layers.delete(id));
    return asked;
  }

  events(id: string, after: () => number, handlers: LayerEvents): Listening {
    let feed = this.feeds.get(id);
    if (!feed) {
      feed = new Feed((oldest, all) =>
        this.api.events(id, oldest, {
          ...all,
          onPresence: (news) => this.presence.tell(news),
          onOpen: () => {
            all.onOpen();
            this.opened.tell();
          },
        }),
      );
      this.feeds.set(id, feed);
    }
    return feed.join({ after, handlers });
  }
}

/** One connection and those who listen to it; none while nobody does. */
class Feed {
  private readonly connect: (after: () => number, handlers: LayerEvents) => Listening;
  private readonly readers = new Set<Reader>();
  private listening: Listening | null = null;
  private isOpen = false;

  constructor(connect: (after: () => number, handlers: LayerEvents) => Listening) {
    this.connect = connect;
  }

  join(reader: Reader): Listening {
    this.readers.add(reader);
    if (!this.listening) {
      this.listening = this.connect(() => this.oldest(), this.handlers());
    } else if (this.isOpen) {
      reader.handlers.onOpen();
      // What passed between this reader's start and its joining.
      reader.handlers.onResync();
    }
    return {
      restart: () => this.listening?.restart(),
      close: () => this.leave(reader),
    };
  }

  private leave(reader: Reader): void {
    this.readers.delete(reader);
    if (this.readers.size > 0) return;
    this.listening?.close();
    this.listening = null;
    this.isOpen = false;
  }

  private handlers(): LayerEvents {
    const all = (tell: (handlers: LayerEvents) => void) => {
      for (const { handlers } of [...this.readers]) tell(handlers);
    };
    return {
      onOp: (op) => all((one) => one.onOp(op)),
      onInstances: () => all((one) => one.onInstances()),
      onResync: () => all((one) => one.onResync()),
      onOpen: () => {
        this.isOpen = true;
        all((one) => one.onOpen());
      },
      onBroken: () => {
        this.isOpen = false;
        all((one) => one.onBroken());
      },
    };
  }

  /** Who stands farthest back; the others know what they have had. */
  private oldest(): number {
    return Math.min(...[...this.readers].map((reader) => reader.after()));
  }
}
