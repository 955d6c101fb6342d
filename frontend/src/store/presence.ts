/** Who else has this layer open and where; nothing of it is ever saved. */

import type { PresenceIn, PresenceJson } from "../api/types";
import { type Rect, rect } from "../geometry/rect";
import type { PlaneRef } from "../labels/spans";
import { Cell } from "./observable";

/** One person who is here; of several tabs the one that moved last. */
export interface Person {
  readonly user: number;
  readonly name: string;
  readonly session: string;
  readonly plane: PlaneRef;
  /** What they see; null when they do not tell. */
  readonly box: Rect | null;
  /** Instance of the layer, 0 for none. */
  readonly selected: number;
  readonly isPainting: boolean;
}

interface Heard {
  readonly person: Person;
  /** When there was news of any kind, and when something had changed. */
  heardAt: number;
  readonly changedAt: number;
}

/** News that do not come for so long mean that the person has left. */
export const GONE_AFTER_MS = 32_000;
/** Said again although nothing changed, so that one is not thought to be gone. */
export const HEARTBEAT_MS = 15_000;

export class PeopleHere {
  readonly people = new Cell<readonly Person[]>([]);
  private readonly heard = new Map<string, Heard>();
  private readonly me: { user: number; session: string };
  private readonly now: () => number;

  /** @param now milliseconds of a clock that only goes on */
  constructor(me: { user: number; session: string }, now: () => number) {
    this.me = me;
    this.now = now;
  }

  /** Somebody told something; returns true when they ask who else is here. */
  hear(news: PresenceJson): boolean {
    if (news.session === this.me.session) return false;
    const key = `${news.user} ${news.session}`;
    const known = this.heard.get(key);
    const [now, person] = [this.now(), personOf(news)];
    if (news.gone) this.heard.delete(key);
    else if (known && isSame(known.person, person)) known.heardAt = now;
    else this.heard.set(key, { person, heardAt: now, changedAt: now });
    this.show();
    return news.hello && !news.gone;
  }

  /** Forget who has not been heard of for long. */
  sweep(): void {
    const oldest = this.now() - GONE_AFTER_MS;
    for (const [key, one] of this.heard) if (one.heardAt < oldest) this.heard.delete(key);
    this.show();
  }

  private show(): void {
    const newest = new Map<number, Heard>();
    for (const one of this.heard.values()) {
      const { user } = one.person;
      const other = newest.get(user);
      if (user === this.me.user || (other && other.changedAt > one.changedAt)) continue;
      newest.set(user, one);
    }
    const people = [...newest.values()].map((one) => one.person).sort((a, b) => a.user - b.user);
    const before = this.people.value;
    const isAsBefore =
      people.length === before.length && people.every((one, i) => one === before[i]);
    if (!isAsBefore) this.people.set(people);
  }
}

function personOf({ user, name, session, t, z, box, selected, is_painting }: PresenceJson): Person {
  return {
    ...{ user, name, session, selected },
    plane: { t, z },
    box: box && rect(box[1], box[0], box[3], box[2]),
    isPainting: is_painting,
  };
}

function isSame(one: Person, other: Person): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What of one's own editor the others hear. */
export type Whereabouts = Omit<PresenceIn, "session" | "hello" | "gone">;

/** Decides at every tick, about one a second, whether there is something to tell. */
export class Announcer {
  private readonly look: () => Whereabouts;
  private readonly send: (said: Omit<PresenceIn, "session">) => Promise<void>;
  private readonly now: () => number;
  private last = "";
  private lastAt = -Infinity;
  private isOwing = false;
  private isAsking = false;
  private isSending = false;

  constructor(options: {
    look: () => Whereabouts;
    send: (said: Omit<PresenceIn, "session">) => Promise<void>;
    now: () => number;
  }) {
    this.look = options.look;
    this.send = options.send;
    this.now = options.now;
  }

  /** With the next tick: ask who is here. */
  ask(): void {
    this.isAsking = true;
  }

  /** With the next tick: somebody asked. */
  answer(): void {
    this.isOwing = true;
  }

  tick(): void {
    if (this.isSending) return;
    const said = this.look();
    const text = JSON.stringify(said);
    const isDue = this.now() - this.lastAt >= HEARTBEAT_MS;
    if (text === this.last && !isDue && !this.isOwing && !this.isAsking) return;
    const hello = this.isAsking;
    Object.assign(this, { last: text, lastAt: this.now(), isOwing: false, isAsking: false });
    this.isSending = true;
    // Who misses it hears the next one.
    this.send({ ...said, hello, gone: false })
      .catch(() => undefined)
      .finally(() => {
        this.isSending = false;
      });
  }
}
