import { CarillonError } from "../errors/carillon-error.ts";
import type { Clock } from "../platform/clock.ts";
import type { Random } from "../platform/random.ts";
import type { Application, Ending } from "./application.ts";
import { Audience } from "./audience.ts";
import { authorize } from "./authorize.ts";
import type { ChannelRules } from "./channel-rules.ts";
import type { PublicationListener } from "./channel.ts";
import { Channels } from "./channels.ts";
import { connect } from "./connecting.ts";
import { LiveConnection, type ConnectionHost, type ConnectionStart } from "./connection.ts";
import { dispatch, type Reply } from "./dispatch.ts";
import { Failures } from "./failures.ts";
import { andThen, type Later } from "./later.ts";
import type { Limits } from "./limits.ts";
import { LocalDelivery } from "./local-delivery.ts";
import { Membership, type Joined } from "./membership.ts";
import { checkChannelName, checkEventName } from "./names.ts";
import type { Broker, Signal } from "./ports/broker.ts";
import type { Member } from "./presence.ts";
import type { Position, Publication, Sender } from "./publication.ts";
import { Counters, type Stats } from "./stats.ts";
import { validate } from "./validate.ts";

/** What an engine is made of. */
export interface EngineParts {
  readonly broker: Broker;
  readonly rules: ChannelRules;
  readonly application: Application;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: Random;
}

/** What a client publishes. */
export interface PublishRequest {
  readonly channel: string;
  readonly event: string;
  readonly data?: unknown;
  /** `false`: every subscriber but the publishing connection. */
  readonly echo?: boolean | undefined;
}

/** An accepted publication. */
export interface Published {
  readonly id: string;
  /** Where it landed in history; `undefined` when the channel keeps none. */
  readonly position: Position | undefined;
}

/**
 * Knows who is connected and who is in which channel, and hands everyone what is theirs.
 *
 * It speaks no wire format and opens no socket: dialects call it; it calls wires, encoders and the broker.
 */
export class Engine implements ConnectionHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Limits;
  readonly #application: Application;
  readonly #broker: Broker;
  readonly #counters = new Counters();
  readonly #failures: Failures;
  readonly #channels: Channels;
  readonly #membership: Membership;
  readonly #everyone: Audience<LiveConnection>;
  readonly #connections = new Map<string, LiveConnection>();

  constructor({ application, broker, rules, limits, clock, random }: EngineParts) {
    this.clock = clock;
    this.random = random;
    this.limits = limits;
    this.#application = application;
    this.#broker = broker;
    this.#failures = new Failures(application);
    this.#channels = new Channels(rules, broker, limits, this.#failures);
    this.#membership = new Membership(this.#channels, limits, this.#failures, this.#counters);
    this.#everyone = new Audience((error) => this.encodingFailed(error));
  }

  start(): Promise<void> {
    const connections = { everyone: this.#everyone, byId: (id: string) => this.#connections.get(id) };
    return this.#broker.start(new LocalDelivery(this.#channels, connections, this.#failures, this.#counters));
  }

  /** To be called when no connection is left. */
  close(): Promise<void> {
    return this.#broker.close();
  }

  /** Makes the record of a client that has not been let in yet. */
  admit(start: Omit<ConnectionStart, "id">): LiveConnection {
    return new LiveConnection({ ...start, id: this.random.uuid() }, this);
  }

  /**
   * Lets a client in, or refuses it. `welcome` is called when it is in, before anything else is sent to it.
   *
   * @throws {CarillonError} `unauthorized`, `forbidden`, `internal`, or what the application's hooks throw
   */
  connect(connection: LiveConnection, token: string | undefined, welcome: () => void): Later<void> {
    const refused = (cause: unknown): never => {
      if (connection.state !== "closed") this.#counters.refused += 1;
      throw this.#failures.ofHook(cause, "internal", { connection });
    };
    try {
      const connecting = connect(connection, token, this.#application, () => this.#open(connection, welcome));
      return connecting instanceof Promise ? connecting.catch(refused) : undefined;
    } catch (error) {
      return refused(error);
    }
  }

  /** To be called when a client's session is over, whether it had been let in or not; once more is harmless. */
  disconnect(connection: LiveConnection, ending: Ending): void {
    const { state } = connection;
    if (state === "closed") return;
    if (state === "open") {
      this.#connections.delete(connection.id);
      this.#everyone.remove(connection);
    }
    connection.end();
    this.#membership.leaveAll(connection);
    if (state === "open") this.#application.disconnected(connection, ending);
  }

  /** Puts a client into a channel, if it is allowed. @throws {CarillonError} see {@link Membership.join} */
  join(connection: LiveConnection, channel: string): Later<Joined> {
    return this.#membership.join(connection, channel);
  }

  /** Takes a client out of a channel. Nothing happens when it is not in it. */
  leave(connection: LiveConnection, channel: string): void {
    this.#membership.leave(connection, channel);
  }

  /** For `connection.subscribe`: the server decides, and the client is told. */
  async subscribe(connection: LiveConnection, channel: string): Promise<void> {
    const { members, start } = await this.#membership.joinUnasked(connection, channel);
    connection.deliver({ kind: "subscribed", channel, ...(members && { members }) });
    start();
  }

  /** For `connection.unsubscribe`: the server decides, and the client is told. */
  unsubscribe(connection: LiveConnection, channel: string): Promise<void> {
    if (this.#membership.leave(connection, channel)) connection.deliver({ kind: "unsubscribed", channel });
    return Promise.resolve();
  }

  /**
   * Publishes in a client's name, if it is allowed.
   *
   * @throws {CarillonError} `channel-name-invalid`, `event-name-invalid`, `not-subscribed`, `forbidden`, `payload-invalid`,
   * `broker-unavailable`
   */
  publishFrom(connection: LiveConnection, request: PublishRequest): Later<Published> {
    const { channel, event, data, echo } = request;
    checkChannelName(channel);
    checkEventName(event);
    const rule = this.#channels.ruleOf(channel);
    if (rule.publish === "server") throw new CarillonError("forbidden", { message: "only the server publishes here" });
    if (rule.publish === "subscribers" && !connection.subscriptions.has(channel)) {
      throw new CarillonError("not-subscribed");
    }
    const attempt = { connection, action: "publish", channel, event } as const;
    return andThen(authorize(rule, attempt, this.#failures), () =>
      andThen(validate(this.#application.schemas, { connection, event, data }, this.#failures), (valid) => {
        const publication = this.#stamp(channel, event, valid, connection.sender);
        return this.publish(echo === false ? { ...publication, except: connection.id } : publication);
      }),
    );
  }

  /** A publication of the server's. @throws {CarillonError} `channel-name-invalid`, `event-name-invalid` */
  compose({ channel, event, data, ...rest }: Omit<Publication, "id" | "time">): Publication {
    checkChannelName(channel);
    checkEventName(event);
    return { ...this.#stamp(channel, event, data), ...rest };
  }

  /** @throws {CarillonError} `broker-unavailable` */
  publish(publication: Publication): Later<Published> {
    const accepted = this.#withBroker(() => this.#broker.publish(publication));
    return andThen(accepted, (position) => {
      this.#counters.published += 1;
      return { id: publication.id, position };
    });
  }

  /** Sends a signal to all nodes, this one included. @throws {CarillonError} `event-name-invalid`, `broker-unavailable` */
  signal(signal: Signal): Later<void> {
    if (signal.kind === "event") checkEventName(signal.event);
    return this.#withBroker(() => this.#broker.signal(signal));
  }

  /** Hands an event to those clients of this node that the predicate accepts. */
  sendWhere(event: string, data: unknown, accepts: (connection: LiveConnection) => boolean): void {
    checkEventName(event);
    const delivered = this.#everyone.deliverWhere({ kind: "event", event, data }, accepts);
    // Added afterwards, because the predicate may have published.
    this.#counters.delivered += delivered;
  }

  /** An event that a client sent or, with `reply`, requested. @throws {CarillonError} see {@link dispatch} */
  receive(connection: LiveConnection, event: string, data: unknown, reply?: Reply): Later<void> {
    this.#counters.received += 1;
    return dispatch(this.#application, this.#failures, { connection, event, data, reply });
  }

  /** Hears a channel's publications on the server. @returns the function that ends it */
  async listen(name: string, listener: PublicationListener): Promise<() => void> {
    checkChannelName(name);
    const channel = this.#channels.open(name);
    const heard: PublicationListener = (publication) => listener(publication);
    const stop = (): void => {
      channel.listeners.delete(heard);
      this.#channels.closeIfEmpty(channel);
    };
    channel.listeners.add(heard);
    try {
      await channel.ready;
    } catch (error) {
      stop();
      throw error;
    }
    return stop;
  }

  connection(id: string): LiveConnection | undefined {
    return this.#connections.get(id);
  }

  connections(): IterableIterator<LiveConnection> {
    return this.#connections.values();
  }

  /** Who is in a channel with presence. */
  members(channel: string): readonly Member[] {
    return this.#channels.get(channel)?.presence?.members() ?? [];
  }

  /** This node's connections in a channel. */
  *subscribers(channel: string): Generator<LiveConnection> {
    const open = this.#channels.get(channel);
    if (open) yield* open.audience;
  }

  stats(): Stats {
    return {
      connections: this.#everyone.size,
      channels: this.#channels.size,
      ...this.#counters,
      failures: this.#application.failures,
    };
  }

  encodingFailed(cause: unknown): void {
    this.#failures.ofEncoding(cause);
  }

  #open(connection: LiveConnection, welcome: () => void): void {
    if (connection.state !== "opening") return;
    welcome();
    this.#connections.set(connection.id, connection);
    this.#everyone.add(connection);
    this.#counters.connected += 1;
    connection.open();
    this.#application.connected(connection);
  }

  #stamp(channel: string, event: string, data: unknown, from?: Sender): Publication {
    const id = this.random.uuid();
    const time = this.clock.wall();
    return from ? { channel, event, data, id, time, from } : { channel, event, data, id, time };
  }

  #withBroker<Result>(operation: () => Later<Result>): Later<Result> {
    const failed = (error: unknown): never => {
      throw this.#failures.ofBroker(error);
    };
    try {
      const result = operation();
      return result instanceof Promise ? result.catch(failed) : result;
    } catch (error) {
      return failed(error);
    }
  }
}
