/** Who else is on the image: told to the others, shown here, and gone to. */
import { effect, signal, untracked } from "@preact/signals";
import type { RestLayerApi } from "../../api/layers";
import type { PlaneRef } from "../../labels/spans";
import { Announcer, PeopleHere, type Person, type Whereabouts } from "../../store/presence";
import { newId } from "../../store/sessions";
import type { StackStore } from "../../store/stack";
import * as texts from "../../texts";
import type { EditorModel } from "./model";
import { colourOf, inkOn } from "./people";
import { isSame } from "./planes";
import type { Scene } from "./scene";

export interface PeopleParts {
  readonly model: EditorModel;
  readonly scene: Scene;
  readonly layer: StackStore;
  readonly api: Pick<RestLayerApi, "announce">;
  readonly user: number;
  readonly goTo: (plane: PlaneRef) => Promise<void>;
}

const TICK_MS = 1000;
/** Between two strokes one is still painting. */
const PAINTING_MS = 3000;
const MEMORY_KEY = "cytoloop.people";

export class PeopleDesk {
  readonly people = signal<readonly Person[]>([]);
  /** Draw where they are. */
  readonly isShown = signal(true);
  /** Tell them where one is. */
  readonly isTold = signal(true);
  /** The person whose view is followed; 0 for nobody. */
  readonly followed = signal(0);
  readonly #parts: PeopleParts;
  readonly #session = newId();
  readonly #here: PeopleHere;
  readonly #announcer: Announcer;
  readonly #disposers: (() => void)[] = [];
  readonly #abort = new AbortController();
  #paintedAt = -Infinity;

  constructor(parts: PeopleParts) {
    this.#parts = parts;
    const { layer, scene, api } = parts;
    const now = () => performance.now();
    this.#here = new PeopleHere({ user: parts.user, session: this.#session }, now);
    this.#announcer = new Announcer({
      look: () => this.#whereabouts(),
      send: (said) => api.announce(layer.info.id, { session: this.#session, ...said }),
      now,
    });
    this.#recall();
    const timer = setInterval(() => this.#tick(), TICK_MS);
    this.#disposers.push(
      () => clearInterval(timer),
      this.#here.people.subscribe((people) => {
        this.people.value = people;
      }),
      layer.api.presence.add((news) => {
        if (this.#here.hear(news)) this.#announcer.answer();
      }),
      layer.api.opened.add(() => this.#begin()),
      layer.onDirty(({ origin }) => {
        if (origin === "local") this.#paintedAt = performance.now();
      }),
      effect(() => this.#remember()),
      effect(() => scene.people.set(this.#marks())),
      effect(() => this.#follow()),
    );
    this.#listen();
    this.#begin();
  }

  /** Go to what somebody sees, and go along until one moves oneself. */
  follow(person: Person): void {
    this.followed.value = person.user;
    this.#parts.model.spoken.value = texts.people.following(person.name);
  }

  stopFollowing(): void {
    if (this.followed.value !== 0) this.#parts.model.spoken.value = texts.people.followNobody;
    this.followed.value = 0;
  }

  close(): void {
    this.#leave();
    this.#abort.abort();
    for (const dispose of this.#disposers) dispose();
  }

  /** The stream has begun: ask who is here. */
  #begin(): void {
    this.#announcer.ask();
    this.#tick();
  }

  #tick(): void {
    if (document.hidden) return;
    this.#here.sweep();
    if (this.isTold.value) this.#announcer.tick();
  }

  #whereabouts(): Whereabouts {
    const { model, scene } = this.#parts;
    // Who follows somebody sees what they see: said like this, two who follow each other rest.
    const leader = this.people.value.find((one) => one.user === this.followed.value);
    const { x0, y0, x1, y1 } = leader?.box ?? scene.stage.view().visible;
    return {
      ...(leader?.plane ?? model.plane.value),
      box: x0 < x1 && y0 < y1 ? [y0, x0, y1, x1] : null,
      selected: model.selected.value,
      is_painting: performance.now() - this.#paintedAt < PAINTING_MS,
    };
  }

  #marks() {
    if (!this.isShown.value) return [];
    const plane = this.#parts.model.plane.value;
    const here = this.people.value.filter((one) => isSame(one.plane, plane));
    return here.map(({ user, name, box, selected }) => {
      const colour = colourOf(user);
      const isFollowed = user === this.followed.value;
      return { name, colour, ink: inkOn(colour), box: isFollowed ? null : box, selected };
    });
  }

  /** Move the view to that of the person who is followed, whenever it is another. */
  #follow(): void {
    const leader = this.people.value.find((one) => one.user === this.followed.value);
    if (!leader) {
      if (this.followed.value !== 0) this.stopFollowing();
      return;
    }
    const { goTo, scene } = this.#parts;
    const { box, plane } = leader;
    untracked(() => void goTo(plane).then(() => box && scene.stage.showBox(box)));
  }

  /** What a person does that ends following, and the end of the page. */
  #listen(): void {
    const { signal: until } = this.#abort;
    const stop = (event: Event) => {
      const isPeople = event.target instanceof Element && event.target.closest(".people, .follow");
      if (!isPeople) this.stopFollowing();
    };
    for (const name of ["pointerdown", "wheel", "keydown"]) {
      document.addEventListener(name, stop, { signal: until, capture: true, passive: true });
    }
    window.addEventListener("pagehide", () => this.#leave(), { signal: until });
  }

  #leave(): void {
    const { api, layer } = this.#parts;
    if (!this.isTold.value) return;
    const said = { session: this.#session, ...this.#whereabouts(), hello: false, gone: true };
    api.announce(layer.info.id, said, true).catch(() => undefined);
  }

  /** Whether to tell where one is; who stops it is gone for the others at once. */
  tell(isTold: boolean): void {
    if (!isTold) this.#leave();
    this.isTold.value = isTold;
    if (isTold) this.#begin();
  }

  #recall(): void {
    try {
      const kept = JSON.parse(localStorage.getItem(MEMORY_KEY) ?? "{}");
      this.isShown.value = kept.isShown !== false;
      this.isTold.value = kept.isTold !== false;
    } catch {
      // Storage may be blocked or hold something foreign: the defaults do.
    }
  }

  #remember(): void {
    const kept = { isShown: this.isShown.value, isTold: this.isTold.value };
    try {
      localStorage.setItem(MEMORY_KEY, JSON.stringify(kept));
    } catch {
      // Without storage the choice lasts as long as the page.
    }
  }
}
