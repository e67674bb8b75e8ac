import { CarillonError } from "../errors/carillon-error.ts";
import type { Clock } from "../platform/clock.ts";
import { authorize } from "./authorize.ts";
import type { Grant } from "./grant.ts";
import type { Channel } from "./channel.ts";
import type { Channels } from "./channels.ts";
import type { LiveConnection } from "./connection.ts";
import type { Delivery } from "./delivery.ts";
import type { Failures } from "./failures.ts";
import { beginning, type Beginning, type Since } from "./joining.ts";
import { andThen, isPending, type Later } from "./later.ts";
import type { Limits } from "./limits.ts";
import { afterLong } from "./long-timer.ts";
import { checkChannelName } from "./names.ts";
import type { HistoryPage, HistoryRange } from "./ports/broker.ts";
import type { Member } from "./presence.ts";
import type { Position } from "./publication.ts";
import { replay } from "./replay.ts";
import { withState } from "./state.ts";
import type { Counters } from "./stats.ts";
import { Subscription } from "./subscription.ts";

/** A subscription that is ready: the dialect writes its reply, then calls `start`. */
export interface Joined {
  /** Only in channels with presence; the new subscriber is among them. */
  readonly members: readonly Member[] | undefined;
  /** Where the channel's history stands: what follows came after it. Absent where none is kept. */
  readonly position?: Position;
  /** Only in answer to a `since`: whether everything after it comes with `start`. */
  readonly recovered?: boolean;
  /** Begins with what was missed, or a gap, and with what was held meanwhile. Harmless when the subscription has ended. */
  start(): void;
}

/** What membership needs. */
export interface MembershipParts {
  readonly channels: Channels;
  readonly limits: Limits;
  readonly failures: Failures;
  readonly counters: Counters;
  readonly clock: Clock;
}

/** Who is in which channel. */
export class Membership {
  readonly #channels: Channels;
  readonly #limits: Limits;
  readonly #failures: Failures;
  readonly #counters: Counters;
  readonly #clock: Clock;

  constructor({ channels, limits, failures, counters, clock }: MembershipParts) {
    this.#channels = channels;
    this.#limits = limits;
    this.#failures = failures;
    this.#counters = counters;
    this.#clock = clock;
  }

  /**
   * Puts a client into a channel, if it is allowed.
   *
   * @param since where the client was there last: what came after it is replayed
   * @param token what it sent to be let in by the channel's rule
   * @throws {CarillonError} `channel-name-invalid`, `already-subscribed`, `limit-exceeded`, `forbidden`,
   * `broker-unavailable`, `closed` when the client is gone meanwhile
   */
  join(connection: LiveConnection, channel: string, since?: Since, token?: string): Later<Joined> {
    this.#check(connection, channel);
    const attempt = { connection, action: "subscribe", channel, token } as const;
    return andThen(authorize(this.#channels.ruleOf(channel), attempt, this.#failures), (grant) =>
      this.joinUnasked(connection, channel, since, grant),
    );
  }

  /** As {@link join}, by the server's own decision. */
  joinUnasked(connection: LiveConnection, name: string, since?: Since, grant?: Grant): Later<Joined> {
    this.#check(connection, name);
    const channel = this.#channels.open(name);
    const subscription = new Subscription(connection, name, grant);
    connection.subscriptions.set(name, subscription);
    channel.join(subscription);
    this.#endInTime(subscription);
    const failed = (error: unknown): never => {
      subscription.ending?.cancel();
      if (connection.subscriptions.get(name) === subscription) connection.subscriptions.delete(name);
      channel.leave(subscription);
      this.#endIfEmpty(channel);
      throw error;
    };
    const begin = (): Later<Joined> => {
      const joining = { channel, subscription, since, limits: this.#limits, read: this.#reader(name) };
      const found = beginning(joining);
      const told = channel.rule.state
        ? andThen(found, (place) => withState(place, () => this.#channels.state(name)))
        : found;
      return andThen(told, (start) => this.#joined(channel, subscription, start));
    };
    try {
      const joined = andThen(channel.ready, begin);
      return isPending(joined) ? joined.catch(failed) : joined;
    } catch (error) {
      return failed(error);
    }
  }

  /** Nothing happens when the client is not in the channel. */
  leave(connection: LiveConnection, channel: string): void {
    const subscription = connection.subscriptions.get(channel);
    if (!subscription) return;
    connection.subscriptions.delete(channel);
    this.#leave(subscription);
  }

  /** Takes everyone on this node out of a channel, or all connections of one user; they are told. */
  expel(name: string, user?: string): void {
    const channel = this.#channels.get(name);
    if (!channel) return;
    const expelled = channel.connections().filter((one) => user === undefined || user === one.member.user);
    // Where nobody stays, nobody needs to hear who goes.
    for (const connection of expelled) this.remove(connection, name, user === undefined);
  }

  /** Takes a client out of a channel by the server's decision; it is told. @param isQuiet others need not hear of it */
  remove(connection: LiveConnection, channel: string, isQuiet = false): void {
    const subscription = connection.subscriptions.get(channel);
    if (!subscription) return;
    subscription.isRevoked = true;
    connection.subscriptions.delete(channel);
    this.#leave(subscription, isQuiet);
    connection.deliver({ kind: "unsubscribed", channel });
  }

  leaveAll(connection: LiveConnection): void {
    for (const subscription of connection.subscriptions.values()) this.#leave(subscription);
    connection.subscriptions.clear();
  }

  /** Its client has been without a wire for too long: others do not see it any more, but its subscriptions stay. */
  stepAway(connection: LiveConnection): void {
    connection.isAway = true;
    for (const subscription of connection.subscriptions.values()) {
      const channel = this.#channels.get(subscription.channel);
      channel?.presence?.disappear(connection);
    }
  }

  /** Its client is back. It hears of itself as of others: what was kept for it tells that it had left. */
  stepBack(connection: LiveConnection): void {
    if (!connection.isAway) return;
    connection.isAway = false;
    for (const subscription of connection.subscriptions.values()) {
      const channel = this.#channels.get(subscription.channel);
      if (subscription.state !== "joining") channel?.presence?.appear(connection);
    }
  }

  #check(connection: LiveConnection, channel: string): void {
    checkChannelName(channel);
    if (connection.state === "closed") throw new CarillonError("closed");
    if (connection.subscriptions.has(channel)) throw new CarillonError("already-subscribed");
    if (connection.subscriptions.size < this.#limits.subscriptions) return;
    const message = `a connection may be subscribed to ${this.#limits.subscriptions} channels`;
    throw new CarillonError("limit-exceeded", { message });
  }

  #reader(name: string): (range: HistoryRange) => Later<HistoryPage> {
    return (range) => this.#channels.read(name, range);
  }

  #joined(channel: Channel, subscription: Subscription<LiveConnection>, { missed, ...place }: Beginning): Joined {
    if (subscription.state === "ended") throw new CarillonError("closed", { message: "it was unsubscribed meanwhile" });
    subscription.state = "joined";
    this.#counters.subscriptions += 1;
    channel.ownership?.joined(subscription.connection, channel.name, this.#failures);
    return {
      members: channel.presence && this.#enter(channel, subscription),
      ...place,
      // Middleware may have put a client into a channel that has not heard its welcome yet.
      start: () => subscription.connection.whenOpen(() => this.#start(channel, subscription, missed)),
    };
  }

  #start(channel: Channel, subscription: Subscription<LiveConnection>, missed: readonly Delivery[]): void {
    if (subscription.state !== "joined") return;
    subscription.state = "replaying";
    replay(subscription, missed, this.#counters, () => channel.start(subscription));
  }

  #enter(channel: Channel, subscription: Subscription<LiveConnection>): readonly Member[] | undefined {
    const { connection } = subscription;
    if (!connection.isAway) channel.presence?.enter(connection);
    subscription.forgetPresence();
    return channel.presence?.listFor(connection);
  }

  /** When its grant ends. The wall clock is read once, so that a clock that is set ends nobody early. */
  #endInTime(subscription: Subscription<LiveConnection>): void {
    const { connection, channel, grant } = subscription;
    if (grant?.expiresAt === undefined) return;
    const end = (): void => this.remove(connection, channel);
    subscription.ending = afterLong(this.#clock, grant.expiresAt - this.#clock.wall(), end);
  }

  #leave(subscription: Subscription<LiveConnection>, isQuiet = false): void {
    subscription.ending?.cancel();
    const channel = this.#channels.get(subscription.channel);
    if (!channel || subscription.state === "ended") return;
    if (subscription.state !== "joining") this.#counters.subscriptions -= 1;
    channel.leave(subscription);
    channel.presence?.leave(subscription.connection, isQuiet);
    const isOrphaned = channel.ownership?.left(subscription.connection);
    if (isOrphaned && channel.rule.ownerLeaves === "close") this.expel(channel.name);
    this.#endIfEmpty(channel);
  }

  #endIfEmpty(channel: Channel): void {
    if (!channel.hasSubscribers) {
      channel.ownership?.reset();
      channel.presence?.end();
    }
    this.#channels.closeIfEmpty(channel);
  }
}
