/** Watchable values and lists of listeners. */

import type { Dispose, Observable } from "./types";

export class Listeners<T> {
  private readonly all = new Set<(event: T) => void>();

  add(listener: (event: T) => void): Dispose {
    // Wrapped, so that the same function registered twice is let go of one by one.
    const own = (event: T) => listener(event);
    this.all.add(own);
    return () => {
      this.all.delete(own);
    };
  }

  tell(event: T): void {
    for (const listener of [...this.all]) listener(event);
  }

  clear(): void {
    this.all.clear();
  }
}

export class Cell<T> implements Observable<T> {
  private readonly listeners = new Listeners<T>();
  private current: T;

  constructor(value: T) {
    this.current = value;
  }

  get value(): T {
    return this.current;
  }

  set(value: T): void {
    if (Object.is(value, this.current)) return;
    this.current = value;
    this.listeners.tell(value);
  }

  subscribe(listener: (value: T) => void): Dispose {
    const dispose = this.listeners.add(listener);
    listener(this.current);
    return dispose;
  }
}
