import type { Connection, LiveConnection } from "../../engine/connection.ts";
import type { ConnectionBatches } from "./batches.ts";
import type { AoPayload } from "./message.ts";

/** An event with its payload. */
export interface AoMessage {
  /** Markers with `:` between them, such as `"user:profile:changed"`. */
  readonly event: string;
  /** An object. Nothing is sent as `null`, anything else as `{ value }`. */
  readonly payload?: unknown;
}

/** An event that a client sent. */
export interface AoIncoming<Payload = AoPayload | null> extends AoMessage {
  /** `null` when the client sent none. */
  readonly payload: Payload;
  /** Who sent it. */
  readonly connection: AoConnection;
}

/** Handles an event of any client. */
export type AoHandler<Payload = AoPayload | null> = (message: AoIncoming<Payload>) => unknown;

/** Which connections are meant; one for which it throws is not. */
export type AoFilter = (connection: AoConnection) => boolean;

/** One client, as handlers and filters see it. */
export interface AoConnection {
  readonly id: string;
  /** The same client, as the server knows those of all dialects. */
  readonly connection: Connection;

  /** Keeps something with this connection; the same as `connection.data.set`. */
  set(key: string, value: unknown): void;

  /** What was kept, or `undefined`. */
  get(key: string): unknown;

  /** What the HTTP layer attached to the request before the upgrade, or `undefined`. */
  locals(key: string): unknown;

  /**
   * Sends a message to this client alone or, with a filter, to all clients for which it is true; batched if the event is.
   *
   * @throws {CarillonError} `event-name-invalid`, `payload-invalid`
   */
  sendMessage(message: AoMessage, filter?: AoFilter): void;

  /**
   * Sends a message to this client alone at once, under its own name.
   *
   * @throws {CarillonError} `event-name-invalid`, `payload-invalid`
   */
  sendMessageUnbatched(message: AoMessage): void;

  /**
   * Sends a message to all clients, or to those for which the filter is true; this one is among them.
   *
   * @throws {CarillonError} `event-name-invalid`, `payload-invalid`
   */
  publish(message: AoMessage, filter?: AoFilter): void;
}

/** What a connection leaves to all of them. */
export interface ConnectionHost {
  send(client: LiveAoConnection, message: AoMessage, isUnbatched: boolean): void;
  publish(message: AoMessage, filter?: AoFilter): void;
}

/** A client that is in, or was. */
export class LiveAoConnection implements AoConnection {
  readonly connection: LiveConnection;
  readonly batches: ConnectionBatches;
  /** What has been logged of it already; of most clients there is nothing. */
  logged: Set<string> | undefined;
  readonly #host: ConnectionHost;

  constructor(connection: LiveConnection, batches: ConnectionBatches, host: ConnectionHost) {
    this.connection = connection;
    this.batches = batches;
    this.#host = host;
  }

  get id(): string {
    return this.connection.id;
  }

  set(key: string, value: unknown): void {
    this.connection.data.set(key, value);
  }

  get(key: string): unknown {
    return this.connection.data.get(key);
  }

  locals(key: string): unknown {
    const { locals } = this.connection.handshake;
    return Object.hasOwn(locals, key) ? locals[key] : undefined;
  }

  sendMessage(message: AoMessage, filter?: AoFilter): void {
    if (filter) this.#host.publish(message, filter);
    else this.#host.send(this, message, false);
  }

  sendMessageUnbatched(message: AoMessage): void {
    this.#host.send(this, message, true);
  }

  publish(message: AoMessage, filter?: AoFilter): void {
    this.#host.publish(message, filter);
  }
}
