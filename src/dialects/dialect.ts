import type { Engine } from "../engine/engine.ts";
import type { Handshake } from "../engine/handshake.ts";
import type { Later } from "../engine/later.ts";
import type { Frame, Wire, WireHandler } from "../engine/ports/wire.ts";

/** How a WebSocket behaves under a dialect. */
export interface WebSocketSettings {
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
}

/** One client's conversation. */
export interface Session extends WireHandler {
  /**
   * The server stops: takes nothing more, answers what it took, and closes the wire so that the client comes back to another
   * server. Nothing happens when it is closed already.
   */
  drain?(): void;
}

/** A dialect that has been put onto a path of one server. */
export interface Endpoint {
  readonly webSocket: WebSocketSettings;
  /** Absent: WebSockets only. */
  readonly http?: HttpSettings;
  /** Reads the handshake; MUST NOT keep anything of it, because the wire may never open. */
  route(handshake: Handshake): Later<Opening | Refusal>;
  /** Begins a session on a wire that is open. */
  open(wire: Wire, handshake: Handshake, subprotocol: string | undefined): Session;
  /** Ends the sessions that wait for their client without a wire. */
  close?(): void;
}

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
  /** Browsers on any origin may connect, as this dialect's original allows; otherwise the server's origin rules hold. */
  readonly anyOrigin: boolean;
  mount(engine: Engine): Endpoint;
}
