/** What would become of other keys if something got this one; pure. */
import type { ClassJson } from "../../api/types";
import { belongsTo, cannotLose, dialog, elsewhere, isClassKey, told } from "../../texts/keys";
import { classWord, nameByKey } from "./class_words";
import type { KeyId } from "./command_ids";
import { type KeyMap, PICTURE } from "./key_map";
import { shownKey } from "./key_names";

export interface KeyChoice {
  /** The keys it would have, as people read them. */
  readonly key: string;
  /** Whom the key belongs to now, and what that means; undefined when nobody minds. */
  readonly problem: string | undefined;
  /** The map with what was asked for, and what is said then; undefined where that cannot be. */
  readonly given: Outcome | undefined;
  /** The same with the others getting the key that it had. */
  readonly swapped: (Outcome & { readonly label: string }) | undefined;
}

export interface Outcome {
  readonly map: KeyMap;
  readonly said: string;
}

export interface Asked {
  readonly map: KeyMap;
  readonly id: KeyId;
  /** undefined for its own defaults. */
  readonly key: string | undefined;
  readonly classes: readonly ClassJson[];
  /** The bit of the image's kind, see `Bindable.kinds`. */
  readonly kind: number;
}

/** @param asked what is to get which key */
export function choiceOf(asked: Asked): KeyChoice {
  const { map, id, kind } = asked;
  const item = map.item(id);
  const keys = asked.key === undefined ? item.defaults : [asked.key];
  const first = keys[0] ?? "";
  const name = (one: { readonly label: string; readonly kinds: number }) =>
    (one.kinds & kind) === 0 ? elsewhere(one.label, (one.kinds & PICTURE) === 0) : one.label;
  const others = map.holders(id, keys).map(name);
  const given = asked.key === undefined ? map.reset(id) : map.give(id, asked.key);
  const swapped = map.swap(id, first);
  const losers = map.holders(id, keys).filter((one) => given?.keysOf(one.id).length === 0);
  const shown = shownKey(first);
  const old = shownKey(map.keysOf(id)[0] ?? "");
  return {
    key: shown,
    problem: problemOf(asked, keys, others, losers.map(name)),
    given: given && { map: given, said: saidOf(item.label, shown) + told.lost(losers.map(name)) },
    swapped: swapped && {
      map: swapped,
      said: told.swapped(item.label, shown, others, old),
      label: dialog.swap(others, old),
    },
  };
}

function saidOf(name: string, key: string): string {
  return key ? told.given(name, key) : told.cleared(name);
}

function problemOf(
  { map, id, classes }: Asked,
  keys: readonly string[],
  others: readonly string[],
  losers: readonly string[],
): string | undefined {
  const { label } = map.item(id);
  const shown = shownKey(keys[0] ?? "");
  const unmovable = map.unmovable(id, keys);
  if (unmovable) return cannotLose(shown, unmovable.label);
  if (others.length > 0) return belongsTo(shown, others, losers, label);
  const ofClass = keys.map((key) => nameByKey(classes, key)).find((name) => name !== undefined);
  return ofClass === undefined ? undefined : isClassKey(shown, classWord(ofClass), label);
}
