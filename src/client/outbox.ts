import { CarillonError } from "../errors/carillon-error.ts";
import type { Codec, CodecFrame } from "../protocol/codec.ts";
import type { ClientMessage } from "../protocol/messages.ts";

/** More waiting messages are refused with `queue-full`. */
const maxWaiting = 1_000;

/** More waiting bytes are refused with `queue-full`; the same holds for what the link has buffered. */
const maxWaitingBytes = 4 * 1024 * 1024;

/** What the outbox needs of a conversation. */
export interface Wire {
  readonly bufferedBytes: number;
  send(frame: CodecFrame): void;
}

/** Told what becomes of a posted message. */
export interface Sender {
  /** It is being handed to the link. */
  sent?(): void;
  /** It never left, and never will. */
  failed(error: CarillonError): void;
}

interface Waiting {
  readonly frame: CodecFrame;
  readonly bytes: number;
  readonly sender: Sender;
}

/** Decides what leaves at once, what waits for a connection and what is refused. */
export class Outbox {
  readonly #codec: Codec;
  readonly #offline: "queue" | "reject";
  readonly #waiting = new Set<Waiting>();
  #bytes = 0;
  #wire: Wire | undefined;
  #maxMessageBytes = Infinity;

  constructor(codec: Codec, offline: "queue" | "reject") {
    this.#codec = codec;
    this.#offline = offline;
  }

  get isOpen(): boolean {
    return this.#wire !== undefined;
  }

  /**
   * @returns the function that takes the message back while it waits
   * @throws {CarillonError} `payload-invalid`, `payload-too-large`, `offline` and `queue-full` (temporary)
   */
  post(message: ClientMessage, sender: Sender): () => void {
    const frame = this.#encode(message);
    const bytes = byteLength(frame);
    if (bytes > this.#maxMessageBytes) throw this.#tooLarge(bytes);
    if (this.#wire) {
      if (this.#wire.bufferedBytes > maxWaitingBytes) throw new CarillonError("queue-full");
      sender.sent?.();
      this.#wire.send(frame);
      return () => {};
    }
    if (this.#offline === "reject") throw new CarillonError("offline");
    if (this.#waiting.size >= maxWaiting || this.#bytes + bytes > maxWaitingBytes) throw new CarillonError("queue-full");
    const waiting: Waiting = { frame, bytes, sender };
    this.#waiting.add(waiting);
    this.#bytes += bytes;
    return () => this.#take(waiting);
  }

  /** From now on messages leave at once; those that waited do so with {@link flush}. */
  open(wire: Wire, maxMessageBytes: number): void {
    this.#wire = wire;
    // What is no number is no limit.
    this.#maxMessageBytes = maxMessageBytes > 0 ? maxMessageBytes : Infinity;
  }

  flush(): void {
    const tooLarge: Waiting[] = [];
    for (const waiting of this.#waiting) {
      if (!this.#wire) break;
      this.#take(waiting);
      if (waiting.bytes > this.#maxMessageBytes) tooLarge.push(waiting);
      else {
        waiting.sender.sent?.();
        this.#wire.send(waiting.frame);
      }
    }
    // Last, because whoever is told may post again, and must not overtake.
    for (const { sender, bytes } of tooLarge) sender.failed(this.#tooLarge(bytes));
  }

  /** From now on messages wait. */
  shut(): void {
    this.#wire = undefined;
  }

  /** Gives up everything that waits. */
  clear(error: CarillonError): void {
    for (const waiting of this.#waiting) {
      this.#take(waiting);
      waiting.sender.failed(error);
    }
  }

  #take(waiting: Waiting): void {
    if (this.#waiting.delete(waiting)) this.#bytes -= waiting.bytes;
  }

  #encode(message: ClientMessage): CodecFrame {
    try {
      return this.#codec.encode(message);
    } catch (cause) {
      throw new CarillonError("payload-invalid", { message: `the data cannot be encoded: ${String(cause)}`, cause });
    }
  }

  #tooLarge(bytes: number): CarillonError {
    const message = `the message has ${bytes} bytes, and the server accepts ${this.#maxMessageBytes}`;
    return new CarillonError("payload-too-large", { message });
  }
}

function byteLength(frame: CodecFrame): number {
  return typeof frame === "string" ? new TextEncoder().encode(frame).length : frame.length;
}
