/**
 * Server-sent events with a reconnection of our own.
 *
 * The browser's reconnection would ask for the first URL again, with an old `after`; and it gives
 * up for good when the server answers with an error once.
 *
 * A tab that nobody looks at lets go of its connection after a while: a browser opens six to one
 * server over HTTP/1.1, and saving, tiles and new pages of all tabs share them.
 */

const REST_AFTER_MS = 20_000;

export interface EventSourceLike {
  addEventListener(type: string, listener: (event: { data?: string }) => void): void;
  close(): void;
}

export type EventSourceMaker = (url: string) => EventSourceLike;

export interface Listening {
  close(): void;
  /** Connect again now, for instance after signing in. */
  restart(): void;
}

export interface ListenOptions {
  /** Asked anew at every connection. */
  url: () => string;
  on: Record<string, (data: unknown) => void>;
  onOpen?: () => void;
  onBroken?: () => void;
  /** Connected again after a gap: something may have been missed. */
  onMissed?: () => void;
  source?: EventSourceMaker;
  firstWaitMs?: number;
  longestWaitMs?: number;
}

export function listen(options: ListenOptions): Listening {
  const make = options.source ?? browserSource;
  const first = options.firstWaitMs ?? 500;
  const longest = options.longestWaitMs ?? 30_000;
  let source: EventSourceLike | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wait = first;
  let isClosed = false;
  let hasGap = false;
  let isResting = false;
  let rest: ReturnType<typeof setTimeout> | undefined;

  function connect(): void {
    clearTimeout(timer);
    source?.close();
    if (isClosed) return;
    const current = make(options.url());
    source = current;
    current.addEventListener("open", () => {
      if (source !== current) return;
      wait = first;
      options.onOpen?.();
      if (hasGap) options.onMissed?.();
      hasGap = false;
    });
    current.addEventListener("error", () => {
      if (source === current) broken();
    });
    for (const [name, handle] of Object.entries(options.on)) {
      current.addEventListener(name, (event) => {
        if (source === current && event.data !== undefined) handle(JSON.parse(event.data));
      });
    }
  }

  function broken(): void {
    source?.close();
    source = null;
    hasGap = true;
    options.onBroken?.();
    // Jitter, so that a restarted server is not met by everybody at once.
    timer = setTimeout(connect, wait * (0.5 + Math.random()));
    wait = Math.min(longest, wait * 2);
  }

  function look(): void {
    clearTimeout(rest);
    if (!document.hidden) {
      if (isResting) connect();
      isResting = false;
      return;
    }
    rest = setTimeout(() => {
      clearTimeout(timer);
      source?.close();
      source = null;
      hasGap = true;
      isResting = true;
    }, REST_AFTER_MS);
  }

  document.addEventListener("visibilitychange", look);
  connect();
  return {
    close() {
      isClosed = true;
      document.removeEventListener("visibilitychange", look);
      clearTimeout(rest);
      clearTimeout(timer);
      source?.close();
    },
    restart() {
      wait = first;
      isResting = false;
      connect();
    },
  };
}

function browserSource(url: string): EventSourceLike {
  const source = new EventSource(url);
  return {
    addEventListener(type, listener) {
      source.addEventListener(type, (event) =>
        listener(event instanceof MessageEvent ? { data: String(event.data) } : {}),
      );
    },
    close: () => source.close(),
  };
}
