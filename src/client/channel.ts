import type { EventPattern, Payload } from "../events/event-map.ts";
import type { Sender } from "../protocol/messages.ts";
import type { ClientEventName, DataParameter, GapEvent } from "./events.ts";
import type { Presence } from "./presence.ts";

/** Where a channel is with its subscription. */
export type ChannelState =
  | { readonly kind: "unsubscribed" }
  /** Asked for, and waiting for the connection or the server's answer. */
  | { readonly kind: "subscribing" }
  | { readonly kind: "subscribed" };

/** What a handler learns about a publication besides its data. */
export interface Publication<Data = unknown> {
  readonly channel: string;
  readonly event: string;
  readonly data: Data;
  /** Absent when the server sent several at once. */
  readonly id?: string;
  /** Unix time in ms at publishing, as the server's clock shows it; for display. Absent when several came at once. */
  readonly time?: number;
  /** Absent when the server published. */
  readonly from?: Sender;
  /** Its place in the channel's history; absent where none is kept. */
  readonly position?: string;
  /** It is the channel's state under this key: told live, or first to those who subscribe later. */
  readonly stateKey?: string;
}

/** Called with what is published. A handler that throws or rejects harms no other; see the client's event `error`. */
export type PublicationHandler<Data> = (data: Data, publication: Publication<Data>) => unknown;

/** What another client whispered. */
export interface Whisper<Data = unknown> {
  readonly channel: string;
  readonly event: string;
  readonly data: Data;
  readonly from: Sender;
}

/** Called with what is whispered; what it throws is treated as in a {@link PublicationHandler}. */
export type WhisperHandler<Data> = (data: Data, whisper: Whisper<Data>) => unknown;

/** How a client publishes in a channel. */
export interface PublishOptions {
  /**
   * `false`: every subscriber but this client.
   *
   * @default true
   */
  readonly echo?: boolean;
  /**
   * The publication's id, 1 to 64 letters, digits, - or _. Published again with the same one within 5 minutes, it changes
   * nothing and is answered as before.
   *
   * @default undefined // one of its own for each call
   */
  readonly id?: string;
  /**
   * Makes it the channel's state under this key, where the server keeps state: who subscribes later is told it first. Without
   * data, or with `undefined`, it removes what is there. Any text of 1 to 200 bytes without control characters.
   *
   * @default undefined // it is no state
   */
  readonly stateKey?: string;
}

/** How a client subscribes to a channel. */
export interface SubscribeOptions {
  /** A position to go on from, such as one that {@link Channel.position} had before the page was left. */
  readonly since?: string | undefined;
  /** What the channel's rule wants to see. It is read again whenever the client subscribes again, so it may be a getter. */
  readonly token?: string | undefined;
}

/** Which part of a channel's history to read: the oldest after, the newest before, or just the newest. */
export interface HistoryRange {
  readonly after?: string;
  readonly before?: string;
  /** 1 to 300; 100 unless it is given. */
  readonly limit?: number;
}

/** A part of a channel's history. */
export interface HistoryPage {
  /** Oldest first. */
  readonly publications: readonly Publication[];
  /** Where the history stands. */
  readonly top: string;
  /** Nothing is missing between the position asked for and these publications. */
  readonly isCovered: boolean;
}

/** A named stream of publications. */
export interface Channel<Events extends object = Record<string, unknown>> {
  readonly name: string;
  readonly state: ChannelState;
  readonly presence: Presence;
  /** The last place in the channel's history that the client has seen; absent where none is kept. */
  readonly position: string | undefined;

  /**
   * Asks for the channel's publications, and asks again after every reconnect until {@link unsubscribe}.
   *
   * What was missed between two connections, or since a position that is given here, comes first and in order. Where that
   * cannot be, {@link onGap} tells before anything newer comes.
   *
   * Idempotent. It waits for the connection without a deadline; the server's answer has `requestTimeoutMs`. When it
   * rejects, the client stays unsubscribed. Refused after a reconnect: what is temporary is tried again, anything else
   * unsubscribes, and both reach the client's event `error`.
   *
   * @throws {CarillonError} what the server says, `timeout`, `closed`, `aborted` when unsubscribed meanwhile
   */
  subscribe(options?: SubscribeOptions): Promise<void>;

  /**
   * Gives the channel up. No handler is called from now on, whatever still arrives.
   *
   * @throws {CarillonError} what the server says, `timeout`, `closed`
   */
  unsubscribe(options?: SubscribeOptions): Promise<void>;

  /** Calls the handler for every publication of an event, or of all that fit a pattern, while subscribed. */
  on<Name extends ClientEventName<Events>>(event: Name, handler: PublicationHandler<Payload<Events[Name]>>): () => void;
  on(pattern: EventPattern, handler: PublicationHandler<unknown>): () => void;

  /** Calls the listener when publications of this channel were missed for good; see the client's event `gap`. */
  onGap(listener: (gap: GapEvent) => unknown): () => void;

  /**
   * Publishes to all subscribers of the channel; the client itself need not be one.
   *
   * Resolves once the server's broker has accepted it. While there is no connection it waits in the queue, and after a lost
   * one it is sent again, which publishes it once.
   *
   * @returns the publication's id, and its place in the history where one is kept
   * @throws {CarillonError} what the server says, such as `limit-exceeded` when the channel's state has no room; `timeout`,
   *   `connection-closed`, `closed`, `offline`, `queue-full`, `payload-too-large`, `payload-invalid`
   */
  publish<Name extends ClientEventName<Events>>(
    event: Name,
    ...data: [...DataParameter<Events[Name]>, options?: PublishOptions]
  ): Promise<{ readonly id: string; readonly position?: string | undefined }>;

  /**
   * Says something to the other clients in the channel: typing, a cursor. Told at most once, and never kept.
   *
   * While the client is not subscribed, it is dropped. What the server refuses reaches the client's event `error`:
   * `forbidden` where the channel has no whispers, `rate-limited` when they come too fast.
   *
   * @throws {CarillonError} `payload-too-large`, `payload-invalid`, `queue-full`
   */
  whisper<Name extends ClientEventName<Events>>(event: Name, ...data: DataParameter<Events[Name]>): void;

  /** Calls the handler for every whisper of an event, or of all that fit a pattern, while subscribed. */
  onWhisper<Name extends ClientEventName<Events>>(
    event: Name,
    handler: WhisperHandler<Payload<Events[Name]>>,
  ): () => void;
  onWhisper(pattern: EventPattern, handler: WhisperHandler<unknown>): () => void;

  /**
   * Reads a part of the channel's history. The client must be subscribed.
   *
   * @throws {CarillonError} `not-subscribed`, `not-supported` where none is kept, `bad-request`, `timeout`,
   *   `connection-closed`, `closed`, `offline`, `queue-full`
   */
  history(range?: HistoryRange): Promise<HistoryPage>;
}
