import type { Packet, Wire } from "../../engine/ports/wire.ts";

/** A wire on which what waits in batches is sent before this side closes it. */
export class FlushingWire implements Wire {
  readonly #wire: Wire;
  /** Set once there may be something that waits. */
  flush: (() => void) | undefined;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  get transport(): Wire["transport"] {
    return this.#wire.transport;
  }

  get bufferedBytes(): number {
    return this.#wire.bufferedBytes;
  }

  get lastWriteAt(): number {
    return this.#wire.lastWriteAt;
  }

  send(packet: Packet): void {
    this.#wire.send(packet);
  }

  whenDrained(run: () => void): void {
    this.#wire.whenDrained(run);
  }

  pause(): void {
    this.#wire.pause();
  }

  resume(): void {
    this.#wire.resume();
  }

  close(code?: number, reason?: string): void {
    this.flush?.();
    this.#wire.close(code, reason);
  }

  destroy(): void {
    this.#wire.destroy();
  }
}
