import { CarillonError } from "../errors/carillon-error.ts";
import type { Connection } from "../engine/connection.ts";
import type { Engine } from "../engine/engine.ts";
import type { Published } from "../engine/publishing.ts";
import type { HistoryPage, HistoryRange } from "../engine/ports/broker.ts";
import type { Member } from "../engine/presence.ts";
import type { Publication } from "../engine/publication.ts";
import type { EventName, Payload } from "../events/event-map.ts";
import type { Batches } from "./batches.ts";

/** How the server publishes. */
export interface PublishOptions {
  /** Everyone but this connection. */
  readonly except?: Pick<Connection, "id">;
}

/** How the server publishes in one channel. */
export interface ChannelPublishOptions extends PublishOptions {
  /**
   * The publication's id: 1 to 64 letters, digits, `-` or `_`. Published again with the same one within five minutes, it
   * changes nothing.
   *
   * @default a UUID
   */
  readonly id?: string;
  /**
   * Makes it the channel's state under this key, where the rule keeps state: who subscribes later is told it first. Without
   * `data` it removes what is there. Any text of 1 to 200 bytes without control characters.
   *
   * @default undefined // it is no state
   */
  readonly stateKey?: string;
}

/** A channel in the server's hands. */
export interface ServerChannel<Events extends object> {
  readonly name: string;
  /** Who is there now, in channels with presence; where many come and go at once, clients hear of it up to a second later. */
  readonly members: readonly Member[];
  /** This node's connections that are subscribed. */
  readonly connections: readonly Connection<Events>[];

  /**
   * Sends an event to every subscriber, on every node.
   *
   * Resolves once the broker has accepted it, not when clients have it. Order is kept per channel. A rejection that nobody
   * handles ends up at `server.on("error")` only.
   *
   * @throws {CarillonError} `channel-name-invalid`, `event-name-invalid`, `bad-request` for an id or a state key that is none,
   * `not-supported` for a batched event where history is kept or with a state key, and for a key where no state is kept;
   * rejects with `limit-exceeded` when the state has no room, `broker-unavailable`
   */
  publish<Name extends EventName<Events>>(
    event: Name,
    data?: Payload<Events[Name]>,
    options?: ChannelPublishOptions,
  ): Promise<Published>;

  /**
   * A part of what was published here: the oldest after a position, the newest before one, or just the newest; a `limit` of 1
   * to 300, by default 100. Oldest first.
   *
   * @throws {CarillonError} `not-supported` where no history is kept, `bad-request`, `broker-unavailable`
   */
  history(range?: Partial<HistoryRange>): Promise<HistoryPage>;

  /**
   * The channel's state: the last publication of each key, in the order of the last writes.
   *
   * @throws {CarillonError} `not-supported` where no state is kept, `broker-unavailable`
   */
  state(): Promise<readonly Publication[]>;

  /**
   * Forgets the channel's state. Those who are there are not told; publish what ends it for them.
   *
   * @throws {CarillonError} as {@link state}
   */
  clearState(): Promise<void>;

  /**
   * Hears what is published here, by whomever.
   *
   * @returns the function that ends it
   */
  subscribe(listener: (publication: Publication) => void): Promise<() => void>;

  /**
   * Takes every client out, on every node; they are told, and do not come back by themselves. Who asks again is let in if
   * `authorize` allows it. The server's own listeners stay.
   *
   * @throws {CarillonError} `channel-name-invalid`; rejects with `broker-unavailable`
   */
  close(): Promise<void>;

  /**
   * As {@link close}, for all connections of one user; an anonymous one is named by its connection's id.
   *
   * @throws {CarillonError} `channel-name-invalid`; rejects with `broker-unavailable`
   */
  remove(userId: string): Promise<void>;
}

/** Several channels in the server's hands: whoever is in more than one of them hears things once. */
export interface ServerChannels<Events extends object> {
  /** As {@link ServerChannel.publish}; it is ephemeral, and refused with `not-supported` where history is kept. */
  publish<Name extends EventName<Events>>(
    event: Name,
    data?: Payload<Events[Name]>,
    options?: PublishOptions,
  ): Promise<void>;
}

export function serverChannel<Events extends object>(
  engine: Engine,
  batches: Batches<Published>,
  name: string,
): ServerChannel<Events> {
  return {
    name,
    get members() {
      return engine.members(name);
    },
    get connections() {
      // The engine's record is untyped; the application's event map types it.
      return [...engine.subscribers(name)] as unknown as readonly Connection<Events>[];
    },
    publish(event, data, options) {
      const id = options?.id;
      const key = options?.stateKey === undefined ? {} : { stateKey: options.stateKey };
      const publication = engine.compose({ channel: name, event, data, id, ...key, ...exceptOf(options) });
      if (!batches.has(event)) return settled(engine.publish(publication, { once: id !== undefined }));
      if (options?.stateKey !== undefined)
        throw new CarillonError("not-supported", { message: "a batch cannot be state; publish it alone" });
      refuseExcept(options);
      if (engine.keepsHistory(name))
        throw new CarillonError("not-supported", { message: "a batch has no place in a channel's history" });
      return settled(batches.add(event, name, data));
    },
    history: async (range = {}) => engine.history(name, range),
    state: async () => engine.state(name),
    clearState: async () => engine.clearState(name),
    subscribe: (listener) => engine.listen(name, listener),
    close: () => settled(engine.signal({ kind: "expel", channel: name })),
    remove: (user) => settled(engine.signal({ kind: "expel", channel: name, user })),
  };
}

export function serverChannels<Events extends object>(
  engine: Engine,
  batches: Batches<Published>,
  names: readonly string[],
): ServerChannels<Events> {
  const distinct = [...new Set(names)];
  return {
    publish(event, data, options) {
      if (batches.has(event)) {
        throw new CarillonError("option-invalid", {
          message: `"${event}" is batched, and batches go to one channel or to everyone`,
        });
      }
      const except = exceptOf(options);
      // One publication in several channels: one id, one time.
      const [first, ...others] = distinct.map((channel) => engine.compose({ channel, event, data, ...except }));
      if (!first) return Promise.resolve();
      const { id, time } = first;
      const publications = [first, ...others.map((publication) => ({ ...publication, id, time }))];
      return settled(engine.signal({ kind: "union", publications }));
    },
  };
}

/** A promise that may be dropped: what it rejects with was reported already. */
export function settled<Result>(later: Result | Promise<Result>): Promise<Result> {
  const promise = Promise.resolve(later);
  promise.catch(() => undefined);
  return promise;
}

export function exceptOf(options: PublishOptions | undefined): { readonly except?: string } {
  return options?.except ? { except: options.except.id } : {};
}

/** @throws {CarillonError} `option-invalid`: payloads for different audiences cannot travel together */
export function refuseExcept(options: object | undefined): void {
  if (!options || Object.values(options).every((value) => value === undefined)) return;
  throw new CarillonError("option-invalid", { message: "a batched event cannot have except, filter or id" });
}
