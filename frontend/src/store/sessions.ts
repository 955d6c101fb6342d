/** Which tabs are alive: a lock per session, held as long as the page lives. */

import type { Dispose } from "./types";

export interface SessionLocks {
  /** Hold a session's lock until disposed, or until the page is gone. */
  hold(session: string): Promise<Dispose>;
  /** Take over a session when nobody holds it; null when it is alive. */
  takeOver(session: string): Promise<Dispose | null>;
}

const nameOf = (session: string) => `cytoloop:session:${session}`;

/** Web Locks: the browser lets go of them even when the tab is killed. */
export class WebSessionLocks implements SessionLocks {
  private readonly locks: LockManager;

  constructor(locks: LockManager) {
    this.locks = locks;
  }

  async hold(session: string): Promise<Dispose> {
    return (await this.request(session, {})) ?? (() => undefined);
  }

  takeOver(session: string): Promise<Dispose | null> {
    return this.request(session, { ifAvailable: true });
  }

  private request(session: string, options: LockOptions): Promise<Dispose | null> {
    return new Promise((resolve, reject) => {
      this.locks
        .request(nameOf(session), options, (lock) => {
          if (!lock) {
            resolve(null);
            return undefined;
          }
          return new Promise<void>((release) => resolve(release));
        })
        .catch(reject);
    });
  }
}

/**
 * Where there are no Web Locks (plain http on another host) every other session counts as dead.
 * At worst a living tab's op is sent twice, which the server recognises by session and n.
 */
export class LocalSessionLocks implements SessionLocks {
  private readonly held = new Set<string>();

  async hold(session: string): Promise<Dispose> {
    this.held.add(session);
    return () => {
      this.held.delete(session);
    };
  }

  async takeOver(session: string): Promise<Dispose | null> {
    return this.held.has(session) ? null : this.hold(session);
  }
}

export function sessionLocks(): SessionLocks {
  const locks = typeof navigator === "undefined" ? undefined : navigator.locks;
  return locks ? new WebSessionLocks(locks) : new LocalSessionLocks();
}

/** `crypto.randomUUID` exists only in secure contexts; an editor on http://server needs one too. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [8, 12, 16, 20].reduceRight((id, at) => `${id.slice(0, at)}-${id.slice(at)}`, hex);
}
