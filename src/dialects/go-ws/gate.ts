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
  readonly #perIp = new Map<string, number>();
  #count = 0;

  constructor(room: Room) {
    this.#room = room;
  }

  /** Why there is no room for one more. */
  refusal(ip: string): UpgradeRefusal | undefined {
    if ((this.#perIp.get(ip) ?? 0) >= this.#room.maxConnectionsPerIp) {
      return { status: 429, message: "too many connections from this address" };
    }
    if (this.#count >= this.#room.maxConnections) return { status: 503, message: "too many connections" };
    return undefined;
  }

  /** One more is there. @returns to be called once, when it is gone */
  enter(ip: string): () => void {
    this.#count += 1;
    if (!this.#room.countsLoopback && isLoopback(ip)) return () => void (this.#count -= 1);
    this.#perIp.set(ip, (this.#perIp.get(ip) ?? 0) + 1);
    return () => {
      this.#count -= 1;
      const left = this.#perIp.get(ip)! - 1;
      if (left > 0) this.#perIp.set(ip, left);
      else this.#perIp.delete(ip);
    };
  }
}

/** A proxy on this machine stands for all its clients. */
function isLoopback(ip: string): boolean {
  return ip === "::1" || ip.startsWith("127.");
}
