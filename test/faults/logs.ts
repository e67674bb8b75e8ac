/** What a publisher wrote down, in the order in which it happened to it. Times are in ms, of one clock for all. */
export type PublisherEntry =
  | { readonly kind: "attempt"; readonly at: number; readonly seq: number; readonly channel: string }
  /** The server has said that it is stored. */
  | {
      readonly kind: "acked";
      readonly at: number;
      readonly seq: number;
      readonly id: string;
      readonly position?: string;
    }
  /** Somebody who knows has said that it did not and will not happen. */
  | { readonly kind: "refused"; readonly at: number; readonly seq: number; readonly code: string };

/** What a subscriber wrote down of one channel or, without one, of its connection. */
export type SubscriberEntry =
  /** From here on it is to hear everything. */
  | { readonly kind: "subscribed"; readonly at: number; readonly channel: string; readonly position?: string }
  | { readonly kind: "unsubscribed"; readonly at: number; readonly channel: string }
  /** Given to its handler; `data` is whatever came. */
  | {
      readonly kind: "delivered";
      readonly at: number;
      readonly channel: string;
      readonly data: unknown;
      readonly id?: string;
      readonly position?: string;
    }
  | {
      readonly kind: "gap";
      readonly at: number;
      readonly channel: string;
      readonly from?: string;
      /** Absent when the client itself told the gap, of a channel without history. */
      readonly to?: string;
      readonly reason: string;
    };

/** Everything that happened in one run. Logs are only ever appended to. */
export interface Logs {
  /** By the publisher's number. */
  readonly publishers: ReadonlyMap<number, readonly PublisherEntry[]>;
  readonly subscribers: ReadonlyMap<string, readonly SubscriberEntry[]>;
}

/** A position's parts, as the checker alone may know them. */
export interface Place {
  readonly epoch: string;
  readonly offset: number;
  readonly tag: string;
}

export function placeOf(position: string): Place {
  const [epoch = "", offset = "", tag = ""] = position.split(".");
  return { epoch, offset: Number(offset), tag };
}
