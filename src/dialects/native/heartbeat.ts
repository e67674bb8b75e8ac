import type { Clock, Timer } from "../../platform/clock.ts";
import type { Wire } from "../../engine/ports/wire.ts";

/**
 * Says something whenever a wire was silent for an interval.
 *
 * The timer is not touched by sends, which are many: it looks when it fires, and sets itself for what remains.
 */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #wire: Wire;
  readonly #intervalMs: number;
  readonly #beat: () => void;
  #timer: Timer;

  constructor(clock: Clock, wire: Wire, intervalMs: number, beat: () => void) {
    this.#clock = clock;
    this.#wire = wire;
    this.#intervalMs = intervalMs;
    this.#beat = beat;
    this.#timer = clock.after(intervalMs, () => this.#look());
  }

  stop(): void {
    this.#timer.cancel();
  }

  #look(): void {
    const silentMs = this.#clock.now() - this.#wire.lastWriteAt;
    const due = silentMs >= this.#intervalMs;
    if (due) this.#beat();
    this.#timer = this.#clock.after(due ? this.#intervalMs : this.#intervalMs - silentMs, () => this.#look());
  }
}
