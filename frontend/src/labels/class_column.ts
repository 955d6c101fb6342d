/** The classes of a table's instances: one small number per slot, and a count per class. */

export class ClassColumn {
  /** Names by their code; 0 is unknown. */
  private readonly names: string[] = [""];
  private readonly counts: number[] = [0];
  private codes = new Uint16Array(256);

  /** A slot is used anew: its instance has no class yet and no pixel. */
  reset(slot: number): void {
    this.codes[slot] = 0;
  }

  clear(): void {
    this.counts.fill(0);
  }

  enlarge(size: number): void {
    const larger = new Uint16Array(size);
    larger.set(this.codes);
    this.codes = larger;
  }

  /** Names by their code. */
  get allNames(): readonly string[] {
    return this.names;
  }

  codeAt(slot: number): number {
    return this.codes[slot] as number;
  }

  nameOf(slot: number): string {
    return this.names[this.codes[slot] as number] ?? "";
  }

  /** @param isCounted whether the instance has a pixel */
  set(slot: number, name: string, isCounted: boolean): boolean {
    const was = this.codes[slot] as number;
    const code = this.codeOf(name);
    if (was === code) return false;
    if (isCounted) this.tally(slot, -1);
    this.codes[slot] = code;
    if (isCounted) this.tally(slot, 1);
    return true;
  }

  /** An instance got its first pixel, or lost its last. */
  tally(slot: number, sign: 1 | -1): void {
    const code = this.codes[slot] as number;
    this.counts[code] = (this.counts[code] ?? 0) + sign;
  }

  /** Instances with a pixel, by class. */
  counted(): Map<string, number> {
    const all = this.names.map((name, code): [string, number] => [name, this.counts[code] ?? 0]);
    return new Map(all.filter(([, n]) => n > 0));
  }

  private codeOf(name: string): number {
    const known = this.names.indexOf(name);
    if (known >= 0) return known;
    this.counts.push(0);
    return this.names.push(name) - 1;
  }
}
