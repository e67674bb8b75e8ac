import type { Frame, Packet } from "../../engine/ports/wire.ts";
import type { Clock, Timer } from "../../platform/clock.ts";
import type { Sends, SharedSends, Sink } from "../shared-sends.ts";
import type { Ending } from "./ending.ts";
import { closeEvent, frameEvents, idOf } from "./event-stream.ts";
import type { Exchange } from "./exchange.ts";

/** Whom a stream tells what comes of it. */
export interface StreamOwner {
  /** How many frames were sent, ever. */
  sent(): number;
  wrote(now: number): void;
  /** The client reads more slowly than it is written to. */
  fellBehind(bytes: number): void;
  caughtUp(): void;
  left(stream: EventStream): void;
}

/** What a stream is made of. */
export interface EventStreamParts {
  readonly exchange: Exchange;
  readonly shared: SharedSends;
  readonly clock: Clock;
  /** How long a client that lost it should wait before it comes back. */
  readonly retryMs: number;
  readonly owner: StreamOwner;
}

/** A stream that says nothing for so long gets a comment, so that a dead connection is noticed. */
const silenceMs = 15_000;

/** A link's frames as server-sent events, in one answer that does not end before the link does. */
export class EventStream implements Sink {
  readonly #exchange: Exchange;
  readonly #owner: StreamOwner;
  readonly #clock: Clock;
  readonly #sends: Sends;
  #timer: Timer;
  #writtenAt: number;
  #isOver = false;

  constructor({ exchange, shared, clock, retryMs, owner }: EventStreamParts) {
    this.#exchange = exchange;
    this.#owner = owner;
    this.#clock = clock;
    this.#sends = shared.sends(this);
    this.#writtenAt = clock.now();
    this.#timer = clock.after(silenceMs, () => this.#look());
    exchange.response.on("drain", () => owner.caughtUp());
    exchange.response.on("close", () => {
      this.#end();
      owner.left(this);
    });
    beginStream(exchange, retryMs);
  }

  /** Bytes that were written and have not left this process. */
  get bufferedBytes(): number {
    return this.#exchange.response.writableLength;
  }

  get isDrained(): boolean {
    return !this.#exchange.response.writableNeedDrain;
  }

  /** Before anything else: what the client has missed. */
  replay(frames: readonly Frame[]): void {
    if (frames.length > 0) this.write(frameEvents([frames]), this.#clock.now());
  }

  push(packet: Packet): void {
    this.#sends.push(packet);
  }

  /** Events that are ready, from the flush; the count behind them is this stream's own. */
  write(bytes: Uint8Array, now: number): void {
    const { response } = this.#exchange;
    if (this.#isOver || response.destroyed) return;
    this.#writtenAt = now;
    this.#owner.wrote(now);
    response.cork();
    response.write(bytes);
    const hasRoom = response.write(idOf(this.#owner.sent()));
    response.uncork();
    if (!hasRoom) this.#owner.fellBehind(response.writableLength);
  }

  close({ code, reason }: Ending): void {
    if (this.#isOver) return;
    this.#sends.flush();
    this.#end();
    this.#exchange.response.end(closeEvent(code, reason));
  }

  cut(): void {
    this.#end();
    this.#exchange.response.destroy();
  }

  #end(): void {
    this.#isOver = true;
    this.#timer.cancel();
  }

  #look(): void {
    const silentMs = this.#clock.now() - this.#writtenAt;
    const isDue = silentMs >= silenceMs;
    if (isDue) this.#exchange.response.write(":\n\n");
    this.#timer = this.#clock.after(isDue ? silenceMs : silenceMs - silentMs, () => this.#look());
  }
}

/** Answers with a stream that says at once that its link is closed. */
export function endedStream(exchange: Exchange, retryMs: number, { code, reason }: Ending): void {
  beginStream(exchange, retryMs);
  exchange.response.end(closeEvent(code, reason));
}

/**
 * The stream is delimited by the end of its connection and not by chunks, so that what goes to many goes out as it is.
 * Proxies, and what compresses answers before it, are asked not to collect it.
 */
function beginStream(exchange: Exchange, retryMs: number): void {
  exchange.response.useChunkedEncodingByDefault = false;
  exchange.begin(200, {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store, no-transform",
    Connection: "close",
    "X-Accel-Buffering": "no",
  });
  exchange.response.write(`: stream\nretry: ${retryMs}\n\n`);
}
