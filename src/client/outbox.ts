import { CarillonError } from "../errors/carillon-error.ts";
import type { CodecFrame } from "../protocol/codec.ts";
import type { ClientMessage } from "../protocol/messages.ts";
import type { Settings } from "./options.ts";

/** More waiting messages are refused with `queue-full`. */
const maxWaiting = 1_000;

/** More waiting bytes are refused with `queue-full`; the same holds for what the link has buffered. */
const maxWaitingBytes = 4 * 1024 * 1024;

/** What the outbox needs of a conversation. */
export interface Wire {
  bufferedBytes(): number;
  send(frame: CodecFrame): void;
}

/** Who posts a message, and is told what becomes of it. */
export interface Sender {
  /** Set when the message is handed to the link. */
  isSent?: boolean;
  /** It never left, and never will. */
  failed(error: CarillonError): void;
}

/** Decides what leaves at once, what waits for a connection and what is refused. */
export interface Outbox {
  /** The open connection. */
  wire(): Wire | undefined;
  /**
   * @returns the function that takes the message back while it waits
   * @throws {CarillonError} `payload-invalid`, `payload-too-large`, `offline` and `queue-full` (temporary)
   */
  post(message: ClientMessage, sender: Sender): () => void;
  /** From now on messages leave at once; those that waited do so with `flush`. */
  open(wire: Wire, maxMessageBytes: number): void;
  flush(): void;
  /** From now on messages wait. */
  shut(): void;
  /** Forgets everything that waits. */
  clear(): void;
}

interface Waiting {
  readonly frame: CodecFrame;
  readonly bytes: number;
  readonly sender: Sender;
}

export function createOutbox({ codec, offline }: Pick<Settings, "codec" | "offline">): Outbox {
  const queue = new Set<Waiting>();
  let queuedBytes = 0;
  let wire: Wire | undefined;
  let limit = Infinity;

  const take = (waiting: Waiting): void => {
    if (queue.delete(waiting)) queuedBytes -= waiting.bytes;
  };
  const check = ({ bytes }: Waiting): void => {
    if (bytes > limit)
      throw new CarillonError("payload-too-large", { message: `${bytes} bytes are more than ${limit}` });
  };
  const transmit = ({ sender, frame }: Waiting): void => {
    sender.isSent = true;
    wire?.send(frame);
  };

  return {
    wire: () => wire,
    post(message, sender) {
      let frame: CodecFrame;
      try {
        frame = codec.encode(message);
      } catch (cause) {
        throw new CarillonError("payload-invalid", { message: String(cause), cause });
      }
      const bytes = typeof frame === "string" ? new TextEncoder().encode(frame).length : frame.length;
      const waiting: Waiting = { frame, bytes, sender };
      // While offline the limit of the last connection is the best guess.
      check(waiting);
      if (!wire && offline === "reject") throw new CarillonError("offline");
      const isFull = wire
        ? wire.bufferedBytes() > maxWaitingBytes
        : queue.size >= maxWaiting || queuedBytes + bytes > maxWaitingBytes;
      if (isFull) throw new CarillonError("queue-full");
      if (wire) transmit(waiting);
      else {
        queue.add(waiting);
        queuedBytes += bytes;
      }
      return () => take(waiting);
    },
    open(opened, maxMessageBytes) {
      wire = opened;
      // What is no number is no limit.
      limit = maxMessageBytes > 0 ? maxMessageBytes : Infinity;
    },
    flush() {
      for (const waiting of queue) {
        // Whoever is told of a failure may close the client.
        if (!wire) return;
        take(waiting);
        try {
          check(waiting);
          transmit(waiting);
        } catch (error) {
          waiting.sender.failed(error as CarillonError);
        }
      }
    },
    shut() {
      wire = undefined;
    },
    clear() {
      queue.clear();
      queuedBytes = 0;
    },
  };
}
