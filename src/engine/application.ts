import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { CarillonError } from "../errors/carillon-error.ts";
import type { ErrorFamily } from "../errors/families.ts";
import type { Handlers } from "../events/handlers.ts";
import type { LiveConnection, Connection } from "./connection.ts";
import type { Handshake } from "./handshake.ts";
import type { Later } from "./later.ts";
import type { Publication } from "./publication.ts";

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
  /** What names the credential that says so, such as a token's `jti`: `server.revoke` finds the connection by it. */
  readonly tokenId?: string;
}

/** Says who a client is; `undefined` refuses it. */
export type Authenticate = (attempt: ConnectAttempt) => Later<Identity | undefined>;

/** Runs around every new connection; what comes after `await next()` runs once it is open. */
export type Middleware<C = Connection> = (connection: C, next: () => Promise<void>) => Promise<void> | void;

/** What a client wants to publish, whisper, send or request, before anything is decided about it. */
export interface InboundMessage<C = Connection> {
  readonly connection: C;
  readonly action: "publish" | "whisper" | "send" | "request";
  /** Absent for what goes to the server. */
  readonly channel?: string;
  /** May be replaced by another name. */
  event: string;
  /** May be replaced or changed in place, before schemas see it. */
  data: unknown;
}

/** Sees every inbound message; `false` drops it, anything else lets it go on. */
export type Interceptor<C = Connection> = (message: InboundMessage<C>) => unknown;

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

/** Something that a client wanted and did not get: its own affair, and no failure of the server's. */
export interface Refusal<C = Connection> {
  readonly error: CarillonError;
  readonly family: ErrorFamily;
  readonly action: "connect" | "subscribe" | "publish" | "whisper" | "send" | "request";
  readonly handshake: Handshake;
  /** Absent when a client that comes back, or brings a fresh token, is not known again. */
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
  readonly authenticate: Authenticate | undefined;
  readonly middleware: readonly Middleware<LiveConnection>[];
  readonly handlers: Handlers<(incoming: IncomingEvent) => unknown>;
  readonly interceptors: readonly Interceptor<LiveConnection>[];
  /** By the channels they are for. */
  readonly publicationListeners: Handlers<(publication: Publication) => unknown>;
  readonly schemas: ReadonlyMap<string, StandardSchemaV1>;
  connected(connection: LiveConnection): void;
  disconnected(connection: LiveConnection, ending: Ending): void;
  /** Its wire is gone, and it may come back. */
  suspended(connection: LiveConnection): void;
  /** It came back. */
  resumed(connection: LiveConnection): void;
  failed(failure: Failure<LiveConnection>): void;
  /** Whether anybody wants to be told by `refused`. */
  readonly hearsRefusals: boolean;
  refused(refusal: Refusal<LiveConnection>): void;
  /** How often `failed` was called. */
  readonly failures: number;
}
