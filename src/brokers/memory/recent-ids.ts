import type { Accepted } from "../../engine/ports/broker.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Swept } from "./sweeper.ts";

interface Remembered {
  readonly accepted: Accepted;
  readonly at: number;
}

const windowMs = 300_000;
const maxIds = 100_000;

/** The ids that publishers chose, for five minutes each and at most 100,000 a channel: the oldest go first. */
export class RecentIds implements Swept {
  readonly #channels = new Map<string, Map<string, Remembered>>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many channels it remembers ids of. */
  get size(): number {
    return this.#channels.size;
  }

  /** @returns what became of the publication with this id */
  find(channel: string, id: string): Accepted | undefined {
    const known = this.#channels.get(channel)?.get(id);
    return known && this.#clock.now() - known.at <= windowMs ? known.accepted : undefined;
  }

  add(channel: string, id: string, accepted: Accepted): void {
    let ids = this.#channels.get(channel);
    if (!ids) this.#channels.set(channel, (ids = new Map()));
    // Taken out first, because a map keeps the place in which a key came.
    ids.delete(id);
    ids.set(id, { accepted, at: this.#clock.now() });
    if (ids.size <= maxIds) return;
    for (const oldest of ids.keys()) {
      ids.delete(oldest);
      break;
    }
  }

  sweep(now: number): void {
    for (const [channel, ids] of this.#channels) {
      for (const [id, { at }] of ids) {
        if (now - at <= windowMs) break;
        ids.delete(id);
      }
      if (ids.size === 0) this.#channels.delete(channel);
    }
  }

  clear(): void {
    this.#channels.clear();
  }
}
