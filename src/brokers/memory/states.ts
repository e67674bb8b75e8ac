import type { StateWrite } from "../../engine/ports/broker.ts";
import type { Publication } from "../../engine/publication.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Swept } from "./sweeper.ts";

interface Value {
  readonly publication: Publication;
  readonly size: number;
  /** Clock time of the last moment in which it is kept. */
  readonly until: number;
}

/** One channel's values, in the order in which they were written. */
interface State {
  readonly values: Map<string, Value>;
  bytes: number;
}

/** The state of all channels. */
export class States implements Swept {
  readonly #states = new Map<string, State>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many channels have state. */
  get size(): number {
    return this.#states.size;
  }

  hasRoom({ channel, data, stateKey = "" }: Publication, { keys, bytes, size }: StateWrite): boolean {
    if (data === undefined) return true;
    const state = this.#current(channel);
    const old = state?.values.get(stateKey);
    if (!old && (state?.values.size ?? 0) >= keys) return false;
    return (state?.bytes ?? 0) - (old?.size ?? 0) + size <= bytes;
  }

  /** Writes what has room. */
  write(publication: Publication, { size, ttlMs }: StateWrite): void {
    const { channel, data, stateKey = "" } = publication;
    let state = this.#states.get(channel);
    // Taken out first, because a map keeps the place in which a key came.
    if (state) remove(state, stateKey);
    if (data !== undefined) {
      if (!state) this.#states.set(channel, (state = { values: new Map(), bytes: 0 }));
      state.values.set(stateKey, { publication, size, until: this.#clock.now() + ttlMs });
      state.bytes += size;
    } else if (state?.values.size === 0) this.#states.delete(channel);
  }

  read(channel: string): readonly Publication[] {
    return Array.from(this.#current(channel)?.values.values() ?? [], ({ publication }) => publication);
  }

  forget(channel: string): void {
    this.#states.delete(channel);
  }

  sweep(now: number): void {
    for (const [channel, state] of this.#states) {
      trim(state, now);
      if (state.values.size === 0) this.#states.delete(channel);
    }
  }

  clear(): void {
    this.#states.clear();
  }

  /** What is still kept of a channel's state. */
  #current(channel: string): State | undefined {
    const state = this.#states.get(channel);
    if (state) trim(state, this.#clock.now());
    return state;
  }
}

function trim(state: State, now: number): void {
  for (const [key, { until }] of state.values) {
    // The oldest come first, and all are kept for as long.
    if (until >= now) return;
    remove(state, key);
  }
}

function remove(state: State, key: string): void {
  state.bytes -= state.values.get(key)?.size ?? 0;
  state.values.delete(key);
}
