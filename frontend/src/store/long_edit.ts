/** Does an edit part by part: tells how far it is, waits for room, and can be stopped in between. */

import { longEdits } from "../texts/long_edits";
import { EditRefused } from "./edit_refused";
import type { LongEdit } from "./edit_types";
import { Cell } from "./observable";
import type { Room } from "./room";

export interface Parts<T> {
  readonly kind: string;
  readonly nParts: number;
  readonly parts: Iterable<T>;
  readonly chunksOf: (part: T) => number;
  readonly make: (part: T) => Promise<unknown>;
}

export class LongEdits {
  readonly state = new Cell<LongEdit | null>(null);
  private readonly room: Room;

  constructor(room: Room) {
    this.room = room;
  }

  /**
   * Make one part after the other.
   *
   * @returns why it ended before all were made, in a sentence; null when all were
   * @throws what the first part throws: nothing has happened then
   */
  async run<T>({ kind, nParts, parts, chunksOf, make }: Parts<T>): Promise<string | null> {
    const stopping = new Stopping();
    let nMade = 0;
    try {
      for (const part of parts) {
        const isWaiting = !this.room.has(chunksOf(part));
        if (nParts > 1) {
          this.state.set({ kind, part: nMade / nParts, isWaiting, stop: () => stopping.ask() });
        }
        if (isWaiting) await Promise.race([this.room.wait(chunksOf(part)), stopping.asked]);
        if (stopping.isAsked) return longEdits.stopped;
        await make(part);
        nMade++;
        await frameBetween();
      }
      return null;
    } catch (error) {
      if (nMade === 0) throw error;
      return error instanceof EditRefused ? error.message : longEdits.lost;
    } finally {
      this.state.set(null);
    }
  }
}

class Stopping {
  isAsked = false;
  readonly asked: Promise<void>;
  private tell: () => void = () => undefined;

  constructor() {
    this.asked = new Promise((done) => {
      this.tell = done;
    });
  }

  ask(): void {
    this.isAsked = true;
    this.tell();
  }
}

/** Let the page draw, and hear its person, before the next part. */
function frameBetween(): Promise<void> {
  return new Promise((done) => setTimeout(done));
}
