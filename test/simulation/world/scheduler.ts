import type { SeededRandom } from "./random.ts";

/** Something that will happen. */
export interface Planned {
  cancel(): void;
}

interface Entry extends Planned {
  readonly time: number;
  readonly tie: number;
  run: (() => void) | undefined;
}

/** The parts of a millisecond that are told apart. */
const grain = 64;

/** A seed that makes so many events goes round in circles. */
const maxEvents = 1_000_000;

/**
 * Virtual time: a heap of what will happen, in the order of its times; what happens at the same time does so in an order that
 * the seed chooses.
 *
 * After every event all promises have settled that can: `setImmediate` comes when the queue of microtasks is empty.
 */
export class Scheduler {
  now = 0;
  events = 0;
  readonly #heap: Entry[] = [];
  readonly #random: SeededRandom;
  /** Told what an event threw. */
  readonly #failed: (error: unknown) => void;
  #isStopped = false;

  constructor(random: SeededRandom, failed: (error: unknown) => void) {
    this.#random = random;
    this.#failed = failed;
  }

  after(ms: number, run: () => void): Planned {
    const entry: Entry = {
      // Times that sums and differences of which are exact.
      time: this.now + Math.ceil(Math.max(0, ms) * grain) / grain,
      tie: this.#random.next(),
      run,
      cancel: () => {
        entry.run = undefined;
      },
    };
    this.#push(entry);
    return entry;
  }

  /** Nothing happens any more. */
  stop(): void {
    this.#isStopped = true;
  }

  async runUntil(end: number): Promise<void> {
    await new Promise(setImmediate);
    for (let next = this.#heap[0]; next && next.time <= end && !this.#isStopped; next = this.#heap[0]) {
      this.#pop();
      const { run } = next;
      if (!run) continue;
      this.now = next.time;
      this.events += 1;
      try {
        run();
        if (this.events > maxEvents) throw new Error(`more than ${maxEvents} events`);
      } catch (error) {
        this.#failed(error);
      }
      await new Promise(setImmediate);
    }
    if (!this.#isStopped) this.now = end;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.time < b.time || (a.time === b.time && a.tie < b.tie);
}
