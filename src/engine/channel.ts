import { closeCodes } from "../errors/close-codes.ts";
import { Audience } from "./audience.ts";
import type { EffectiveRule } from "./channel-rules.ts";
import type { LiveConnection } from "./connection.ts";
import type { Delivery } from "./delivery.ts";
import type { Later } from "./later.ts";
import { Presence } from "./presence.ts";
import type { Publication } from "./publication.ts";
import type { Subscription } from "./subscription.ts";

/** What listens to a channel on the server. */
export type PublicationListener = (publication: Publication) => void;

/** A channel with someone in it, as this node sees it. */
export class Channel {
  readonly name: string;
  readonly rule: EffectiveRule;
  readonly presence: Presence | undefined;
  readonly audience: Audience<LiveConnection>;
  readonly listeners: Set<PublicationListener> = new Set();
  /** Whether the broker sends us this channel yet; shared by all who wait for it. */
  ready: Later<void> = undefined;
  readonly #joining = new Set<Subscription<LiveConnection>>();
  readonly #heldLimit: number;

  constructor(name: string, rule: EffectiveRule, heldLimit: number, failed: (error: unknown) => void) {
    this.name = name;
    this.rule = rule;
    this.presence = rule.presence ? new Presence() : undefined;
    this.audience = new Audience(failed);
    this.#heldLimit = heldLimit;
  }

  get isEmpty(): boolean {
    return this.audience.size === 0 && this.#joining.size === 0 && this.listeners.size === 0;
  }

  has(connection: LiveConnection): boolean {
    return connection.subscriptions.has(this.name);
  }

  /** From here on, deliveries are held for it. */
  join(subscription: Subscription<LiveConnection>): void {
    this.#joining.add(subscription);
  }

  /** From here on, it hears the channel; first what was held. @returns how much that was */
  start(subscription: Subscription<LiveConnection>): number {
    this.#joining.delete(subscription);
    subscription.state = "live";
    const held = subscription.release();
    for (const delivery of held) subscription.connection.deliver(delivery);
    this.audience.add(subscription);
    return held.length;
  }

  leave(subscription: Subscription<LiveConnection>): void {
    if (subscription.state === "live") this.audience.remove(subscription);
    else this.#joining.delete(subscription);
    subscription.state = "ended";
  }

  /** @returns how many clients were handed a packet at once. */
  deliver(delivery: Delivery, except?: LiveConnection): number {
    for (const subscription of this.#joining) {
      if (subscription.connection !== except) this.#hold(subscription, delivery);
    }
    return this.audience.deliver(delivery, except);
  }

  /** As {@link deliver}, to those that the predicate accepts. */
  deliverWhere(delivery: Delivery, accepts: (connection: LiveConnection) => boolean): number {
    for (const subscription of this.#joining) {
      if (accepts(subscription.connection)) this.#hold(subscription, delivery);
    }
    return this.audience.deliverWhere(delivery, accepts);
  }

  #hold(subscription: Subscription<LiveConnection>, delivery: Delivery): void {
    if (subscription.hold(delivery) <= this.#heldLimit) return;
    subscription.release();
    subscription.connection.wire.close(closeCodes.slow.code, closeCodes.slow.meaning);
  }
}
