import { memoryBroker } from "../../../src/brokers/memory.ts";
import type { Accepted, Broker, HistoryPage, HistoryRange, Keep } from "../../../src/engine/ports/broker.ts";
import type { Position, Publication } from "../../../src/engine/publication.ts";
import type { Clock } from "../../../src/platform/clock.ts";
import type { Payload, Truth } from "../checks/truth.ts";
import type { SeededRandom } from "./random.ts";

interface Appended {
  readonly publication: Publication;
  readonly keep: Keep | undefined;
  /** What was drawn for its tag. */
  readonly drawn: number;
}

/** What a store is made of. */
export interface StoreParts {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly channels: readonly string[];
  readonly truth: Truth;
  readonly now: () => number;
  /** It has accepted something, and subscribers are to hear it. */
  readonly accepted: (publication: Publication, previous: Position | undefined) => void;
}

/**
 * What a shared broker remembers: the histories of the memory broker, which can be lost, wholly or from the end.
 *
 * After a failover the same offsets of the same epoch are given away again, with other tags.
 */
export class BrokerStore {
  readonly #parts: StoreParts;
  #memory: Broker;
  #boot = 0;
  #log: Appended[] = [];
  #drawn = 0;
  #replayed: number | undefined;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#memory = this.#begin();
  }

  publish(publication: Publication, keep: Keep | undefined): Accepted {
    const accepted = this.#memory.publish(publication, keep) as Accepted;
    if (!accepted.isRepeat) this.#log.push({ publication, keep, drawn: this.#drawn });
    return accepted;
  }

  /** It is not accepted. */
  refuse(publication: Publication): void {
    this.#parts.truth.mayBeLate(publication.data as Payload);
  }

  read(channel: string, range: HistoryRange): HistoryPage {
    return this.#memory.read(channel, range) as HistoryPage;
  }

  state(channel: string): readonly Publication[] {
    return this.#memory.state(channel) as readonly Publication[];
  }

  clearState(channel: string): void {
    void this.#memory.clearState(channel);
  }

  /** Everything is lost. */
  reset(): void {
    const { channels, truth, now } = this.#parts;
    for (const channel of channels) truth.lost([...truth.kept(channel)], now());
    truth.forget(this.#log.map(({ publication }) => publication));
    this.#boot += 1;
    this.#log = [];
    this.#restart();
  }

  /** The last so many publications are lost, of all channels together. */
  failover(count: number): void {
    const { truth, now } = this.#parts;
    const lost = this.#log.splice(Math.max(0, this.#log.length - count));
    truth.forget(lost.map(({ publication }) => publication));
    const ids = new Set(lost.map(({ publication: { channel, id } }) => `${channel} ${id}`));
    for (const channel of this.#parts.channels) {
      truth.lost(
        truth.kept(channel).filter(({ publication: { id } }) => ids.has(`${channel} ${id}`)),
        now(),
      );
    }
    this.#restart();
    for (const { publication, keep, drawn } of this.#log) {
      this.#replayed = drawn;
      const { position } = this.#memory.publish(publication, keep) as Accepted;
      const known = position && truth.find(publication.channel, position);
      if (position && !known)
        throw new Error(`the broker did not come back as it was: ${publication.channel} ${position.offset}`);
    }
    this.#replayed = undefined;
  }

  #restart(): void {
    void this.#memory.close();
    this.#memory = this.#begin();
  }

  #begin(): Broker {
    const { clock, random, channels, truth, now, accepted } = this.#parts;
    const boot = random.part(`boot ${this.#boot}`).uuid();
    const memory = memoryBroker({
      clock,
      random: { uuid: () => boot, next: () => (this.#drawn = this.#replayed ?? random.next()) },
    });
    void memory.start({
      publication: (publication, previous) => {
        if (this.#replayed !== undefined) return;
        truth.accepted(publication, previous, now());
        accepted(publication, previous);
      },
      signal: () => undefined,
      interrupted: () => undefined,
    });
    for (const channel of channels) void memory.subscribe(channel);
    return memory;
  }
}
