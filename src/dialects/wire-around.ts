import type { Packet, Wire } from "../engine/ports/wire.ts";

/** A wire that hands everything on to another one: what a dialect does about it besides is in its heirs. */
export abstract class WireAround implements Wire {
  readonly #wire: Wire;
  #isEnded = false;

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

  get isEnded(): boolean {
    return this.#isEnded || (this.#wire.isEnded ?? false);
  }

  get wasSlow(): boolean {
    return this.#wire.wasSlow ?? false;
  }

  get wasCut(): boolean {
    return this.#wire.wasCut ?? false;
  }

  get maxWaitingPackets(): number | undefined {
    return this.#wire.maxWaitingPackets;
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
    this.#isEnded = true;
    this.#wire.close(code, reason);
  }

  destroy(): void {
    this.#isEnded = true;
    this.#wire.destroy();
  }
}
