import { CarillonError } from "../errors/carillon-error.ts";
import { authorize } from "./authorize.ts";
import type { Channel } from "./channel.ts";
import type { Channels } from "./channels.ts";
import type { LiveConnection } from "./connection.ts";
import type { Failures } from "./failures.ts";
import { andThen, type Later } from "./later.ts";
import type { Limits } from "./limits.ts";
import { checkChannelName } from "./names.ts";
import type { Member } from "./presence.ts";
import type { Counters } from "./stats.ts";
import { Subscription } from "./subscription.ts";

/** A subscription that is ready: the dialect writes its reply, then calls `start`. */
export interface Joined {
  /** Only in channels with presence; the new subscriber is among them. */
  readonly members: readonly Member[] | undefined;
  /** Begins with what was held meanwhile. Harmless when the subscription has ended. */
  start(): void;
}

/** Who is in which channel. */
export class Membership {
  readonly #channels: Channels;
  readonly #limits: Limits;
  readonly #failures: Failures;
  readonly #counters: Counters;

  constructor(channels: Channels, limits: Limits, failures: Failures, counters: Counters) {
    this.#channels = channels;
    this.#limits = limits;
    this.#failures = failures;
    this.#counters = counters;
  }

  /**
   * Puts a client into a channel, if it is allowed.
   *
   * @throws {CarillonError} `channel-name-invalid`, `already-subscribed`, `limit-exceeded`, `forbidden`,
   * `broker-unavailable`, `closed` when the client is gone meanwhile
   */
  join(connection: LiveConnection, channel: string): Later<Joined> {
    this.#check(connection, channel);
    const attempt = { connection, action: "subscribe", channel } as const;
    return andThen(authorize(this.#channels.ruleOf(channel), attempt, this.#failures), () =>
      this.joinUnasked(connection, channel),
    );
  }

  /** As {@link join}, by the server's own decision. */
  joinUnasked(connection: LiveConnection, name: string): Later<Joined> {
    this.#check(connection, name);
    const channel = this.#channels.open(name);
    const subscription = new Subscription(connection, name);
    connection.subscriptions.set(name, subscription);
    channel.join(subscription);
    if (channel.ready === undefined) return this.#joined(channel, subscription);
    return Promise.resolve(channel.ready).then(
      () => this.#joined(channel, subscription),
      (error: unknown) => {
        if (connection.subscriptions.get(name) === subscription) connection.subscriptions.delete(name);
        channel.leave(subscription);
        throw error;
      },
    );
  }

  /** @returns whether the client was in the channel. */
  leave(connection: LiveConnection, channel: string): boolean {
    const subscription = connection.subscriptions.get(channel);
    if (!subscription) return false;
    connection.subscriptions.delete(channel);
    this.#leave(subscription);
    return true;
  }

  leaveAll(connection: LiveConnection): void {
    for (const subscription of connection.subscriptions.values()) this.#leave(subscription);
    connection.subscriptions.clear();
  }

  #check(connection: LiveConnection, channel: string): void {
    checkChannelName(channel);
    if (connection.state === "closed") throw new CarillonError("closed");
    if (connection.subscriptions.has(channel)) throw new CarillonError("already-subscribed");
    if (connection.subscriptions.size < this.#limits.subscriptions) return;
    const message = `a connection may be subscribed to ${this.#limits.subscriptions} channels`;
    throw new CarillonError("limit-exceeded", { message });
  }

  #joined(channel: Channel, subscription: Subscription<LiveConnection>): Joined {
    if (subscription.state === "ended") throw new CarillonError("closed", { message: "it was unsubscribed meanwhile" });
    subscription.state = "joined";
    this.#counters.subscriptions += 1;
    return {
      members: channel.presence && this.#enter(channel, subscription),
      // Middleware may have put a client into a channel that has not heard its welcome yet.
      start: () => subscription.connection.whenOpen(() => this.#start(channel, subscription)),
    };
  }

  #start(channel: Channel, subscription: Subscription<LiveConnection>): void {
    if (subscription.state === "joined") this.#counters.delivered += channel.start(subscription);
  }

  #enter(channel: Channel, subscription: Subscription<LiveConnection>): readonly Member[] | undefined {
    const { connection } = subscription;
    const { member } = connection;
    subscription.member = member;
    if (channel.presence?.join(member)) this.#announce(channel, "join", member, connection);
    subscription.forgetPresence();
    return channel.presence?.members();
  }

  #leave(subscription: Subscription<LiveConnection>): void {
    const channel = this.#channels.get(subscription.channel);
    if (!channel || subscription.state === "ended") return;
    if (subscription.state !== "joining") this.#counters.subscriptions -= 1;
    channel.leave(subscription);
    const left = subscription.member && channel.presence?.leave(subscription.member.user);
    if (left) this.#announce(channel, "leave", left);
    this.#channels.closeIfEmpty(channel);
  }

  #announce(channel: Channel, kind: "join" | "leave", member: Member, except?: LiveConnection): void {
    this.#counters.delivered += channel.deliver({ kind, channel: channel.name, member }, except);
  }
}
