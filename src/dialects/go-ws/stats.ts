import type { Packet, Wire } from "../../engine/ports/wire.ts";

/** Counts since the dialect was made, and who is there now. */
export interface GoWsStats {
  /** Clients that were let in. */
  readonly totalConnections: number;
  /** Clients that are there now. */
  readonly activeConnections: number;
  /** Messages handed to clients, those to each of them counted. */
  readonly messagesSent: number;
  /** Messages of clients, those that were dropped included. */
  readonly messagesReceived: number;
  /** Errors of clients, as `errorHandler` is told them. */
  readonly errors: number;
}

/** The counters behind {@link GoWsStats}. */
export class GoWsCounters {
  totalConnections = 0;
  messagesSent = 0;
  messagesReceived = 0;
  errors = 0;
}

/** A wire whose messages are counted. */
export class CountedWire implements Wire {
  readonly #wire: Wire;
  readonly #counters: GoWsCounters;

  constructor(wire: Wire, counters: GoWsCounters) {
    this.#wire = wire;
    this.#counters = counters;
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
    this.#counters.messagesSent += packet.length;
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
    this.#wire.close(code, reason);
  }

  destroy(): void {
    this.#wire.destroy();
  }
}
