import type { Engine } from "../engine/engine.ts";
import type { Handshake } from "../engine/handshake.ts";
import type { Later } from "../engine/later.ts";
import type { Frame, Wire, WireHandler } from "../engine/ports/wire.ts";

/** How a WebSocket is closed; without a code its close frame is empty, and the peer sees 1005. */
export interface Closing {
  readonly code?: number;
  readonly reason?: string;
}

/** What may pass through a WebSocket, and how it is kept alive. */
export interface WebSocketLimits {
  /** The largest message a client may send, in bytes; a larger one closes the connection with 1009. */
  readonly maxMessageBytes: number;
  /** Time between WebSocket pings. `0`: none. */
  readonly pingMs: number;
  /** How long the peer may stay silent after a ping before its connection is dropped. */
  readonly pongMs: number;
  /** Bytes that may wait for a slow client; beyond it the connection is closed with 4508. */
  readonly maxBufferedBytes: number;
  /** Messages of so many bytes and more are compressed for clients that can take it. `0`: none, and it is not offered. */
  readonly compressFromBytes: number;
}

/** How a WebSocket behaves under a dialect: its limits, and habits that differ from the server's own. */
export interface WebSocketSettings extends WebSocketLimits {
  /** Messages prove nothing: only a pong shows that the peer is alive. */
  readonly needsPongs?: boolean;
  /** How a silent peer is closed. Absent: it is cut off without a close frame. */
  readonly silent?: Closing;
  /** Messages that may wait for a slow client, besides the bytes. */
  readonly maxBufferedMessages?: number;
  /** A client that takes nothing for so long is cut off. Absent: the pings find out. */
  readonly writeTimeoutMs?: number;
  /** How a slow client is closed, instead of with 4508. */
  readonly slow?: Closing;
  /** The server's message rate is not for this dialect, which has its own or none. */
  readonly isUnpaced?: boolean;
}

/** How a dialect speaks over plain requests: long-polling and server-sent events. */
export interface HttpSettings {
  /** The largest body that a client may send, in bytes; a larger one is answered with 413. */
  readonly maxMessageBytes: number;
  /** Bytes that may wait for a slow client; beyond it the link is closed with 4508. */
  readonly maxBufferedBytes: number;
  /** How long a poll waits for something to say. */
  readonly pollHoldMs: number;
  /** A link that makes no request for so long is gone. */
  readonly linkIdleMs: number;
  readonly formats: readonly HttpFormat[];
}

/** What the bodies of a link's requests and answers look like. */
export interface HttpFormat {
  readonly contentType: string;
  /** As it is handed to {@link Endpoint.open}. */
  readonly subprotocol: string;
  /** Bodies are bytes and not text. */
  readonly isBinary: boolean;
  /** One body with what several frames say. */
  join(frames: readonly Frame[]): Frame;
}

/** The handshake is fine; the WebSocket opens. */
export interface Opening {
  readonly kind: "open";
  readonly subprotocol?: string;
}

/** The handshake is turned down with an HTTP status. */
export interface Refusal {
  readonly kind: "refuse";
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body of the answer, as it is. Absent: the message on a line of its own. */
  readonly body?: string;
}

/**
 * What is wrong with a handshake before the dialect is asked: it is no upgrade to a WebSocket at all, its method, its version
 * or its key are not those of RFC 6455, or it comes from a page of an origin that may not connect.
 */
export type HandshakeFault = "upgrade" | "method" | "version" | "key" | "origin";

/** What may wait for all slow clients of a node together. */
export interface Budget {
  /** To be called whenever it changes how much waits, and with `0` at the end. The slowest wire is shed when it is too much. */
  owe(wire: { shed(): void }, bytes: number): void;
}

/** A plain request to a dialect that has its own way with them. */
export interface PlainRequest {
  readonly method: string;
  /** What follows the endpoint's own path: `""`, or `"/poll"` for instance. */
  readonly path: string;
  readonly handshake: Handshake;
  readonly body: string;
  /** Begins a session on a wire that the dialect makes of its requests, or says why there is no room for it. */
  open(wire: Wire): WireHandler | Refusal;
  /** To be told how much waits on such a wire. */
  readonly budget: Budget;
  /** Told when the client has gone before it was answered. */
  onGone(gone: () => void): void;
}

/** The answer to a plain request. */
export interface Reply {
  readonly kind: "reply";
  readonly status: number;
  readonly contentType?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A dialect's own way with plain requests; everything under the path of its endpoint is its own, too. */
export interface PlainRequests {
  /** The largest body that a client may send, in bytes; a larger one is answered with 413. */
  readonly maxBodyBytes: number;
  /** Paths elsewhere that are the dialect's, unless they are those of another endpoint. */
  readonly alsoAt: readonly string[];
  handle(request: PlainRequest): Later<Reply | Refusal>;
}

/** One client's conversation. */
export interface Session extends WireHandler {
  /** @returns a promise when what the client said before is still being heard: of the end of that */
  closed(code: number, reason: string): Later<void>;
  /**
   * The server stops: takes nothing more, answers what it took, and closes the wire so that the client comes back to another
   * server. One whose wire is closed is over at once.
   */
  drain?(): void;
}

/** A dialect that has been put onto a path of one server. */
export interface Endpoint {
  readonly webSocket: WebSocketSettings;
  /** Absent: WebSockets only. */
  readonly http?: HttpSettings;
  /** Instead of `http`, for dialects with requests of their own. */
  readonly requests?: PlainRequests;
  /** A refusal in the dialect's own words. Absent: in the server's. */
  refuse?(fault: HandshakeFault, method: string): Refusal;
  /** Reads the handshake; MUST NOT keep anything of it, because the wire may never open. */
  route(handshake: Handshake): Later<Opening | Refusal>;
  /** Begins a session on a wire that is open. */
  open(wire: Wire, handshake: Handshake, subprotocol: string | undefined): Session;
  /** Ends the sessions that wait for their client without a wire. */
  close?(): void;
}

/**
 * Which pages may connect: those that the server's options say (`"server"`); all, as the dialect's original allows, unless
 * the server's options say something (`"any"`); those of the server's own host and of a list; or as a function says.
 */
export type Origins = "server" | "any" | readonly string[] | ((handshake: Handshake) => boolean);

/**
 * A language that clients speak: a wire format and its habits.
 *
 * - It MUST translate between its format and the engine's operations, and know of no other dialect.
 * - It MUST answer what a client does wrong by its own rules, and never throw out of a session.
 * - It MUST write its reply to a subscription before it starts it.
 * - All clients of one endpoint and format MUST share one encoder.
 */
export interface Dialect {
  readonly name: string;
  readonly origins: Origins;
  mount(engine: Engine): Endpoint;
}
