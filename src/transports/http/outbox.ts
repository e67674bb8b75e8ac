import type { Frame, Packet } from "../../engine/ports/wire.ts";

/** What a link has sent and its client has not acknowledged. Frames are counted from the beginning of the link. */
export class Outbox {
  #frames: Frame[] = [];
  #sizes: number[] = [];
  /** Where in the lists the first one is that is kept. */
  #head = 0;
  #forgotten = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** How many frames there were, ever. */
  get sent(): number {
    return this.#forgotten + this.#frames.length - this.#head;
  }

  /** How many of them, from the first on, are not kept any more. */
  get forgotten(): number {
    return this.#forgotten;
  }

  push(packet: Packet, sizes: readonly number[]): void {
    for (const [index, frame] of packet.entries()) {
      this.#frames.push(frame);
      this.#sizes.push(sizes[index]!);
      this.#bytes += sizes[index]!;
    }
  }

  /** Lets go of everything up to this count. */
  forget(count: number): void {
    while (this.#forgotten < count && this.#head < this.#frames.length) this.#drop();
    this.#compact();
  }

  /** Lets go of the oldest until no more than `bytes` are kept. */
  trim(bytes: number): void {
    while (this.#bytes > bytes) this.#drop();
    this.#compact();
  }

  /** The frames after this count that are kept, at most `limit` of them. */
  since(count: number, limit: number = Number.POSITIVE_INFINITY): readonly Frame[] {
    const start = this.#head + Math.max(0, count - this.#forgotten);
    return this.#frames.slice(start, start + limit);
  }

  clear(): void {
    this.forget(this.sent);
  }

  #drop(): void {
    this.#bytes -= this.#sizes[this.#head]!;
    this.#head += 1;
    this.#forgotten += 1;
  }

  /** Now and then, so that each frame is moved about once in its life. */
  #compact(): void {
    const isEmpty = this.#head === this.#frames.length;
    if (this.#head === 0 || (!isEmpty && (this.#head < 64 || this.#head * 2 < this.#frames.length))) return;
    this.#frames = this.#frames.slice(this.#head);
    this.#sizes = this.#sizes.slice(this.#head);
    this.#head = 0;
  }
}

/** Measures packets; one that goes to many links in turn is measured once. */
export class PacketSizes {
  #packet: Packet | undefined;
  #sizes: readonly number[] = [];

  of(packet: Packet): readonly number[] {
    if (this.#packet !== packet) {
      this.#packet = packet;
      this.#sizes = packet.map((frame) => (typeof frame === "string" ? Buffer.byteLength(frame) : frame.length));
    }
    return this.#sizes;
  }
}
