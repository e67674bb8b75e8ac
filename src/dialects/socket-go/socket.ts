import type { Connection, LiveConnection } from "../../engine/connection.ts";
import { CarillonError } from "../../errors/carillon-error.ts";
import { closeCodes } from "../../errors/close-codes.ts";

/** One client of socket.go, as its handlers see it. */
export interface Socket {
  /** 16 hexadecimal digits, `-`, and 4 more. It is not the session id of a polling client, which is a secret. */
  readonly id: string;
  /** The same client, as the server knows those of all dialects. */
  readonly connection: Connection;
  /** `false` from the moment that it is gone or was closed. */
  readonly isConnected: boolean;

  /**
   * Sends an event to this client alone. Without data, or with `null`, the message has no `data`.
   *
   * @throws {CarillonError} `closed`, "connection closed"
   */
  send(event: string, data?: unknown): void;

  /**
   * Handles an event of this client alone, after the handlers that are for all; `disconnect` and `error` too.
   *
   * @returns the function that takes the handler away
   */
  on(event: string, handler: (data: unknown) => unknown): () => void;

  /** Takes away the handlers of an event that were added by {@link on}; those that are for all stay. */
  off(event: string): void;

  /** Closes it with 1000. */
  close(): void;
}

/** What handles the events of one client. */
export type OwnHandler = (data: unknown) => unknown;

/** A client that is in, or was. */
export class LiveSocket implements Socket {
  readonly connection: LiveConnection;
  /** Most sockets never have any. */
  #handlers: Map<string, readonly OwnHandler[]> | undefined;
  #hasEnded = false;

  constructor(connection: LiveConnection) {
    this.connection = connection;
  }

  get id(): string {
    return this.connection.id;
  }

  get isConnected(): boolean {
    return !this.#hasEnded && this.connection.isOpen;
  }

  send(event: string, data?: unknown): void {
    if (!this.isConnected) throw new CarillonError("closed", { message: "connection closed" });
    // Not by the connection's `send`, which keeps `error` for itself: here it is an event like others.
    this.connection.deliver({ kind: "event", event, data });
  }

  on(event: string, handler: OwnHandler): () => void {
    const handlers = (this.#handlers ??= new Map());
    // One that is added twice is called twice, and taken away once.
    const own: OwnHandler = (data) => handler(data);
    handlers.set(event, [...this.handlersOf(event), own]);
    return () => {
      handlers.set(
        event,
        this.handlersOf(event).filter((other) => other !== own),
      );
    };
  }

  off(event: string): void {
    this.#handlers?.delete(event);
  }

  close(): void {
    this.#hasEnded = true;
    this.connection.close(closeCodes.normal.code);
  }

  handlersOf(event: string): readonly OwnHandler[] {
    return this.#handlers?.get(event) ?? [];
  }

  /** It is gone. */
  end(): void {
    this.#hasEnded = true;
  }
}
