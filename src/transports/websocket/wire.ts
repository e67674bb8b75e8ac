import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { closeCodes } from "../../errors/close-codes.ts";
import type { WebSocketSettings } from "../../dialects/dialect.ts";
import type { Frame, Packet, Wire, WireHandler } from "../../engine/ports/wire.ts";
import type { Clock, Timer } from "../../platform/clock.ts";
import type { Debtor, OutboundBudget } from "../outbound-budget.ts";
import type { MessageRate } from "../pace.ts";
import type { Sends, SharedSends } from "../shared-sends.ts";
import { Backlog } from "./backlog.ts";
import { Intake } from "./intake.ts";

/** What a WebSocket wire is made of. */
export interface WebSocketWireParts {
  /** Receives, and speaks the closing handshake and pings. */
  readonly webSocket: WebSocket;
  /** What frames are written to, past `webSocket`. */
  readonly socket: Duplex;
  readonly shared: SharedSends;
  readonly clock: Clock;
  readonly settings: WebSocketSettings;
  readonly budget: OutboundBudget;
  readonly rate: MessageRate;
}

/** A wire over one WebSocket of Node. */
export class WebSocketWire implements Wire, Debtor {
  readonly transport = "websocket";
  lastWriteAt: number;
  wasSlow = false;
  isEnded = false;
  wasCut = false;
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex;
  readonly #settings: WebSocketSettings;
  readonly #clock: Clock;
  readonly #sends: Sends;
  readonly #budget: OutboundBudget;
  readonly #intake: Intake;
  #handler: WireHandler | undefined;
  #undrained: (() => void)[] = [];
  readonly #backlog: Backlog;
  /** Cuts off a peer that takes nothing. */
  #stuck: Timer | undefined;
  /** Nothing is sent any more. */
  #closing = false;
  /** How this side ended it, if it did: what the application should hear instead of the 1006 of a cut socket. */
  ending: { readonly code: number; readonly reason: string } | undefined;
  /** What `ws` said when it closed by itself. */
  #said: number | undefined;

  constructor({ webSocket, socket, shared, clock, settings, budget, rate }: WebSocketWireParts) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#backlog = new Backlog(socket);
    this.#clock = clock;
    this.#settings = settings;
    this.#budget = budget;
    this.#sends = shared.sends(this);
    this.#intake = new Intake({
      clock,
      rate,
      source: webSocket,
      receive: (frame) => this.#handler?.receive(frame),
      flooded: () => this.close(closeCodes["rate-limited"].code, closeCodes["rate-limited"].meaning),
    });
    this.lastWriteAt = clock.now();
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  get maxWaitingPackets(): number | undefined {
    return this.#settings.maxBufferedMessages;
  }

  /** Whom frames are fed to. */
  serve(handler: WireHandler): void {
    this.#handler = handler;
  }

  received(frame: Frame): void {
    this.#intake.take(frame);
  }

  /** A close frame is about to be written, and nothing may follow it; if it is not ours, the peer closes or broke the rules. */
  closing(code: number | undefined): void {
    if (this.#closing) return;
    this.#sends.flush();
    this.#closing = true;
    this.#said = code;
  }

  /** The socket is gone. */
  gone(code: number, reason: string): void {
    const { readableEnded, errored } = this.#socket;
    this.wasCut = this.ending !== undefined && code === 1006 && !readableEnded && !errored;
    this.#intake.finish(() => {
      this.#stop();
      this.settled();
      const ending = this.ending ?? { code: code === 1006 ? (this.#said ?? code) : code, reason };
      this.#handler?.closed(ending.code, ending.reason);
    });
  }

  send(packet: Packet): void {
    if (!this.#closing) this.#sends.push(packet);
  }

  whenDrained(run: () => void): void {
    // The flush of this turn was scheduled before.
    setImmediate(() => {
      if (this.#closing) return;
      if (this.#socket.writableNeedDrain) this.#undrained.push(run);
      else run();
    });
  }

  pause(): void {
    this.#intake.pause();
  }

  resume(): void {
    this.#intake.resume();
  }

  close(code?: number, reason?: string): void {
    this.isEnded = true;
    if (this.#closing) return;
    this.#sends.flush();
    this.#close(code, reason);
  }

  destroy(): void {
    this.isEnded = true;
    this.#stop();
  }

  /** Frames that are ready, from the flush. Whole frames only, so that they may stand between those of `webSocket`. */
  write(bytes: Uint8Array, now: number, packets: number): void {
    if (!this.#socket.writable) return;
    this.lastWriteAt = now;
    this.#backlog.wrote(bytes.length);
    // As long as the socket takes more, nothing near a limit can wait.
    if (this.#socket.write(bytes)) return;
    const { maxBufferedBytes, maxBufferedMessages, writeTimeoutMs } = this.#settings;
    const owed = this.#socket.writableLength;
    const isTooMany = maxBufferedMessages !== undefined && this.#backlog.keep(packets) > maxBufferedMessages;
    if (owed > maxBufferedBytes || isTooMany) {
      this.shed();
      return;
    }
    if (writeTimeoutMs !== undefined && !this.#stuck) this.#awaitProgress(writeTimeoutMs);
    this.#budget.owe(this, owed);
  }

  shed(): void {
    this.wasSlow = true;
    const { code, reason } = this.#settings.slow ?? { code: closeCodes.slow.code, reason: closeCodes.slow.meaning };
    this.#close(code, reason);
    this.#budget.owe(this, 0);
  }

  /** The socket has no more to write, or is gone. */
  settled(): void {
    this.#backlog.clear();
    this.#stuck?.cancel();
    this.#stuck = undefined;
    this.#budget.owe(this, 0);
    if (this.#undrained.length === 0) return;
    const undrained = this.#undrained;
    this.#undrained = [];
    // One after another: the first may have much to send.
    for (const run of undrained) this.whenDrained(run);
  }

  /** Cuts the peer off after an interval in which it took nothing; what is written in one piece is taken in one piece. */
  #awaitProgress(withinMs: number): void {
    const { taken } = this.#backlog;
    this.#stuck = this.#clock.after(withinMs, () => {
      if (this.#backlog.taken > taken) this.#awaitProgress(withinMs);
      else this.destroy();
    });
  }

  #stop(): void {
    this.#closing = true;
    this.#intake.end();
    this.#sends.drop();
    this.#webSocket.terminate();
  }

  #close(code?: number, reason?: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.isEnded = true;
    this.#intake.end();
    this.ending = { code: code ?? 1005, reason: reason ?? "" };
    // A paused socket would never see the peer's close frame.
    this.#webSocket.resume();
    this.#webSocket.close(code, reason);
  }
}
