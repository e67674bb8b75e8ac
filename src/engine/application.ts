import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { CarillonError } from "../errors/carillon-error.ts";
import type { Handlers } from "../events/handlers.ts";
import type { LiveConnection, Connection } from "./connection.ts";
import type { Handshake } from "./handshake.ts";
import type { Later } from "./later.ts";

/** Someone who wants to connect. */
export interface ConnectAttempt {
  /** What the client sent as its token. */
  readonly token: string | undefined;
  readonly headers: Headers;
  readonly url: URL;
  readonly ip: string;
  readonly handshake: Handshake;
}

/** Who a client is. */
export interface Identity<Data extends object = Record<string, unknown>> {
  /** 1 to 128 characters; the same for all connections of one user. Absent: an anonymous client. */
  readonly userId?: string;
  /** What others see of the user in channels with presence. */
  readonly info?: unknown;
  /** The first contents of `connection.data`. */
  readonly data?: Partial<Data>;
  /**
   * When this ends, in Unix time and milliseconds; the connection ends with it, unless the client sends a fresh token.
   * Absent: never.
   */
  readonly expiresAt?: number;
}

/** Runs around every new connection; what comes after `await next()` runs once it is open. */
export type Middleware<C = Connection> = (connection: C, next: () => Promise<void>) => Promise<void> | void;

/** One incoming event, as its handlers get it. */
export interface IncomingEvent {
  readonly connection: LiveConnection;
  readonly event: string;
  readonly data: unknown;
  readonly reply: (data?: unknown) => void;
}

/** Something that failed and that the application should know of. */
export interface Failure<C = Connection> {
  readonly error: CarillonError;
  readonly connection?: C;
  readonly channel?: string;
  readonly event?: string;
}

/** How a connection ended. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** What the application has plugged into the engine. */
export interface Application {
  readonly authenticate: ((attempt: ConnectAttempt) => Later<Identity | undefined>) | undefined;
  readonly middleware: readonly Middleware<LiveConnection>[];
  readonly handlers: Handlers<(incoming: IncomingEvent) => unknown>;
  readonly schemas: ReadonlyMap<string, StandardSchemaV1>;
  connected(connection: LiveConnection): void;
  disconnected(connection: LiveConnection, ending: Ending): void;
  /** Its wire is gone, and it may come back. */
  suspended(connection: LiveConnection): void;
  /** It came back. */
  resumed(connection: LiveConnection): void;
  failed(failure: Failure<LiveConnection>): void;
  /** How often `failed` was called. */
  readonly failures: number;
}
