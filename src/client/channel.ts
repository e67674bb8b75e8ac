import type { EventPattern, Payload } from "../events/event-map.ts";
import type { Sender } from "../protocol/messages.ts";
import type { ClientEventName, DataParameter } from "./events.ts";
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
}

/** Called with what is published. A handler that throws or rejects harms no other; see the client's event `error`. */
export type PublicationHandler<Data> = (data: Data, publication: Publication<Data>) => unknown;

export interface PublishOptions {
  /**
   * `false`: every subscriber but this client.
   *
   * @default true
   */
  readonly echo?: boolean;
}

/** A named stream of publications. */
export interface Channel<Events extends object = Record<string, unknown>> {
  readonly name: string;
  readonly state: ChannelState;
  readonly presence: Presence;

  /**
   * Asks for the channel's publications, and asks again after every reconnect until {@link unsubscribe}.
   *
   * Idempotent. It waits for the connection without a deadline; the server's answer has `requestTimeoutMs`. When it
   * rejects, the client stays unsubscribed. Refused after a reconnect: what is temporary is tried again, anything else
   * unsubscribes, and both reach the client's event `error`.
   *
   * @throws {CarillonError} what the server says, `timeout`, `closed`, `aborted` when unsubscribed meanwhile
   */
  subscribe(): Promise<void>;

  /**
   * Gives the channel up. No handler is called from now on, whatever still arrives.
   *
   * @throws {CarillonError} what the server says, `timeout`, `closed`
   */
  unsubscribe(): Promise<void>;

  /** Calls the handler for every publication of an event, or of all that fit a pattern, while subscribed. */
  on<Name extends ClientEventName<Events>>(event: Name, handler: PublicationHandler<Payload<Events[Name]>>): () => void;
  on(pattern: EventPattern, handler: PublicationHandler<unknown>): () => void;

  /**
   * Publishes to all subscribers of the channel; the client itself need not be one.
   *
   * Resolves once the server's broker has accepted it. While there is no connection it waits in the queue.
   *
   * @returns the publication's id
   * @throws {CarillonError} what the server says, `timeout`, `connection-closed`, `closed`, `offline`, `queue-full`,
   *   `payload-too-large`, `payload-invalid`
   */
  publish<Name extends ClientEventName<Events>>(
    event: Name,
    ...data: [...DataParameter<Events[Name]>, options?: PublishOptions]
  ): Promise<{ readonly id: string }>;
}
