import type { Whisper } from "../delivery.ts";
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
  | { readonly kind: "union"; readonly publications: readonly Publication[] }
  /** For all who are in a channel, but the one that it is from. */
  | Whisper
  /** Everyone in a channel, or one user in it, is taken out. */
  | { readonly kind: "expel"; readonly channel: string; readonly user?: string }
  /** All connections of a user are closed. */
  | { readonly kind: "disconnect"; readonly user: string; readonly code: number; readonly reason: string }
  /** All connections that fit every field are closed, since nobody may be let in as they were. */
  | { readonly kind: "revoke"; readonly user?: string; readonly session?: string; readonly token?: string };

/** How much of a channel's past is kept. */
export interface HistoryPolicy {
  /** So many publications, the newest. */
  readonly size: number;
  /** Each for so long. */
  readonly ttlMs: number;
}

/** How much state a channel has: values under keys, of which each new subscriber is told the last. */
export interface StatePolicy {
  /**
   * So many keys, 1 to 100,000.
   *
   * @default 1_000
   */
  readonly keys?: number;
  /**
   * So many bytes, the keys and the payloads together: UTF-8, the payloads as JSON, or as they are when they are bytes.
   *
   * @default 1_048_576 // 1 MiB
   */
  readonly bytes?: number;
  /**
   * Each value for so long since it was written, in milliseconds.
   *
   * @default 86_400_000 // a day
   */
  readonly ttlMs?: number;
}

/** A write to a channel's state, measured. */
export interface StateWrite extends Required<StatePolicy> {
  /** The bytes of its key and its payload. */
  readonly size: number;
}

/** What a broker does with a publication besides handing it out. */
export interface Keep {
  /** Appends it to the channel's history. */
  readonly history?: HistoryPolicy;
  /** The publisher chose its id, and may publish it again: repeated within five minutes it changes nothing. */
  readonly once?: true;
  /** It is the channel's state under its `stateKey` from now on or, without a payload, removes what is there. */
  readonly state?: StateWrite;
}

/** What became of a publication. */
export interface Accepted {
  /** Where it landed in history; absent when the channel keeps none. */
  readonly position?: Position;
  /** It had been accepted before, at that position, and was not handed out again. */
  readonly isRepeat?: true;
  /** The channel's state has no room for it: nothing was changed, and nothing handed out. */
  readonly isFull?: true;
}

/** Which part of a history. Without `after` and `before`: the newest. */
export interface HistoryRange {
  /** The oldest that came after this. */
  readonly after?: Position;
  /** The newest that came before this. */
  readonly before?: Position;
  /** At most so many; `0` asks for the top alone. */
  readonly limit: number;
}

/** A part of a channel's history. */
export interface HistoryPage {
  /** The place of the newest publication; its offset is 0 as long as there was none in this epoch. */
  readonly top: Position;
  /** Nothing is missing between the position that was asked for and these publications. */
  readonly isCovered: boolean;
  /** Oldest first, each with its position. */
  readonly publications: readonly Publication[];
}

/** What a broker tells the node that started it. */
export interface BrokerEvents {
  /** `previous`: the position before this one in the channel's history, where one is kept. */
  publication(publication: Publication, previous?: Position): void;
  signal(signal: Signal): void;
  /** Publications of these channels, or of any, may have been missed. */
  interrupted(channels?: readonly string[]): void;
}

/**
 * Carries publications between nodes, and keeps their history.
 *
 * - `publication` MUST be called, in one order per channel, on every node that has subscribed, the publishing one included.
 * - A broker MAY repeat or lose, and MUST NOT invent. Where history is kept, what was lost can be read.
 * - `subscribe` and `unsubscribe` of a channel MUST take effect in the order they were called; what is published after
 *   `subscribe` has finished MUST arrive.
 * - `publish` MUST NOT finish before the broker has accepted the publication. Appending it to history, giving it its position
 *   and writing it to the channel's state are one step; offsets of an epoch grow by one.
 * - State outlives its subscribers. A repeat MUST NOT change it, nor what has no room in it; removing always has.
 * - An epoch MUST change whenever history was lost or made anew. A position is covered only when the tag that is stored at
 *   its offset is the same.
 * - `signal` MUST reach every node, this one included.
 * - What can finish at once MUST return a plain value, not a promise.
 * - What takes longer than `limits.brokerTimeoutMs` counts as failed, and may happen all the same: a publication that is repeated
 *   with its id MUST then be a repeat.
 * - `read` of any channel with the limit 0 SHOULD fail as long as the broker is ill: this is how `server.health()` asks.
 * - After `close` the events MUST stay silent, and calls MUST fail with `broker-unavailable`.
 *
 * Check an implementation with `brokerContract` from `carillon/testing`.
 */
export interface Broker {
  start(events: BrokerEvents): Promise<void>;
  subscribe(channel: string): Later<void>;
  unsubscribe(channel: string): Later<void>;
  publish(publication: Publication, keep?: Keep): Later<Accepted>;
  /** A part of a channel's history, whether someone has subscribed to it or not. */
  read(channel: string, range: HistoryRange): Later<HistoryPage>;
  /** A channel's state: the last publication of each key, in the order in which they were written, with their positions. */
  state(channel: string): Later<readonly Publication[]>;
  /** Forgets a channel's state; nobody is told. */
  clearState(channel: string): Later<void>;
  signal(signal: Signal): Later<void>;
  close(): Promise<void>;
}
