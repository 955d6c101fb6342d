/** Which key means what: the defaults and a person's differences from them; pure. */
import type { KeyId } from "./command_ids";

/** The bit of a single picture in `Bindable.kinds`; the others are of stacks and series. */
export const PICTURE = 1;

/** Something that a key does. */
export interface Bindable {
  readonly id: KeyId;
  readonly label: string;
  /** Names of keys as in key_names.ts; several are ways to press the same on other keyboards. */
  readonly defaults: readonly string[];
  /** A bit per kind of image (a picture, a stack …) that has it. */
  readonly kinds: number;
  /** Its key is what it is. */
  readonly isFixed?: boolean;
  /** It may have another key, and needs one. */
  readonly isNeeded?: boolean;
}

/** Keys by what they do where they differ from the defaults; "" for no key. */
export type Differences = ReadonlyMap<string, string>;

/** Immutable; in every state no key means two things in one kind of image. */
export class KeyMap {
  readonly items: readonly Bindable[];
  readonly own: Differences;

  private constructor(items: readonly Bindable[], own: Differences) {
    this.items = items;
    this.own = own;
  }

  static defaults(items: readonly Bindable[]): KeyMap {
    return new KeyMap(items, new Map());
  }

  /**
   * The map of what was kept, whoever wrote it and with whichever defaults: what names nothing, no
   * key, or a key that means something else is left out, and a default gives way to what was kept.
   *
   * @param isUsable whether a key may be given to anything
   */
  static settled(
    items: readonly Bindable[],
    kept: Differences,
    isUsable: (key: string) => boolean = () => true,
  ): KeyMap {
    const own = new Map<string, string>();
    const taken: Taken[] = [];
    const take = (item: Bindable, keys: readonly string[]) => {
      for (const key of keys) taken.push({ key, kinds: item.kinds });
    };
    const isFree = (item: Bindable, key: string) =>
      !taken.some((one) => one.key === key && (one.kinds & item.kinds) !== 0);
    const rest: Bindable[] = [];
    for (const item of items.toSorted((p, q) => rank(p) - rank(q))) {
      const key = item.isFixed ? undefined : kept.get(item.id);
      const isNone = key === "" && !item.isNeeded;
      if (key !== undefined && (isNone || (key !== "" && isUsable(key) && isFree(item, key)))) {
        own.set(item.id, key);
        if (!isNone) take(item, [key]);
      } else if (rank(item) < 2) take(item, item.defaults);
      else rest.push(item);
    }
    for (const item of rest) {
      const left = item.defaults.filter((key) => isFree(item, key));
      take(item, left);
      if (left.length < item.defaults.length) own.set(item.id, left[0] ?? "");
    }
    return new KeyMap(items, own).#tidy();
  }

  item(id: string): Bindable {
    const found = this.items.find((one) => one.id === id);
    if (!found) throw new Error(`nothing is called ${id}`);
    return found;
  }

  /** The keys that do it; the first is the one that people are told. */
  keysOf(id: string): readonly string[] {
    const own = this.own.get(id);
    if (own === undefined) return this.item(id).defaults;
    return own === "" ? [] : [own];
  }

  isChanged(id: string): boolean {
    return this.own.has(id);
  }

  /** What else these keys do where this is there too. */
  holders(id: string, keys: readonly string[]): readonly Bindable[] {
    const { kinds } = this.item(id);
    return this.items.filter(
      (one) =>
        one.id !== id &&
        (one.kinds & kinds) !== 0 &&
        this.keysOf(one.id).some((key) => keys.includes(key)),
    );
  }

  /** Of those that would lose these keys the first that cannot. */
  unmovable(id: string, keys: readonly string[]): Bindable | undefined {
    return this.holders(id, keys).find(
      (one) =>
        one.isFixed || (one.isNeeded && this.keysOf(one.id).every((key) => keys.includes(key))),
    );
  }

  /** Give it this key, which nothing else has from then on; undefined where that cannot be. */
  give(id: string, key: string): KeyMap | undefined {
    return this.#given(id, [key], key);
  }

  /** Give it its defaults, which nothing else has from then on; undefined where that cannot be. */
  reset(id: string): KeyMap | undefined {
    return this.#given(id, this.item(id).defaults, undefined);
  }

  /** Take its key away; undefined when it needs one. */
  clear(id: string): KeyMap | undefined {
    const { isFixed, isNeeded } = this.item(id);
    return isFixed || isNeeded ? undefined : this.#with([[id, ""]]);
  }

  /** Give it this key, and its own to whatever had it; undefined where that cannot be. */
  swap(id: string, key: string): KeyMap | undefined {
    const old = this.keysOf(id)[0];
    const holders = this.holders(id, [key]);
    if (old === undefined || holders.length === 0) return undefined;
    if ([this.item(id), ...holders].some((one) => one.isFixed)) return undefined;
    const next = this.#with([[id, key], ...holders.map((one) => [one.id, old] as const)]);
    const hasTwo = (one: string) => next.holders(one, next.keysOf(one)).length > 0;
    return [id, ...holders.map((one) => one.id)].some(hasTwo) ? undefined : next;
  }

  /** What a key does in a kind of image. */
  meaning(key: string, kind: number): KeyId | undefined {
    return this.items.find((one) => (one.kinds & kind) !== 0 && this.keysOf(one.id).includes(key))
      ?.id;
  }

  #given(id: string, keys: readonly string[], own: string | undefined): KeyMap | undefined {
    if (this.item(id).isFixed || this.unmovable(id, keys)) return undefined;
    const losers = this.holders(id, keys).map((one) => {
      const left = this.keysOf(one.id).find((key) => !keys.includes(key));
      return [one.id, left ?? ""] as const;
    });
    return this.#with([[id, own], ...losers]);
  }

  #with(changes: readonly (readonly [string, string | undefined])[]): KeyMap {
    const own = new Map(this.own);
    for (const [id, key] of changes) {
      if (key === undefined) own.delete(id);
      else own.set(id, key);
    }
    return new KeyMap(this.items, own).#tidy();
  }

  /** Forget differences that are none: a default while all the others of its own are free. */
  #tidy(): KeyMap {
    const own = new Map(this.own);
    for (const item of this.items) {
      const key = own.get(item.id);
      if (key === undefined) continue;
      const isDefault = item.defaults.length === 0 ? key === "" : item.defaults.includes(key);
      if (isDefault && this.holders(item.id, item.defaults).length === 0) own.delete(item.id);
    }
    return new KeyMap(this.items, own);
  }
}

interface Taken {
  readonly key: string;
  readonly kinds: number;
}

/** What must have its key comes first. */
function rank(item: Bindable): number {
  if (item.isFixed) return 0;
  return item.isNeeded ? 1 : 2;
}
