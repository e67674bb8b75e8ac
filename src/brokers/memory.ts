import type { Accepted, Broker, BrokerEvents, Keep } from "../engine/ports/broker.ts";
import type { Publication } from "../engine/publication.ts";
import { CarillonError } from "../errors/carillon-error.ts";
import { systemClock, type Clock } from "../platform/clock.ts";
import { systemRandom, type Random } from "../platform/random.ts";
import { RecentIds } from "./memory/recent-ids.ts";
import { States } from "./memory/states.ts";
import { Streams } from "./memory/streams.ts";
import { Sweeper } from "./memory/sweeper.ts";

/** What a memory broker is made of. */
export interface MemoryBrokerOptions {
  /** For tests: the time. */
  readonly clock?: Clock;
  /** For tests: the randomness behind epochs and tags. */
  readonly random?: Random;
}

/** A publication that nothing is kept of: what most of them get, so it is made once. */
const passedOn: Accepted = {};
const full: Accepted = { isFull: true };

/** The broker of a single node: everything happens at once, in this process, and ends with it. */
export function memoryBroker({ clock = systemClock, random = systemRandom }: MemoryBrokerOptions = {}): Broker {
  const channels = new Set<string>();
  const streams = new Streams(clock, random, channels);
  const recentIds = new RecentIds(clock);
  const states = new States(clock);
  const sweeper = new Sweeper(clock, [streams, recentIds, states]);
  let events: BrokerEvents | undefined;

  function started(): BrokerEvents {
    if (events) return events;
    throw new CarillonError("broker-unavailable", { message: "the memory broker is not started, or it is closed" });
  }

  function publishKept(node: BrokerEvents, publication: Publication, { history, once, state }: Keep): Accepted {
    const { channel } = publication;
    if (once) {
      const earlier = recentIds.find(channel, publication.id);
      if (earlier) return { ...earlier, isRepeat: true };
    }
    if (state && !states.hasRoom(publication, state)) return full;
    const appended = history && streams.append(publication, history);
    const accepted = appended ? { position: appended.publication.position } : passedOn;
    if (state) states.write(appended?.publication ?? publication, state);
    // Remembered before it is handed out: whoever hears it may publish it again at once.
    if (once) recentIds.add(channel, publication.id, accepted);
    sweeper.wake();
    if (channels.has(channel)) node.publication(appended?.publication ?? publication, appended?.previous);
    return accepted;
  }

  return {
    start(listener) {
      events = listener;
      return Promise.resolve();
    },
    subscribe(channel) {
      started();
      channels.add(channel);
    },
    unsubscribe(channel) {
      started();
      channels.delete(channel);
      streams.left(channel);
    },
    publish(publication, keep) {
      const node = started();
      if (keep) return publishKept(node, publication, keep);
      if (channels.has(publication.channel)) node.publication(publication);
      return passedOn;
    },
    read(channel, range) {
      started();
      return streams.read(channel, range);
    },
    state(channel) {
      started();
      return states.read(channel);
    },
    clearState(channel) {
      started();
      states.forget(channel);
    },
    signal(signal) {
      started().signal(signal);
    },
    close() {
      events = undefined;
      sweeper.stop();
      channels.clear();
      streams.clear();
      recentIds.clear();
      states.clear();
      return Promise.resolve();
    },
  };
}
