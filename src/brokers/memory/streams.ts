import type { HistoryPage, HistoryPolicy, HistoryRange } from "../../engine/ports/broker.ts";
import type { Publication } from "../../engine/publication.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import { History, type Appended } from "./history.ts";
import type { Swept } from "./sweeper.ts";

interface Stream {
  readonly history: History;
  /** Clock time of the last moment in which someone was there or something was kept, or a little later. */
  usedAt: number;
}

/** A stream without subscribers and publications is remembered for so long, so that those who come back go on in its epoch. */
const idleMs = 600_000;

/**
 * The histories of all channels.
 *
 * A stream that was forgotten begins anew in another epoch. One that nothing was ever published in has nothing to forget,
 * and goes when its last subscriber does: names that are only subscribed to and left take no memory.
 */
export class Streams implements Swept {
  readonly #streams = new Map<string, Stream>();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #subscribed: ReadonlySet<string>;
  readonly #boot: string;
  /** Grows when a stream is forgotten in which something had been published. */
  #generation = 0;

  constructor(clock: Clock, random: Random, subscribed: ReadonlySet<string>) {
    this.#clock = clock;
    this.#random = random;
    this.#subscribed = subscribed;
    this.#boot = random.uuid().replaceAll("-", "").slice(0, 12);
  }

  /** How many streams are remembered. */
  get size(): number {
    return this.#streams.size;
  }

  append(publication: Publication, policy: HistoryPolicy): Appended {
    const now = this.#clock.now();
    const stream = this.#open(publication.channel, now);
    stream.usedAt = now;
    const tag = Math.floor(this.#random.next() * 2 ** 48).toString(36);
    return stream.history.append(publication, tag, policy, now);
  }

  read(channel: string, range: HistoryRange): HistoryPage {
    const now = this.#clock.now();
    // Whoever is subscribed goes by the epoch it is told here, so the stream is remembered with it.
    const stream = this.#subscribed.has(channel) ? this.#open(channel, now) : this.#streams.get(channel);
    if (!stream) return new History(this.#epoch).read(range);
    stream.usedAt = now;
    stream.history.trim(now);
    return stream.history.read(range);
  }

  /** To be called when the node has left a channel. */
  left(channel: string): void {
    const stream = this.#streams.get(channel);
    if (!stream) return;
    if (stream.history.isFresh) this.#streams.delete(channel);
    else stream.usedAt = this.#clock.now();
  }

  sweep(now: number): void {
    for (const [channel, stream] of this.#streams) {
      const { history } = stream;
      if (history.size > 0 || this.#subscribed.has(channel)) stream.usedAt = now;
      history.trim(now);
      if (now - stream.usedAt <= idleMs) continue;
      this.#streams.delete(channel);
      this.#generation += 1;
    }
  }

  clear(): void {
    this.#streams.clear();
  }

  get #epoch(): string {
    return `${this.#boot}-${this.#generation}`;
  }

  #open(channel: string, now: number): Stream {
    let stream = this.#streams.get(channel);
    if (!stream) this.#streams.set(channel, (stream = { history: new History(this.#epoch), usedAt: now }));
    return stream;
  }
}
