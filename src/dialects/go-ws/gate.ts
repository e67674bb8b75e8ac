import { AddressCounts, isLoopback } from "../../engine/address-counts.ts";
import type { UpgradeRefusal } from "./upgrade.ts";

/** How many clients there is room for. */
export interface Room {
  readonly maxConnections: number;
  readonly maxConnectionsPerIp: number;
  /** Addresses of this machine count as others do. */
  readonly countsLoopback: boolean;
}

/** Counts the clients that are there, by their addresses. */
export class Gate {
  readonly #room: Room;
  readonly #perIp = new AddressCounts();
  #count = 0;

  constructor(room: Room) {
    this.#room = room;
  }

  /** Why there is no room for one more. */
  refusal(ip: string): UpgradeRefusal | undefined {
    if (this.#perIp.of(ip) >= this.#room.maxConnectionsPerIp) {
      return { status: 429, message: "too many connections from this address" };
    }
    if (this.#count >= this.#room.maxConnections) return { status: 503, message: "too many connections" };
    return undefined;
  }

  /** One more is there. @returns to be called once, when it is gone */
  enter(ip: string): () => void {
    this.#count += 1;
    const forget = this.#room.countsLoopback || !isLoopback(ip) ? this.#perIp.enter(ip) : undefined;
    return () => {
      this.#count -= 1;
      forget?.();
    };
  }
}
