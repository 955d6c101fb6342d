/** What is compared, what was found and what of it is chosen, as signals. */
import { computed, type Signal, signal } from "@preact/signals";
import type { LayerJson } from "../../api/types";
import type { DifferenceGroup, DifferenceKind, Side } from "../../labels/differences";
import type { Compared } from "./compare_load";
import { CHANGES } from "./compare_words";

export class CompareState {
  /** What can be compared: annotation layers, then drafts, newest first. */
  readonly rows = signal<readonly LayerJson[]>([]);
  readonly a = signal<string | undefined>(undefined);
  readonly b = signal<string | undefined>(undefined);
  readonly compared = signal<Compared | undefined>(undefined);
  /** What is waited for. */
  readonly waiting = signal<string | undefined>(undefined);
  readonly problem = signal<string | undefined>(undefined);
  readonly isTooLarge = signal(false);
  /** Only what was in view when it was asked for. */
  readonly isPart = signal(false);
  readonly kinds: Signal<ReadonlySet<DifferenceKind>> = signal(new Set(CHANGES));
  /** Place in the groups. */
  readonly chosen = signal<number | undefined>(undefined);
  /** Where the curtain hangs, 0 to 1; undefined for one layer over the other. */
  readonly curtain = signal<number | undefined>(undefined);

  readonly hasCurtain = computed(() => this.curtain.value !== undefined);

  get chosenGroup(): DifferenceGroup | undefined {
    return this.compared.value?.found.groups[this.chosen.value ?? -1];
  }

  /** Places of the groups that are listed and drawn. */
  listed(): number[] {
    return this.compared.value?.found.ofKinds(this.kinds.value) ?? [];
  }

  rowOf(side: Side): LayerJson | undefined {
    const id = (side === "a" ? this.a : this.b).value;
    return this.rows.value.find((row) => row.id === id);
  }

  get hasDraft(): boolean {
    return [this.rowOf("a"), this.rowOf("b")].some((row) => row?.kind === "prediction");
  }

  /** At a curtain everything is seen: it is the layers that are looked at. */
  isDrawn(kind: DifferenceKind): boolean {
    return this.kinds.value.has(kind) || (kind === "same" && this.hasCurtain.value);
  }
}
