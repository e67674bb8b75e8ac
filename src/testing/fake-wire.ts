import type { Frame, Packet, Wire, WireHandler } from "../engine/ports/wire.ts";
import type { Clock } from "../platform/clock.ts";

/** How a fake wire behaves. */
export interface FakeWireOptions {
  /** Stamps `lastWriteAt`; without one it stays 0. */
  readonly clock?: Pick<Clock, "now">;
  /**
   * `false`: the peer never answers a close, and the wire stays half closed until it is destroyed or hung up.
   *
   * @default true
   */
  readonly peerAnswersClose?: boolean;
}

/**
 * A wire without a network: it records what it is told, and a test plays the peer.
 *
 * Everything happens at once: `closed` is called during `close` and `destroy`, but never during `send`.
 *
 * @example
 * ```ts
 * const wire = new FakeWire();
 * wire.handler = await server.accept(wire, handshake);
 * wire.receive('{"type":"connect"}');
 * console.log(wire.takeFrames());
 * ```
 */
export class FakeWire implements Wire {
  readonly transport = "in-process";
  /** Set it to what a slow peer would leave behind. */
  bufferedBytes = 0;
  lastWriteAt = 0;
  /** Every packet, in order. */
  readonly packets: Packet[] = [];
  /** Whom frames are fed to and the end is reported to. */
  handler: WireHandler | undefined;
  /** How this side closed it. */
  closing: { readonly code: number | undefined; readonly reason: string | undefined } | undefined;
  /** This side has closed it, or wanted to when it was over. */
  isEnded = false;
  isDestroyed = false;
  isPaused = false;
  readonly #clock: Pick<Clock, "now"> | undefined;
  readonly #peerAnswersClose: boolean;
  #unread: Frame[] = [];
  #whenDrained: (() => void)[] = [];
  #isOver = false;
  #taken = 0;

  constructor({ clock, peerAnswersClose = true }: FakeWireOptions = {}) {
    this.#clock = clock;
    this.#peerAnswersClose = peerAnswersClose;
  }

  /** Every frame, in order. */
  get frames(): readonly Frame[] {
    return this.packets.flat();
  }

  /** Neither side has ended it. */
  get isOpen(): boolean {
    return !this.#isOver && this.closing === undefined;
  }

  /** The frames that were sent since the last call. */
  takeFrames(): readonly Frame[] {
    const frames = this.packets.slice(this.#taken).flat();
    this.#taken = this.packets.length;
    return frames;
  }

  /** Plays the peer: sends frames. They wait while the wire is paused, and are lost once it has ended. */
  receive(...frames: readonly Frame[]): void {
    this.#unread.push(...frames);
    this.#read();
  }

  /** Plays the peer: ends the connection, as a cut cable does unless told otherwise. */
  hangUp(code = 1006, reason = ""): void {
    this.#end(code, reason);
  }

  send(packet: Packet): void {
    if (!this.isOpen) return;
    this.packets.push(packet);
    this.lastWriteAt = this.#clock?.now() ?? 0;
  }

  whenDrained(run: () => void): void {
    if (this.isOpen) this.#whenDrained.push(run);
  }

  /** Plays the peer: reads everything that waited for it. */
  drain(): void {
    this.bufferedBytes = 0;
    for (const run of this.#whenDrained.splice(0)) run();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.#read();
  }

  close(code?: number, reason?: string): void {
    this.isEnded = true;
    if (!this.isOpen) return;
    this.closing = { code, reason };
    if (this.#peerAnswersClose) this.#end(code ?? 1005, reason ?? "");
  }

  destroy(): void {
    this.isDestroyed = this.isEnded = true;
    this.#end(this.closing?.code ?? 1006, this.closing?.reason ?? "");
  }

  #read(): void {
    while (!this.isPaused && !this.#isOver && this.#unread.length > 0) this.handler?.receive(this.#unread.shift()!);
  }

  #end(code: number, reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#unread = [];
    this.#whenDrained = [];
    this.handler?.closed(code, reason);
  }
}
