import type { Accepted, Broker, BrokerEvents, HistoryPage, Keep } from "../../../src/engine/ports/broker.ts";
import type { Position, Publication } from "../../../src/engine/publication.ts";
import { CarillonError } from "../../../src/errors/carillon-error.ts";
import type { ActorClock } from "./actor-clock.ts";
import type { BrokerStore } from "./broker-store.ts";
import { whenRunning } from "./network.ts";
import type { SeededRandom } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

/** How the broker misbehaves; everything from 0 to 1. */
export interface BrokerFaults {
  readonly delayMs: number;
  /** A node is not told of a publication that is in the history. */
  readonly drop: number;
  /** A node is told once more, later. */
  readonly repeat: number;
  /** An answer takes long. */
  readonly late: number;
  /** It was done, and is said to have failed. */
  readonly timeout: number;
  /** It was not done. */
  readonly failure: number;
  /** After an outage a node is told that it may have missed something. */
  readonly interrupted: number;
}

/** What a shared broker is made of. */
export interface SharedBrokerParts {
  readonly scheduler: Scheduler;
  readonly random: SeededRandom;
  /** Those of this moment. */
  readonly faults: () => BrokerFaults;
}

interface Member {
  readonly name: string;
  readonly clock: ActorClock;
  readonly events: BrokerEvents;
  /** Channels that it is sent, by the number of the subscription; what was sent for an earlier one is not delivered. */
  readonly subscribed: Map<string, number>;
  readonly wanted: Map<string, number>;
  /** When the last publication of a channel arrives there. */
  readonly lastArrivals: Map<string, number>;
  lastOperation: number;
  isAlive: boolean;
}

/** A broker that several nodes share, as bad as the contract of brokers allows, and a little worse. */
export class SharedBroker {
  readonly #parts: SharedBrokerParts;
  readonly #members = new Set<Member>();
  #outageUntil = 0;
  #subscriptions = 0;
  /** Set once, before the first use. */
  store!: BrokerStore;

  constructor(parts: SharedBrokerParts) {
    this.#parts = parts;
  }

  /** Nothing can be done for so long, and nothing is handed out. */
  outage(ms: number): void {
    const { scheduler, random, faults } = this.#parts;
    this.#outageUntil = scheduler.now + ms;
    scheduler.after(ms, () => {
      for (const member of this.#members) if (random.chance(faults().interrupted)) this.interrupt(member);
    });
  }

  heal(): void {
    this.#outageUntil = 0;
  }

  /** Tells nodes that they may have missed something. */
  interruptAll(): void {
    for (const member of this.#members) this.interrupt(member);
  }

  interrupt(member: Member): void {
    const channels = [...member.subscribed.keys()];
    const isNamed = this.#parts.random.chance(0.5);
    this.#reach(member, 0, () => member.events.interrupted(isNamed ? channels : undefined));
  }

  /** To be called by the store. */
  fanOut(publication: Publication, previous: Position | undefined): void {
    const { scheduler, random, faults } = this.#parts;
    const { channel } = publication;
    const { drop, repeat, delayMs } = faults();
    for (const member of this.#members) {
      const subscription = member.subscribed.get(channel);
      if (subscription === undefined) continue;
      const deliver = (): void => {
        if (member.wanted.get(channel) === subscription) member.events.publication(publication, previous);
      };
      const isDown = scheduler.now < this.#outageUntil;
      // What a channel without history loses is lost for good, so nothing is.
      if (publication.position && (isDown || random.chance(drop))) continue;
      const earliest = Math.max(
        member.lastArrivals.get(channel) ?? 0,
        scheduler.now + random.time(delayMs),
        isDown ? this.#outageUntil : 0,
      );
      member.lastArrivals.set(channel, earliest + 1 / 32);
      this.#reach(member, earliest + 1 / 32 - scheduler.now, deliver);
      if (publication.position && random.chance(repeat)) {
        const again = random.chance(0.2) ? random.time(2_000) : random.time(delayMs * 4);
        this.#reach(member, earliest + again + 1 / 16 - scheduler.now, deliver);
      }
    }
  }

  /** The broker of one node; `leave` is what happens when its process dies. */
  node(name: string, clock: ActorClock): { readonly broker: Broker; leave(): void } {
    let member: Member | undefined;
    const own = (): Member => {
      if (member?.isAlive) return member;
      throw new CarillonError("broker-unavailable");
    };
    const leave = (): void => {
      if (!member) return;
      member.isAlive = false;
      this.#members.delete(member);
    };
    const broker: Broker = {
      start: (events) => {
        member = {
          name,
          clock,
          events,
          subscribed: new Map(),
          wanted: new Map(),
          lastArrivals: new Map(),
          lastOperation: 0,
          isAlive: true,
        };
        this.#members.add(member);
        return Promise.resolve();
      },
      subscribe: (channel) => {
        const { wanted, subscribed } = own();
        this.#subscriptions += 1;
        const subscription = this.#subscriptions;
        wanted.set(channel, subscription);
        return this.#perform(own(), "in order", () => {
          if (wanted.get(channel) === subscription) subscribed.set(channel, subscription);
        });
      },
      unsubscribe: (channel) => {
        own().wanted.delete(channel);
        own().subscribed.delete(channel);
      },
      publish: (publication, keep) => this.#publish(own(), publication, keep),
      read: (channel, range) => this.#perform(own(), "any order", (): HistoryPage => this.store.read(channel, range)),
      state: (channel) => this.#perform(own(), "any order", () => this.store.state(channel)),
      clearState: (channel) => this.#perform(own(), "in order", () => this.store.clearState(channel)),
      signal: () => undefined,
      close: () => {
        leave();
        return Promise.resolve();
      },
    };
    return { broker, leave };
  }

  #publish(member: Member, publication: Publication, keep: Keep | undefined): Promise<Accepted> {
    const refused = (): void => this.store.refuse(publication);
    return this.#perform(member, "in order", () => this.store.publish(publication, keep), refused);
  }

  #perform<Result>(
    member: Member,
    order: "in order" | "any order",
    act: () => Result,
    refused: () => void = () => undefined,
  ): Promise<Result> {
    const { scheduler, random, faults } = this.#parts;
    return new Promise((resolve, reject) => {
      const { delayMs, late, timeout, failure } = faults();
      const answer = (settle: () => void): void => {
        this.#reach(member, random.chance(late) ? Math.min(random.time(1_000), 5_000) : random.time(delayMs), settle);
      };
      const failed = (): void => answer(() => reject(new Error("the broker failed")));
      const arrival = Math.max(member.lastOperation, scheduler.now + random.time(delayMs));
      const at = order === "in order" ? arrival + 1 / 32 : scheduler.now + random.time(delayMs);
      if (order === "in order") member.lastOperation = at;
      scheduler.after(at - scheduler.now, () => {
        if (!member.isAlive) return;
        if (scheduler.now < this.#outageUntil || random.chance(failure)) {
          refused();
          return failed();
        }
        const result = act();
        if (random.chance(timeout)) failed();
        else answer(() => resolve(result));
      });
    });
  }

  #reach(member: Member, ms: number, act: () => void): void {
    this.#parts.scheduler.after(ms, () => {
      whenRunning(member.clock, () => {
        if (member.isAlive) act();
      });
    });
  }
}
