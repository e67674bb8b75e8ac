import type { Packet, Wire } from "../../engine/ports/wire.ts";
import { WireAround } from "../wire-around.ts";

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
export class CountedWire extends WireAround {
  readonly #counters: GoWsCounters;

  constructor(wire: Wire, counters: GoWsCounters) {
    super(wire);
    this.#counters = counters;
  }

  override send(packet: Packet): void {
    this.#counters.messagesSent += packet.length;
    super.send(packet);
  }
}
