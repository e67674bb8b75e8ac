import type { Later } from "../later.ts";
import type { Position, Publication } from "../publication.ts";

/** Something for connections directly: ephemeral, at most once, and without a place in any history. */
export type Signal =
  /** An event for everyone. With `batch`, `data` is the list of collected payloads. */
  | {
      readonly kind: "event";
      readonly event: string;
      readonly data: unknown;
      readonly except?: string;
      readonly batch?: true;
    }
  /** The same publication in several channels: whoever is in more than one of them hears it once. */
  | { readonly kind: "union"; readonly publications: readonly Publication[] };

/** What a broker tells the node that started it. */
export interface BrokerEvents {
  publication(publication: Publication): void;
  signal(signal: Signal): void;
}

/**
 * Carries publications between nodes.
 *
 * - `publication` MUST be called, in one order per channel, on every node that has subscribed, the publishing one included.
 * - A broker MAY repeat or lose, and MUST NOT invent.
 * - `subscribe` and `unsubscribe` of a channel MUST take effect in the order they were called; what is published after
 *   `subscribe` has finished MUST arrive.
 * - `publish` MUST NOT finish before the broker has accepted the publication.
 * - `signal` MUST reach every node, this one included.
 * - What can finish at once MUST return a plain value, not a promise.
 * - After `close` the events MUST stay silent, and calls MUST fail with `broker-unavailable`.
 *
 * Check an implementation with `brokerContract` from `carillon/testing`.
 */
export interface Broker {
  start(events: BrokerEvents): Promise<void>;
  subscribe(channel: string): Later<void>;
  unsubscribe(channel: string): Later<void>;
  /** @returns where it landed in history, `undefined` when the channel keeps none. */
  publish(publication: Publication): Later<Position | undefined>;
  signal(signal: Signal): Later<void>;
  close(): Promise<void>;
}
