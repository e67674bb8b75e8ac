import { RecentIds } from "../../src/brokers/memory/recent-ids.ts";
import { States } from "../../src/brokers/memory/states.ts";
import { Streams } from "../../src/brokers/memory/streams.ts";
import type { Accepted, Broker, BrokerEvents, HistoryPage, HistoryRange, Keep } from "../../src/engine/ports/broker.ts";
import type { Position, Publication } from "../../src/engine/publication.ts";
import { CarillonError } from "../../src/errors/carillon-error.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemRandom } from "../../src/platform/random.ts";

/** How a cluster is broken, to see that the contract notices. */
export interface Defects {
  readonly forgetsItself?: boolean;
  readonly reorders?: boolean;
  readonly ignoresUnsubscribe?: boolean;
  readonly ignoresSubscriptions?: boolean;
  readonly matchesPatterns?: boolean;
  readonly losesBytes?: boolean;
  readonly losesSender?: boolean;
  readonly keepsSignals?: boolean;
  readonly speaksAfterClose?: boolean;
  readonly acceptsAfterClose?: boolean;
  readonly lowersCase?: boolean;
  readonly losesPositions?: boolean;
  readonly losesPrevious?: boolean;
  readonly keepsEverything?: boolean;
  readonly coversEverything?: boolean;
  readonly ignoresAfter?: boolean;
  readonly ignoresBefore?: boolean;
  readonly ignoresLimit?: boolean;
  readonly readsNewestFirst?: boolean;
  readonly forgetsIds?: boolean;
  readonly answersRepeatsBare?: boolean;
  readonly keepsIdsForAll?: boolean;
  readonly keepsHistoriesApart?: boolean;
  readonly keepsStatesApart?: boolean;
  readonly ignoresRoom?: boolean;
  readonly losesState?: boolean;
  readonly ignoresClear?: boolean;
  readonly writesRepeats?: boolean;
  readonly readsStateBackwards?: boolean;
  readonly keepsStateForever?: boolean;
}

interface Member {
  readonly channels: Set<string>;
  readonly events: BrokerEvents;
}

/** Several nodes in one process, that hear of each other a microtask later, as over a network. */
export class Cluster {
  readonly #members = new Set<Member>();
  readonly #subscribed = new Set<string>();
  readonly #streams = new Streams(systemClock, systemRandom, this.#subscribed);
  readonly #ids = new RecentIds(systemClock);
  readonly #states = new States(systemClock);
  readonly #defects: Defects;

  constructor(defects: Defects = {}) {
    this.#defects = defects;
  }

  node(): Broker {
    const defects = this.#defects;
    const streams = defects.keepsHistoriesApart
      ? new Streams(systemClock, systemRandom, this.#subscribed)
      : this.#streams;
    const states = defects.keepsStatesApart ? new States(systemClock) : this.#states;
    let member: Member | undefined;
    const check = (): void => {
      if (!member && !defects.acceptsAfterClose) throw new CarillonError("broker-unavailable");
    };
    return {
      start: async (events) => {
        this.#members.add((member = { channels: new Set(), events }));
      },
      subscribe: async (channel) => {
        check();
        this.#subscribed.add(channel);
        member?.channels.add(this.#key(channel));
      },
      unsubscribe: async (channel) => {
        check();
        if (!defects.ignoresUnsubscribe) member?.channels.delete(this.#key(channel));
      },
      publish: async (publication, keep = {}) => {
        check();
        return this.#publish(this.#copy(publication), keep, { streams, states }, member);
      },
      read: async (channel, range) => {
        check();
        return this.#read(channel, range, streams);
      },
      state: async (channel) => {
        check();
        const state = states.read(channel);
        return defects.readsStateBackwards ? state.toReversed() : state;
      },
      clearState: async (channel) => {
        check();
        if (!defects.ignoresClear) states.forget(channel);
      },
      signal: async (signal) => {
        check();
        await Promise.resolve();
        for (const other of this.#members) if (!defects.keepsSignals || other === member) other.events.signal(signal);
      },
      close: async () => {
        if (member && !defects.speaksAfterClose) this.#members.delete(member);
        if (!defects.speaksAfterClose) member = undefined;
      },
    };
  }

  async #publish(
    publication: Publication,
    { history, once, state: written }: Keep,
    { streams, states }: { readonly streams: Streams; readonly states: States },
    publisher: Member | undefined,
  ): Promise<Accepted> {
    const defects = this.#defects;
    const idChannel = defects.keepsIdsForAll ? "" : publication.channel;
    const earlier = once && !defects.forgetsIds ? this.#ids.find(idChannel, publication.id) : undefined;
    const state = written && { ...written, ...(defects.keepsStateForever && { ttlMs: 60_000 }) };
    if (earlier && state && defects.writesRepeats) states.write(publication, state);
    if (earlier) return defects.answersRepeatsBare ? earlier : { ...earlier, isRepeat: true };
    if (state && !defects.ignoresRoom && !states.hasRoom(publication, state)) return { isFull: true };
    const kept = defects.keepsEverything ? { size: 1_000, ttlMs: 60_000 } : history;
    const appended = kept && streams.append(publication, kept);
    if (state && !defects.losesState) states.write(appended?.publication ?? publication, state);
    const position = appended?.publication.position;
    const accepted = position && !defects.losesPositions ? { position } : {};
    if (once) this.#ids.add(idChannel, publication.id, accepted);
    await Promise.resolve();
    if (defects.reorders && Number((publication.data as { number?: number } | undefined)?.number) % 2 === 0) {
      await Promise.resolve();
    }
    this.#handOut(appended?.publication ?? publication, appended?.previous, publisher);
    return accepted;
  }

  #handOut(publication: Publication, previous: Position | undefined, publisher: Member | undefined): void {
    for (const other of this.#members) {
      if (this.#defects.forgetsItself && other === publisher) continue;
      if (!this.#hears(other, publication.channel)) continue;
      other.events.publication(publication, this.#defects.losesPrevious ? undefined : previous);
    }
  }

  #read(channel: string, range: HistoryRange, streams: Streams): HistoryPage {
    const { ignoresAfter, ignoresBefore, ignoresLimit, coversEverything, readsNewestFirst } = this.#defects;
    const { after, before, limit } = range;
    const page = streams.read(channel, {
      limit: ignoresLimit ? 1_000 : limit,
      ...(after && !ignoresAfter && { after }),
      ...(before && !ignoresBefore && { before }),
    });
    return {
      ...page,
      isCovered: coversEverything || page.isCovered,
      publications: readsNewestFirst ? page.publications.toReversed() : page.publications,
    };
  }

  #key(channel: string): string {
    return this.#defects.lowersCase ? channel.toLowerCase() : channel;
  }

  #hears({ channels }: Member, channel: string): boolean {
    const { ignoresSubscriptions, matchesPatterns } = this.#defects;
    if (ignoresSubscriptions || channels.has(this.#key(channel))) return true;
    return matchesPatterns === true && [...channels].some((name) => name === "a.*" && channel.startsWith("a."));
  }

  #copy(publication: Publication): Publication {
    const copied = structuredClone(publication);
    if (this.#defects.losesBytes && copied.data instanceof Uint8Array) return { ...copied, data: [...copied.data] };
    if (!this.#defects.losesSender) return copied;
    const { from: _, ...anonymous } = copied;
    return anonymous;
  }
}
