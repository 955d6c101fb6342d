/** Changing the person's keys: read when an image is opened, kept at once, told to other tabs. */
import { effect, signal, untracked } from "@preact/signals";
import type { KeyApi } from "../../api/keys";
import { told } from "../../texts/keys";
import { Newest } from "../../viewer/newest";
import { classWord, nameByKey } from "./class_words";
import type { KeyId } from "./command_ids";
import { BINDABLES, keyMap, kindOf } from "./key_bindings";
import { choiceOf } from "./key_choice";
import { KeyMap } from "./key_map";
import { shownKey } from "./key_names";
import type { EditorModel } from "./model";
import { notify } from "./notices";
import { isUsable } from "./reserved_keys";

export interface KeyParts {
  readonly api: KeyApi;
  readonly model: EditorModel;
  /** Whose keys they are. */
  readonly user: string;
  readonly attempt: <T>(edit: () => Promise<T>) => Promise<T | undefined>;
}

/** What is being changed, and to what when that is known beforehand. */
export interface KeyQuestion {
  readonly id: KeyId;
  readonly isReset: boolean;
}

interface News {
  readonly user: string;
  readonly keys: Readonly<Record<string, string>>;
}

export class KeyDesk {
  readonly question = signal<KeyQuestion | undefined>(undefined);
  /** What was done, or went wrong; read out in the sheet. */
  readonly told = signal("");
  /** How it was before the last change. */
  readonly before = signal<KeyMap | undefined>(undefined);
  readonly #parts: KeyParts;
  readonly #channel = new BroadcastChannel("cytoloop-keys");
  readonly #saving = new Newest<KeyMap>((map) => this.#save(map));
  /** Until the kept ones are here nothing may be kept in their place. */
  #isRead = false;
  #isUnsaved = false;
  #changes = 0;
  /** What the person was told of classes without their keys. */
  readonly #toldOf = new Set<string>();
  readonly #dispose: () => void;

  constructor(parts: KeyParts) {
    this.#parts = parts;
    this.#channel.onmessage = ({ data }: MessageEvent<News>) => {
      if (data.user === parts.user) this.#take(data.keys);
    };
    this.#dispose = effect(() => {
      const hidden = this.#hiddenClasses(keyMap.value);
      untracked(() => this.#tellHidden(hidden));
    });
  }

  /** Read the kept keys; without an answer the editor's own hold. */
  async load(): Promise<void> {
    const changes = this.#changes;
    try {
      const { keys } = await this.#parts.api.read();
      // What was changed meanwhile is newer than this answer.
      if (changes === this.#changes) this.#take(keys);
    } catch {
      this.told.value = told.notRead;
    }
  }

  /** The sheet is opened: another computer may have changed something. */
  opened(): void {
    this.told.value = "";
    this.before.value = undefined;
    if (this.#isUnsaved) this.#saving.ask(keyMap.value);
    else void this.load();
  }

  /** Have other keys from now on, and say so. */
  change(next: KeyMap, text: string): void {
    if (!this.#isRead) {
      this.told.value = told.notRead;
      return;
    }
    this.before.value = keyMap.value;
    this.#put(next, text);
  }

  /** Open the dialog that asks for a key. */
  ask(question: KeyQuestion): void {
    if (this.#isRead) this.question.value = question;
    else this.told.value = told.notRead;
  }

  /** Give it its usual key again; asks first when something else has that now. */
  reset(id: KeyId): void {
    const { classes, stackSize } = this.#parts.model;
    const kind = kindOf(stackSize.value);
    const choice = choiceOf({
      ...{ map: keyMap.value, id, key: undefined, classes: classes.value, kind },
    });
    if (choice.given && !choice.problem) this.change(choice.given.map, choice.given.said);
    else this.ask({ id, isReset: true });
  }

  resetAll(): void {
    this.change(KeyMap.defaults(BINDABLES), told.allReset);
  }

  takeBack(): void {
    const before = this.before.value;
    if (!before) return;
    this.before.value = undefined;
    this.#put(before, told.takenBack);
  }

  close(): void {
    this.#dispose();
    this.#channel.close();
  }

  #put(next: KeyMap, text: string): void {
    // Who has just decided this in the dialog need not be told again.
    this.#toldOf.add(told.hidesClasses(this.#hiddenClasses(next)));
    this.#changes++;
    keyMap.value = next;
    this.told.value = text;
    this.#isUnsaved = true;
    this.#saving.ask(next);
  }

  async #save(map: KeyMap): Promise<void> {
    const keys = Object.fromEntries(map.own);
    const kept = await this.#parts.attempt(() => this.#parts.api.keep(keys));
    if (!kept) {
      this.told.value = told.notSaved;
      return;
    }
    if (keyMap.value === map) this.#isUnsaved = false;
    const news: News = { user: this.#parts.user, keys };
    this.#channel.postMessage(news);
  }

  #take(keys: News["keys"]): void {
    this.#changes++;
    this.#isRead = true;
    this.#isUnsaved = false;
    this.before.value = undefined;
    keyMap.value = KeyMap.settled(BINDABLES, new Map(Object.entries(keys)), isUsable);
  }

  /** Keys of classes that do something else for this person: key, class, what it does. */
  #hiddenClasses(map: KeyMap): (readonly [string, string, string])[] {
    const { classes, stackSize } = this.#parts.model;
    const kind = kindOf(stackSize.value);
    const keys = [...map.own.values()].filter((key) => key !== "");
    return keys.flatMap((key) => {
      const name = nameByKey(classes.value, key);
      const meaning = map.meaning(key, kind);
      if (name === undefined || meaning === undefined) return [];
      return [[shownKey(key), classWord(name), map.item(meaning).label] as const];
    });
  }

  #tellHidden(hidden: readonly (readonly [string, string, string])[]): void {
    const text = told.hidesClasses(hidden);
    if (hidden.length === 0 || this.#toldOf.has(text)) return;
    this.#toldOf.add(text);
    const { model } = this.#parts;
    const run = () => {
      model.isHelpOpen.value = true;
    };
    notify(model, text, { actions: [{ label: told.openSheet, run }] });
  }
}
