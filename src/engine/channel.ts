import type { Clock } from "../platform/clock.ts";
import { Announcements } from "./announcements.ts";
import { Audience } from "./audience.ts";
import type { EffectiveRule } from "./channel-rules.ts";
import type { LiveConnection } from "./connection.ts";
import type { Continuity } from "./continuity.ts";
import type { Delivery } from "./delivery.ts";
import type { Later } from "./later.ts";
import type { Limits } from "./limits.ts";
import { Ownership } from "./ownership.ts";
import type { PresenceKind } from "./presence.ts";
import type { Publication } from "./publication.ts";
import type { Announcement } from "./settling.ts";
import type { Counters } from "./stats.ts";
import type { Subscription } from "./subscription.ts";
import type { TokenBucket } from "./token-bucket.ts";

/** What listens to a channel on the server. */
export type PublicationListener = (publication: Publication) => unknown;

/** What a channel asks of its node. */
export interface ChannelHost {
  readonly clock: Clock;
  readonly limits: Pick<Limits, "heldDeliveries" | "presenceChangesPerSecond">;
  readonly counters: Pick<Counters, "delivered">;
  encodingFailed(error: unknown): void;
}

/** A channel with someone in it, as this node sees it. */
export class Channel {
  readonly name: string;
  readonly rule: EffectiveRule;
  readonly presence: Announcements<LiveConnection> | undefined;
  /** Only where the owner publishes. */
  readonly ownership: Ownership | undefined;
  readonly audience: Audience<LiveConnection>;
  readonly listeners: Set<PublicationListener> = new Set();
  /** Only in channels with history. */
  continuity: Continuity | undefined;
  /** What clients may still have sent to all who are in it; most channels hear the server alone. */
  outflow: TokenBucket | undefined;
  /** Whether the broker sends us this channel yet; shared by all who wait for it. */
  ready: Later<void> = undefined;
  readonly #joining = new Set<Subscription<LiveConnection>>();
  readonly #host: ChannelHost;

  constructor(name: string, rule: EffectiveRule, host: ChannelHost) {
    this.#host = host;
    this.name = name;
    this.rule = rule;
    this.presence = rule.presence ? this.#announcements(rule.presence) : undefined;
    this.ownership = rule.publish === "owner" ? new Ownership(rule) : undefined;
    this.audience = new Audience((error) => host.encodingFailed(error));
  }

  get isEmpty(): boolean {
    return !this.hasSubscribers && this.listeners.size === 0;
  }

  get hasSubscribers(): boolean {
    return this.audience.size > 0 || this.#joining.size > 0;
  }

  /** All that are in it, those that do not hear it yet among them. */
  connections(): readonly LiveConnection[] {
    return [...this.audience, ...Array.from(this.#joining, ({ connection }) => connection)];
  }

  has(connection: LiveConnection): boolean {
    return connection.subscriptions.has(this.name);
  }

  /** From here on, deliveries are held for it. */
  join(subscription: Subscription<LiveConnection>): void {
    this.#joining.add(subscription);
  }

  /** From here on, it hears the channel: nothing is held for it any more. */
  start(subscription: Subscription<LiveConnection>): void {
    this.#joining.delete(subscription);
    subscription.state = "live";
    this.audience.add(subscription);
  }

  leave(subscription: Subscription<LiveConnection>): void {
    if (subscription.state === "live") this.audience.remove(subscription);
    else this.#joining.delete(subscription);
    subscription.state = "ended";
  }

  /** @param isOfClient it counts for the outflow. @returns how many clients were handed a packet at once. */
  deliver(delivery: Delivery, except?: LiveConnection, isOfClient = false): number {
    for (const subscription of this.#joining) {
      if (subscription.connection !== except) this.#hold(subscription, delivery);
    }
    return this.audience.deliver(delivery, except, isOfClient ? this.outflow : undefined);
  }

  /** As {@link deliver}, to those that the predicate accepts. */
  deliverWhere(delivery: Delivery, accepts: (connection: LiveConnection) => boolean): number {
    for (const subscription of this.#joining) {
      if (accepts(subscription.connection)) this.#hold(subscription, delivery);
    }
    return this.audience.deliverWhere(delivery, accepts);
  }

  #announcements(kind: PresenceKind): Announcements<LiveConnection> {
    const { clock, limits, counters } = this.#host;
    return new Announcements({
      kind,
      clock,
      changesPerSecond: limits.presenceChangesPerSecond,
      tell: (announcement, except) => void (counters.delivered += this.#announce(announcement, except)),
    });
  }

  #announce(announcement: Announcement, except: ReadonlySet<LiveConnection>): number {
    const delivery: Delivery = { ...announcement, channel: this.name };
    const [one] = except;
    if (except.size <= 1) return this.deliver(delivery, one);
    return this.deliverWhere(delivery, (connection) => !except.has(connection));
  }

  #hold(subscription: Subscription<LiveConnection>, delivery: Delivery): void {
    if (subscription.hold(delivery) <= this.#host.limits.heldDeliveries) return;
    subscription.release();
    subscription.connection.closeSlow();
  }
}
