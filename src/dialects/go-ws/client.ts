import type { Connection, LiveConnection } from "../../engine/connection.ts";

/** One connected client of go-ws. */
export interface GoWsClient {
  /** A fresh UUID for each connection, which others see as `sender_id`, `from` and `client_id`. */
  readonly clientId: string;
  /** As `clientId`. */
  readonly id: string;
  /** As `getUserId` or the server's `authenticate` said; for an anonymous client its `clientId`. */
  readonly userId: string;
  /** What others see of it in presence notices, from its next subscription on. To be filled in `onConnect`. */
  readonly metadata: Map<string, unknown>;
  /** Unix time in milliseconds. */
  readonly createdAt: number;
  /** When it last said something or answered a ping, in Unix time and milliseconds. */
  readonly lastSeen: number;
  /** The same client as the server and its other dialects know it. */
  readonly connection: Connection;
}

/** A client, and what only the dialect may change. */
export class LiveClient implements GoWsClient {
  readonly metadata: Map<string, unknown> = new Map();
  readonly connection: LiveConnection;
  readonly createdAt: number;
  lastSeen: number;
  /** What the identity says of it comes before its metadata. */
  readonly #hasInfo: boolean;
  /** As {@link lastSeen}, by the clock that nobody sets. */
  seenAt: number;

  constructor(connection: LiveConnection, wall: number, now: number) {
    this.connection = connection;
    this.#hasInfo = connection.info !== undefined;
    this.createdAt = wall;
    this.lastSeen = wall;
    this.seenAt = now;
  }

  get clientId(): string {
    return this.connection.id;
  }

  get id(): string {
    return this.connection.id;
  }

  get userId(): string {
    return this.connection.userId ?? this.connection.id;
  }

  /** Other dialects see the metadata as what is known of the user. */
  show(): void {
    if (this.#hasInfo || this.metadata.size === 0) return;
    this.connection.info = Object.fromEntries(this.metadata);
  }

  seen(wall: number, now: number): void {
    this.lastSeen = wall;
    this.seenAt = now;
  }
}
