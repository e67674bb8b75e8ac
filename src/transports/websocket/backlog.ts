import type { Duplex } from "node:stream";

/** What was written to a socket and waits there. */
export class Backlog {
  readonly #socket: Pick<Duplex, "writableLength">;
  /** Bytes, of all that was ever written. */
  #written = 0;
  #waiting = 0;
  /** Writes that the socket did not take at once, the oldest first. */
  #writes: Write[] = [];

  constructor(socket: Pick<Duplex, "writableLength">) {
    this.#socket = socket;
  }

  /** Bytes that the socket has got rid of, more of which is a sign of life. */
  get taken(): number {
    return this.#written - this.#socket.writableLength;
  }

  /** To be told of every write. */
  wrote(bytes: number): void {
    this.#written += bytes;
  }

  /** The last write has to wait. @returns the packets that wait now */
  keep(packets: number): number {
    const { taken } = this;
    while (this.#writes[0] && this.#writes[0].end <= taken) this.#waiting -= this.#writes.shift()!.packets;
    this.#writes.push({ end: this.#written, packets });
    return (this.#waiting += packets);
  }

  /** Nothing waits any more. */
  clear(): void {
    this.#waiting = 0;
    this.#writes = [];
  }
}

interface Write {
  /** All bytes up to its end. */
  readonly end: number;
  readonly packets: number;
}
