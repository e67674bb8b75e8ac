import { States } from "../../src/brokers/memory/states.ts";
import { Streams } from "../../src/brokers/memory/streams.ts";
import type { Accepted, Broker, BrokerEvents, HistoryPage, HistoryRange, Keep } from "../../src/engine/ports/broker.ts";
import type { Position, Publication } from "../../src/engine/publication.ts";
import type { Clock } from "../../src/platform/clock.ts";
import { systemRandom } from "../../src/platform/random.ts";
import { turn } from "./support.ts";

/** What happens to what is published: it arrives, it is lost, it arrives twice, or it waits. */
export type Fate = "arrives" | "is lost" | "comes twice" | "waits";

interface Sent {
  readonly publication: Publication;
  readonly previous: Position | undefined;
}

/** A broker that keeps everything as it should, and hands it out as badly as the test wants. */
export class FaultyBroker implements Broker {
  fate: Fate = "arrives";
  /** Reads finish at once, or when the test lets them, with what is there by then or with what was there before; or fail. */
  reads: "at once" | "later" | "later, as it was" | "never" = "at once";
  /** Reads do not know of the newest so many publications, as a copy that lags behind; it catches up with the next read. */
  lagsBehind = 0;
  /** Told of every position before anyone hears of it. */
  whenAppended: (position: Position) => void = () => undefined;
  /** How often it was read. */
  readCount = 0;
  readonly #clock: Clock;
  readonly #subscribed = new Set<string>();
  readonly #states: States;
  #streams: Streams;
  #events: BrokerEvents | undefined;
  #waiting: Sent[] = [];
  readonly #reading: ((isThere: boolean) => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#states = new States(clock);
    this.#streams = this.#anew();
  }

  /** How many reads have not finished. */
  get reading(): number {
    return this.#reading.length;
  }

  start(events: BrokerEvents): Promise<void> {
    this.#events = events;
    return Promise.resolve();
  }

  subscribe(channel: string): void {
    this.#subscribed.add(channel);
  }

  unsubscribe(channel: string): void {
    this.#subscribed.delete(channel);
    this.#streams.left(channel);
  }

  publish(publication: Publication, { history, state }: Keep = {}): Accepted {
    const appended = history && this.#streams.append(publication, history);
    if (state) this.#states.write(appended?.publication ?? publication, state);
    if (appended) this.whenAppended(appended.publication.position);
    const sent = { publication: appended?.publication ?? publication, previous: appended?.previous };
    if (this.fate === "waits") this.#waiting.push(sent);
    else if (this.fate !== "is lost") this.hand(sent);
    if (this.fate === "comes twice") this.hand(sent);
    return appended ? { position: appended.publication.position } : {};
  }

  read(channel: string, range: HistoryRange): HistoryPage | Promise<HistoryPage> {
    this.readCount += 1;
    if (this.lagsBehind > 0) return this.#readCopy(channel, range);
    if (this.reads === "at once") return this.#streams.read(channel, range);
    if (this.reads === "never") throw new Error("the network is gone");
    const before = this.reads === "later, as it was" ? this.#streams.read(channel, range) : undefined;
    return new Promise((resolve, reject) => {
      this.#reading.push((isThere) => {
        if (isThere) resolve(before ?? this.#streams.read(channel, range));
        else reject(new Error("the network is gone"));
      });
    });
  }

  /** What it has, without asking it as the engine does. */
  peek(channel: string, range: HistoryRange): HistoryPage {
    return this.#streams.read(channel, range);
  }

  state(channel: string): readonly Publication[] {
    return this.#states.read(channel);
  }

  clearState(channel: string): void {
    this.#states.forget(channel);
  }

  signal(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Hands out what waits, in this order; what has no place in it stays lost. */
  release(order: readonly number[] = this.#waiting.map((_, index) => index)): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const index of order) if (waiting[index]) this.hand(waiting[index]);
  }

  /** Hands out what nobody published. */
  hand({ publication, previous }: Sent): void {
    if (this.#subscribed.has(publication.channel)) this.#events!.publication(publication, previous);
  }

  /** Hands out again what is kept of a channel. */
  repeat(channel: string, offset: number): void {
    const { publications } = this.#streams.read(channel, { limit: 10_000 });
    const publication = publications.find(({ position }) => position?.offset === offset);
    const before = publications.find(({ position }) => position?.offset === offset - 1);
    if (publication) this.hand({ publication, previous: before?.position });
  }

  /** Lets the oldest reads finish with what is there now, or fail. */
  async finishReads(isThere = true, count: number = this.#reading.length): Promise<void> {
    for (const finish of this.#reading.splice(0, count)) finish(isThere);
    await turn();
  }

  /** Everything that was kept is gone. */
  loseHistory(): void {
    this.#streams = this.#anew();
  }

  interrupt(channels?: readonly string[]): void {
    this.#events!.interrupted(channels);
  }

  #readCopy(channel: string, { limit }: HistoryRange): HistoryPage {
    const { publications } = this.#streams.read(channel, { limit: 10_000 });
    const known = publications.slice(0, -this.lagsBehind);
    this.lagsBehind = 0;
    return { top: known.at(-1)!.position!, isCovered: false, publications: known.slice(0, limit) };
  }

  #anew(): Streams {
    return new Streams(this.#clock, systemRandom, this.#subscribed);
  }
}
