import type { ConnectOptions } from "../client.ts";
import type { DisconnectEvent } from "../events.ts";

/** The connection is open. */
export interface SocketGoConnectEvent {
  /** Successful reconnections so far; 0 for the first connection. */
  readonly reconnects: number;
  /** How many tries it took. */
  readonly attempts: number;
}

/** Called with what the server sends. A handler that throws or rejects harms no other; it reaches `error`. */
export type SocketGoHandler = (data: unknown, event: string) => unknown;

/** A client of a socket.go server. */
export interface SocketGoClient {
  readonly isConnected: boolean;
  /** The session's id over polling. Over a WebSocket the server tells it only where the application does. */
  readonly id: string | undefined;
  /** Successful reconnections so far. */
  readonly reconnects: number;

  /**
   * Opens the connection. A first try that fails is not repeated; after a connection that was lost it waits for the next one.
   *
   * @throws {CarillonError} `connect-failed`, `timeout`, `aborted`, `closed`
   */
  connect(options?: ConnectOptions): Promise<void>;

  /** Ends the connection for good; what was sent before leaves first. Resolves when it is gone. Idempotent. */
  close(): Promise<void>;

  /**
   * Sends an event. `null` and `undefined` leave the field `data` out.
   *
   * @throws {CarillonError} `connection-closed` without a connection; `queue-full`; `bad-request` for what is no JSON
   */
  send(event: string, data?: unknown): void;

  /**
   * Calls the handler for every event of that name, or of all that fit a pattern. `connect`, `disconnect` and `error` tell
   * about the client itself, whatever the server sends, and no pattern means them. `error` also brings the data of the events
   * `error` that the server sends.
   *
   * @returns the function that takes the handler away
   */
  on(event: "connect", handler: (event: SocketGoConnectEvent) => unknown): () => void;
  /** {@link rooms} still says which rooms it was in. */
  on(event: "disconnect", handler: (event: DisconnectEvent) => unknown): () => void;
  /** A `CarillonError`, or whatever the server sent. */
  on(event: "error", handler: (error: unknown) => unknown): () => void;
  on(event: string, handler: SocketGoHandler): () => void;

  /** Takes a handler away, or all of an event. */
  off(event: string, handler?: (...parameters: never[]) => unknown): void;

  /**
   * Sends the event `join`, now or with the next connection, and again after every reconnect.
   *
   * @throws {CarillonError} `queue-full`
   */
  join(room: string): void;
  /**
   * Sends the event `leave`, if there is a connection.
   *
   * @throws {CarillonError} `queue-full`
   */
  leave(room: string): void;
  /** The rooms that were joined here, in that order. */
  rooms(): readonly string[];
  inRoom(room: string): boolean;
}
