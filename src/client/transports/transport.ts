import type { Codec, CodecFrame } from "../../protocol/codec.ts";

/** What a transport is asked for. */
export interface TransportRequest {
  /** Absolute, with the scheme ws or wss; a transport that speaks HTTP replaces the scheme. */
  readonly url: string;
  /** How frames are named and joined. */
  readonly codec: Codec;
  /** Aborted when the link is not wanted any more; without effect once `connect` has settled. */
  readonly signal: AbortSignal;
}

/**
 * A way to reach the server.
 *
 * - `connect` MUST open at most one link, and resolve only when it can carry frames both ways.
 * - `connect` MUST reject with `connect-failed` when the link ended before that, whatever the reason.
 * - When `signal` is aborted first, `connect` MUST reject and leave nothing open.
 * - `connect` MUST NOT retry, wait or time out by itself; the client does.
 */
export interface Transport {
  /** As the state of the client shows it. */
  readonly name: string;
  /** Proxies may hold back what it carries: when an open link of it falls silent, the next transport is tried first. */
  readonly mayBeHeldBack?: boolean;
  connect(request: TransportRequest): Promise<Link>;
}

/**
 * One open pipe to the server.
 *
 * - Frames MUST arrive whole, once and in order, in both directions.
 * - Until `receive` is called the link MUST hold what arrives; `receive` is called at most once.
 * - `closed` MUST be called exactly once, after the last frame, also when this side closed.
 * - After `closed` nothing is called.
 */
export interface Link {
  /** What the server chose; empty when it chose none. */
  readonly subprotocol: string;
  /** Bytes that were sent and have not left yet. */
  readonly bufferedBytes: number;
  /**
   * Frames of one message each; it MAY join them, to no more than `maxBytes`, and MUST NOT without it. MUST NOT block or
   * throw; after the end it MUST do nothing.
   */
  send(frames: readonly CodecFrame[], maxBytes?: number): void;
  receive(handler: LinkHandler): void;
  /** MUST deliver what was sent before; MUST be harmless when repeated. `code` is 1000 or 3000 to 4999. */
  close(code?: number, reason?: string): void;
}

/** Who is told what comes over a link. */
export interface LinkHandler {
  /** One or more messages. */
  frame(frame: CodecFrame): void;
  /** `code` is the one that the server sent, or 1006 when the link just ended. */
  closed(code: number, reason: string): void;
}
