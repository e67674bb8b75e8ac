import type { Arrival, Departure, Member } from "./presence.ts";
import type { Position, Publication, Sender } from "./publication.ts";

/**
 * Why something cannot be replayed: it is not kept any longer (`expired`), the history was lost or made anew (`reset`), or
 * there is too much of it (`too-much`).
 */
export type GapReason = "expired" | "reset" | "too-much";

/** Ephemeral: told at most once, without a place among the publications. */
export interface Whisper {
  readonly kind: "whisper";
  readonly channel: string;
  readonly event: string;
  readonly data: unknown;
  readonly from: Sender;
}

/** What one connection is handed. */
export type Delivery =
  | { readonly kind: "publication"; readonly publication: Publication }
  | Whisper
  /** Told for every connection: an encoder leaves out what its dialect does not show. */
  | ({ readonly kind: "join"; readonly channel: string } & Arrival)
  | ({ readonly kind: "leave"; readonly channel: string } & Departure)
  /** What was published after `from` and up to `to` is missing. */
  | {
      readonly kind: "gap";
      readonly channel: string;
      /** Absent when what the client gave was no position. */
      readonly from?: Position;
      readonly to: Position;
      readonly reason: GapReason;
    }
  /** The server took part in the client's name. */
  | {
      readonly kind: "subscribed";
      readonly channel: string;
      readonly members?: readonly Member[];
      readonly position?: Position;
    }
  | { readonly kind: "unsubscribed"; readonly channel: string }
  /** An event outside any channel. */
  | { readonly kind: "event"; readonly event: string; readonly data: unknown }
  | { readonly kind: "batch"; readonly event: string; readonly items: readonly unknown[] }
  | { readonly kind: "request"; readonly ref: number; readonly event: string; readonly data: unknown };
