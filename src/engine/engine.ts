import { closeCodes } from "../errors/close-codes.ts";
import type { Clock } from "../platform/clock.ts";
import type { Random } from "../platform/random.ts";
import type { Application, Ending, Identity } from "./application.ts";
import { Audience } from "./audience.ts";
import type { ChannelRules } from "./channel-rules.ts";
import type { PublicationListener } from "./channel.ts";
import { Channels } from "./channels.ts";
import { connect, identify } from "./connecting.ts";
import { LiveConnection, type ConnectionHost, type ConnectionStart } from "./connection.ts";
import { dispatch, type Reply } from "./dispatch.ts";
import { Failures } from "./failures.ts";
import type { Handshake } from "./handshake.ts";
import { readHistory } from "./history.ts";
import type { Since } from "./joining.ts";
import type { Later } from "./later.ts";
import type { Limits } from "./limits.ts";
import { listen } from "./listening.ts";
import { LocalDelivery } from "./local-delivery.ts";
import { Membership, type Joined } from "./membership.ts";
import { checkEventName } from "./names.ts";
import type { Broker, HistoryPage, HistoryRange, Signal } from "./ports/broker.ts";
import type { Member } from "./presence.ts";
import type { Publication } from "./publication.ts";
import {
  Publishing,
  type Composition,
  type Published,
  type PublishRequest,
  type PublishSettings,
} from "./publishing.ts";
import { refusing } from "./refusing.ts";
import { Counters, type Stats } from "./stats.ts";
import { Suspension } from "./suspension.ts";
import { TailCheck } from "./tail-check.ts";
import { Turns } from "./turns.ts";
import { Whispering, type WhisperRequest } from "./whispering.ts";

/** What an engine is made of. */
export interface EngineParts {
  readonly broker: Broker;
  readonly rules: ChannelRules;
  readonly application: Application;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: Random;
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
  readonly #tailCheck: TailCheck;
  readonly #channels: Channels;
  readonly #membership: Membership;
  readonly #suspension: Suspension;
  readonly #publishing: Publishing;
  readonly #whispering: Whispering;
  readonly #local: LocalDelivery;
  readonly #everyone: Audience<LiveConnection>;
  readonly #connections = new Map<string, LiveConnection>();

  constructor({ application, broker, rules, limits, clock, random }: EngineParts) {
    this.clock = clock;
    this.random = random;
    this.limits = limits;
    this.#application = application;
    this.#broker = broker;
    const counters = this.#counters;
    const failures = (this.#failures = new Failures(application));
    const turns = new Turns();
    const tailCheck = (this.#tailCheck = new TailCheck(clock));
    const channels: Channels = (this.#channels = new Channels({
      rules,
      broker,
      failures,
      tailCheck,
      host: this,
      continuityHost: (channel) => ({
        limits,
        read: (range) => channels.watch(channel.name, range),
        inTurn: (run) => turns.take(run),
        publication: (publication) => this.#local.hand(channel, publication),
        gap: (from, to, reason) => this.#local.gap(channel, from, to, reason),
        repeated: () => void (counters.duplicates += 1),
      }),
    }));
    this.#membership = new Membership(channels, limits, failures, counters);
    this.#suspension = new Suspension({ clock, limits, application, membership: this.#membership, counters });
    const parts = { broker, channels, application, failures, counters, clock };
    this.#publishing = new Publishing({ ...parts, random });
    this.#whispering = new Whispering({ ...parts, limits });
    const everyone = (this.#everyone = new Audience((error) => this.encodingFailed(error)));
    const places = { everyone, byId: (id: string) => this.#connections.get(id), membership: this.#membership };
    this.#local = new LocalDelivery({ channels, ...places, turns, failures, counters });
  }

  start(): Promise<void> {
    return this.#broker.start(this.#local);
  }

  /** To be called when no connection is left. */
  close(): Promise<void> {
    this.#tailCheck.stop();
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
    return refusing({ failures: this.#failures, counters: this.#counters, connection }, () =>
      connect(connection, token, this.#application, () => this.#open(connection, welcome)),
    );
  }

  /**
   * Asks who a client is, without letting it in: for one that comes back to a connection it has.
   *
   * @throws {CarillonError} as {@link connect}
   */
  identify(handshake: Handshake, token: string | undefined): Later<Identity> {
    return refusing({ failures: this.#failures, counters: this.#counters }, () =>
      identify(handshake, token, this.#application),
    );
  }

  /** To be called when the wire of a client is gone that may come back: it stays open, and in its channels. */
  suspend(connection: LiveConnection, ending: Ending): void {
    this.#suspension.suspend(connection, ending);
  }

  /** To be called when it has come back. */
  resume(connection: LiveConnection): void {
    this.#suspension.resume(connection);
  }

  /** To be called when a client's session is over, whether it had been let in or not; once more is harmless. */
  disconnect(connection: LiveConnection, ending: Ending): void {
    const { state } = connection;
    if (state === "closed") return;
    if (state === "open") {
      this.#connections.delete(connection.id);
      this.#everyone.remove(connection);
    }
    this.#suspension.end(connection);
    connection.end();
    this.#membership.leaveAll(connection);
    if (ending.code === closeCodes.slow.code) this.#counters.slow += 1;
    if (state === "open") this.#application.disconnected(connection, ending);
  }

  /** Puts a client into a channel, if it is allowed. @throws {CarillonError} see {@link Membership.join} */
  join(connection: LiveConnection, channel: string, since?: Since): Later<Joined> {
    return this.#membership.join(connection, channel, since);
  }

  /** Takes a client out of a channel. Nothing happens when it is not in it. */
  leave(connection: LiveConnection, channel: string): void {
    this.#membership.leave(connection, channel);
  }

  /** For `connection.subscribe`: the server decides, and the client is told. */
  async subscribe(connection: LiveConnection, channel: string): Promise<void> {
    const { members, position, start } = await this.#membership.joinUnasked(connection, channel);
    connection.deliver({ kind: "subscribed", channel, ...(members && { members }), ...(position && { position }) });
    start();
  }

  /** For `connection.unsubscribe`: the server decides, and the client is told. */
  unsubscribe(connection: LiveConnection, channel: string): Promise<void> {
    if (this.#membership.leave(connection, channel)) connection.deliver({ kind: "unsubscribed", channel });
    return Promise.resolve();
  }

  /** Publishes in a client's name, if it is allowed. @throws {CarillonError} see {@link Publishing.publishFrom} */
  publishFrom(connection: LiveConnection, request: PublishRequest): Later<Published> {
    return this.#publishing.publishFrom(connection, request);
  }

  /** Whispers in a client's name, if it is allowed. @throws {CarillonError} see {@link Whispering.whisperFrom} */
  whisperFrom(connection: LiveConnection, request: WhisperRequest): Later<void> {
    return this.#whispering.whisperFrom(connection, request);
  }

  /** A publication of the server's. @throws {CarillonError} see {@link Publishing.compose} */
  compose(composition: Composition): Publication {
    return this.#publishing.compose(composition);
  }

  /** @throws {CarillonError} see {@link Publishing.publish} */
  publish(publication: Publication, settings?: PublishSettings): Later<Published> {
    return this.#publishing.publish(publication, settings);
  }

  /** Sends a signal to all nodes, this one included. @throws {CarillonError} see {@link Publishing.signal} */
  signal(signal: Signal): Later<void> {
    return this.#publishing.signal(signal);
  }

  /** Whether what is published there is kept. */
  keepsHistory(channel: string): boolean {
    return this.#channels.ruleOf(channel).history !== undefined;
  }

  /** A part of a channel's history. @throws {CarillonError} see {@link readHistory} */
  history(channel: string, range: Partial<HistoryRange>): Later<HistoryPage> {
    return readHistory(this.#channels, channel, range);
  }

  /** As {@link history}, for a client. @throws {CarillonError} `not-subscribed` as well */
  historyFor(connection: LiveConnection, channel: string, range: Partial<HistoryRange>): Later<HistoryPage> {
    return readHistory(this.#channels, channel, range, connection);
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
  listen(channel: string, listener: PublicationListener): Promise<() => void> {
    return listen(this.#channels, channel, listener);
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

  closeSlow({ wire }: LiveConnection): void {
    wire.close(closeCodes.slow.code, closeCodes.slow.meaning);
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
}
