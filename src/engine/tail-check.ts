import type { Clock, Timer } from "../platform/clock.ts";

/** A channel whose history may hold something that nobody was told of. */
export interface Checked {
  /** The check came by. */
  visit(): void;
  /** Something may have been missed: it compares itself with its history at once. */
  check(): void;
}

/** Every channel is visited twice in this time, and compared with its history once. */
const periodMs = 5_000;
/** A period has so many visits to each channel. */
const visits = 2;
/** The channels are visited in so many slices, so that many of them do not stand still everything else. */
const slices = 25;
const sliceMs = periodMs / visits / slices;

/** Looks, all the time, for what was published last and never came: nothing after it would give it away. */
export class TailCheck {
  readonly #clock: Clock;
  readonly #slices: readonly Set<Checked>[] = Array.from({ length: slices }, () => new Set());
  readonly #places = new Map<Checked, Set<Checked>>();
  #added = 0;
  #next = 0;
  #timer: Timer | undefined;
  #sweep: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(checked: Checked): void {
    const slice = this.#slices[this.#added % slices]!;
    this.#added += 1;
    slice.add(checked);
    this.#places.set(checked, slice);
    this.#timer ??= this.#clock.after(sliceMs, () => this.#visit());
  }

  remove(checked: Checked): void {
    this.#places.get(checked)?.delete(checked);
    this.#places.delete(checked);
    if (this.#places.size === 0) this.stop();
  }

  /** All of them may have missed something; they are asked slice by slice, without waiting for their turn. */
  checkAll(): void {
    this.#sweep?.cancel();
    this.#checkFrom(0);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#sweep?.cancel();
    this.#timer = undefined;
    this.#sweep = undefined;
  }

  #visit(): void {
    const slice = this.#slices[this.#next]!;
    this.#next = (this.#next + 1) % slices;
    this.#timer = this.#clock.after(sliceMs, () => this.#visit());
    for (const checked of slice) checked.visit();
  }

  #checkFrom(index: number): void {
    this.#sweep = undefined;
    const slice = this.#slices[index];
    if (!slice) return;
    if (this.#places.size > 0) this.#sweep = this.#clock.after(0, () => this.#checkFrom(index + 1));
    for (const checked of slice) checked.check();
  }
}
