import { closeCodes } from "../errors/close-codes.ts";
import type { Clock } from "../platform/clock.ts";
import type { Random } from "../platform/random.ts";
import type { Application, Authenticate, Ending, Failure, Identity } from "./application.ts";
import { engineRoom, type EngineParts, type EngineRoom } from "./engine-room.ts";
import type { ChannelRule } from "./channel-rules.ts";
import type { PublicationListener } from "./channel.ts";
import { connect, identify } from "./connecting.ts";
import { LiveConnection, type ConnectionHost, type ConnectionStart } from "./connection.ts";
import type { DialectTerms } from "./dialect-terms.ts";
import { dispatch, type ClientEvent, type Reply } from "./dispatch.ts";
import type { Handshake } from "./handshake.ts";
import { readHistory } from "./history.ts";
import type { Since } from "./joining.ts";
import type { Later } from "./later.ts";
import type { Limits } from "./limits.ts";
import { listen } from "./listening.ts";
import type { Joined } from "./membership.ts";
import { checkEventName } from "./names.ts";
import type { HistoryPage, HistoryRange, Signal } from "./ports/broker.ts";
import type { Member, PresenceKind } from "./presence.ts";
import type { Publication } from "./publication.ts";
import type { Composition, Published, PublishRequest, PublishSettings } from "./publishing.ts";
import { refusing } from "./refusing.ts";
import { clearState, readState } from "./state.ts";
import type { Stats } from "./stats.ts";
import type { WhisperRequest } from "./whispering.ts";

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
  readonly #parts: EngineRoom;
  readonly #connections = new Map<string, LiveConnection>();

  constructor(parts: EngineParts) {
    this.clock = parts.clock;
    this.random = parts.random;
    this.limits = parts.limits;
    this.#application = parts.application;
    this.#parts = engineRoom(parts, (id) => this.#connections.get(id));
  }

  start(): Promise<void> {
    return this.#parts.broker.start(this.#parts.local);
  }

  /** To be called when no connection is left. */
  close(): Promise<void> {
    this.#parts.tailCheck.stop();
    return this.#parts.broker.close();
  }

  /** Makes the record of a client that has not been let in yet. */
  admit(start: Omit<ConnectionStart, "id"> & { readonly id?: string }): LiveConnection {
    return new LiveConnection({ id: this.random.uuid(), ...start }, this);
  }

  /**
   * Lets a client in, or refuses it. `welcome` is called when it is in, before anything else is sent to it.
   *
   * @param authenticate a dialect's own way to say who it is, instead of the application's
   * @throws {CarillonError} `unauthorized`, `forbidden`, `limit-exceeded`, `internal`, or what the application's hooks throw
   */
  connect(
    connection: LiveConnection,
    token: string | undefined,
    welcome: () => void,
    authenticate: Authenticate | undefined = this.#application.authenticate,
  ): Later<void> {
    const { handshake } = connection;
    const entrance = { ...this.#parts, handshake, connection, token, application: this.#application, authenticate };
    return refusing(entrance, () => connect(entrance, () => this.#open(connection, welcome)));
  }

  /**
   * Asks who a client is, without letting it in: for one that comes back to a connection it has.
   *
   * @throws {CarillonError} as {@link connect}
   */
  identify(handshake: Handshake, token: string | undefined): Later<Identity> {
    const entrance = { ...this.#parts, handshake, token, authenticate: this.#application.authenticate };
    return refusing(entrance, () => identify(entrance));
  }

  /** To be called when the wire of a client is gone that may come back: it stays open, and in its channels. */
  suspend(connection: LiveConnection, ending: Ending): void {
    this.#parts.suspension.suspend(connection, ending);
  }

  /** To be called when it has come back. */
  resume(connection: LiveConnection): void {
    this.#parts.suspension.resume(connection);
  }

  /** To be called when the wire of a client is gone, but what it said before is still heard: its user may come again. */
  depart(connection: LiveConnection): void {
    this.#parts.users.leave(connection);
  }

  /** To be called when a client's session is over, whether it had been let in or not; once more is harmless. */
  disconnect(connection: LiveConnection, ending: Ending): void {
    const { state } = connection;
    if (state === "closed") return;
    if (state === "open") {
      this.#connections.delete(connection.id);
      this.#parts.everyone.remove(connection);
    }
    this.#parts.suspension.end(connection);
    this.#parts.revocations.end(connection);
    this.#parts.users.leave(connection);
    connection.end();
    this.#parts.membership.leaveAll(connection);
    if (ending.code === closeCodes.slow.code || connection.wire.wasSlow) this.#parts.counters.slow += 1;
    if (state !== "open") return;
    if (ending.code === closeCodes["rate-limited"].code) this.#parts.counters.tooFast += 1;
    this.#application.disconnected(connection, ending);
  }

  /** Puts a client into a channel, if it is allowed. @throws {CarillonError} see {@link Membership.join} */
  join(connection: LiveConnection, channel: string, since?: Since, token?: string): Later<Joined> {
    return this.#parts.refusals.watch(connection, "subscribe", { channel }, () =>
      this.#parts.membership.join(connection, channel, since, token),
    );
  }

  /** As {@link join}, where a dialect has asked in its own way whether the client may. */
  joinUnasked(connection: LiveConnection, channel: string, since?: Since): Later<Joined> {
    return this.#parts.membership.joinUnasked(connection, channel, since);
  }

  /**
   * Says how a channel of a dialect's making behaves, where the application's own rules say nothing about it.
   *
   * @returns the function that ends it
   */
  declare(channel: string, rule: ChannelRule): () => void {
    return this.#parts.channels.declare(channel, rule);
  }

  /** Takes a client out of a channel. Nothing happens when it is not in it. */
  leave(connection: LiveConnection, channel: string): void {
    this.#parts.membership.leave(connection, channel);
  }

  /** For `connection.subscribe`: the server decides, and the client is told. */
  async subscribe(connection: LiveConnection, channel: string): Promise<void> {
    const { members, position, start } = await this.#parts.membership.joinUnasked(connection, channel);
    connection.deliver({ kind: "subscribed", channel, ...(members && { members }), ...(position && { position }) });
    start();
  }

  /** For `connection.unsubscribe`: the server decides, and the client is told. */
  unsubscribe(connection: LiveConnection, channel: string): Promise<void> {
    this.#parts.membership.remove(connection, channel);
    return Promise.resolve();
  }

  /** Publishes in a client's name, if it is allowed. @throws {CarillonError} see {@link Publishing.publishFrom} */
  publishFrom(connection: LiveConnection, request: PublishRequest, terms?: DialectTerms): Later<Published> {
    const { publishing, refusals } = this.#parts;
    return refusals.watch(connection, "publish", request, () => publishing.publishFrom(connection, request, terms));
  }

  /** Whispers in a client's name, if it is allowed. @throws {CarillonError} see {@link Whispering.whisperFrom} */
  whisperFrom(connection: LiveConnection, request: WhisperRequest, terms?: DialectTerms): Later<void> {
    const { refusals, whispering } = this.#parts;
    return refusals.watch(connection, "whisper", request, () => whispering.whisperFrom(connection, request, terms));
  }

  /** A publication of the server's. @throws {CarillonError} see {@link Publishing.compose} */
  compose(composition: Composition): Publication {
    return this.#parts.publishing.compose(composition);
  }

  /** @throws {CarillonError} see {@link Publishing.publish} */
  publish(publication: Publication, settings?: PublishSettings): Later<Published> {
    return this.#parts.publishing.publish(publication, settings);
  }

  /** Sends a signal to all nodes, this one included. @throws {CarillonError} see {@link Publishing.signal} */
  signal(signal: Signal): Later<void> {
    return this.#parts.publishing.signal(signal);
  }

  /** Whether what is published there is kept. */
  keepsHistory(channel: string): boolean {
    return this.#parts.channels.ruleOf(channel).history !== undefined;
  }

  /** A part of a channel's history. @throws {CarillonError} see {@link readHistory} */
  history(channel: string, range: Partial<HistoryRange>): Later<HistoryPage> {
    return readHistory(this.#parts.channels, channel, range);
  }

  /** As {@link history}, for a client. @throws {CarillonError} `not-subscribed` as well */
  historyFor(connection: LiveConnection, channel: string, range: Partial<HistoryRange>): Later<HistoryPage> {
    return readHistory(this.#parts.channels, channel, range, connection);
  }

  /** A channel's state, in the order of the last writes. @throws {CarillonError} see {@link readState} */
  state(channel: string): Later<readonly Publication[]> {
    return readState(this.#parts.channels, channel);
  }

  /** Forgets a channel's state; nobody is told. @throws {CarillonError} see {@link readState} */
  clearState(channel: string): Later<void> {
    return clearState(this.#parts.channels, channel);
  }

  /** Hands an event to those clients of this node that the predicate accepts. */
  sendWhere(event: string, data: unknown, accepts: (connection: LiveConnection) => boolean): void {
    checkEventName(event);
    const delivered = this.#parts.everyone.deliverWhere({ kind: "event", event, data }, accepts);
    // Added afterwards, because the predicate may have published.
    this.#parts.counters.delivered += delivered;
  }

  /** An event that a client sent or, with `reply`, requested. @throws {CarillonError} see {@link dispatch} */
  receive(
    connection: LiveConnection,
    event: string,
    data: unknown,
    reply?: Reply,
    how: Pick<ClientEvent, "own" | "channel"> = {},
  ): Later<void> {
    this.#parts.counters.received += 1;
    const { dispatching, refusals } = this.#parts;
    return refusals.watch(connection, reply ? "request" : "send", { event }, () =>
      dispatch(dispatching, { connection, event, data, reply, ...how }),
    );
  }

  /** Whether the application has handlers for an event that clients send. */
  hears(event: string): boolean {
    return this.#application.handlers.find(event).length > 0;
  }

  /** Hears a channel's publications on the server. @returns the function that ends it */
  listen(channel: string, listener: PublicationListener): Promise<() => void> {
    return listen(this.#parts.channels, channel, listener);
  }

  /** Asks the broker something, to see whether it answers. @throws {CarillonError} `broker-unavailable` */
  probe(): Later<unknown> {
    return this.#parts.channels.probe();
  }

  connection(id: string): LiveConnection | undefined {
    return this.#connections.get(id);
  }

  connections(): IterableIterator<LiveConnection> {
    return this.#connections.values();
  }

  /** Who is in a channel with presence: as its rule shows them or, for a dialect, users or each connection by itself. */
  members(channel: string, kind?: PresenceKind): readonly Member[] {
    return this.#parts.channels.get(channel)?.presence?.members(kind) ?? [];
  }

  /** This node's connections in a channel. */
  *subscribers(channel: string): Generator<LiveConnection> {
    yield* this.#parts.channels.get(channel)?.audience ?? [];
  }

  stats(): Stats {
    const { everyone, channels, counters } = this.#parts;
    return { connections: everyone.size, channels: channels.size, ...counters, failures: this.#application.failures };
  }

  /** Tells the application's `error` handlers what failed in a dialect. */
  report(failure: Failure<LiveConnection>): void {
    this.#parts.failures.report(failure);
  }

  encodingFailed(cause: unknown): void {
    this.#parts.failures.ofEncoding(cause);
  }

  #open(connection: LiveConnection, welcome: () => void): void {
    if (connection.state !== "opening") return;
    welcome();
    this.#connections.set(connection.id, connection);
    this.#parts.everyone.add(connection);
    this.#parts.counters.connected += 1;
    connection.open();
    this.#application.connected(connection);
  }
}
