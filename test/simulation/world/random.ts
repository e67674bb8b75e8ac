import type { Random } from "../../../src/platform/random.ts";

/** Randomness that can be had again, and that has parts of its own: what one part draws changes no other. */
export class SeededRandom implements Random {
  readonly #name: string;
  readonly #state: Uint32Array;

  constructor(name: string) {
    this.#name = name;
    this.#state = stateOf(name);
    // The first numbers of similar names are alike.
    for (let warm = 0; warm < 12; warm += 1) this.#draw();
  }

  /** The same for the same name, however much was drawn here. */
  part(name: string): SeededRandom {
    return new SeededRandom(`${this.#name}/${name}`);
  }

  next(): number {
    return this.#draw() / 2 ** 32;
  }

  uuid(): string {
    const hex = Array.from({ length: 4 }, () => this.#draw().toString(16).padStart(8, "0")).join("");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  }

  /** A whole number, both ends included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.next() * items.length)]!;
  }

  /** A time around `mean`: most are shorter, and a few are very long. */
  time(mean: number): number {
    const spread = -Math.log(1 - this.next()) * mean;
    return this.chance(0.02) ? spread * 8 : spread;
  }

  /** sfc32. */
  #draw(): number {
    const state = this.#state;
    const [a, b, c, counter] = state as unknown as [number, number, number, number];
    const drawn = (a + b + counter) >>> 0;
    state[3] = counter + 1;
    state[0] = b ^ (b >>> 9);
    state[1] = c + (c << 3);
    state[2] = ((c << 21) | (c >>> 11)) + drawn;
    return drawn;
  }
}

/** FNV-1a, four times from different beginnings. */
function stateOf(name: string): Uint32Array {
  return Uint32Array.from([0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35], (start) => {
    let hash = start;
    for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
    return hash >>> 0;
  });
}
