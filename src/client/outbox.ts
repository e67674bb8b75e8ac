import { CarillonError } from "../errors/carillon-error.ts";
import type { Timer } from "../platform/clock.ts";
import type { CodecFrame } from "../protocol/codec.ts";
import type { ClientMessage, ConnectedMessage } from "../protocol/messages.ts";
import type { Settings } from "./options.ts";
import { bytesOf } from "./transports/joining.ts";

/** More messages that wait for a connection are refused with `queue-full`. */
const maxWaiting = 1_000;

/** The same for the bytes of what waits or is not acknowledged yet, and for what the link has buffered. */
const maxWaitingBytes = 4 * 1024 * 1024;

/** What the outbox needs of a conversation. */
export interface Wire {
  bufferedBytes(): number;
  send(frames: readonly CodecFrame[], maxBytes?: number): void;
}

/** Who posts a message, and is told what becomes of it. */
export interface Sender {
  /** It never left and never will, or nobody knows whether it arrived. */
  failed(error: CarillonError): void;
}

/**
 * What may be done with a message whose session has ended: 0, nothing, because it means nothing to another session; 1, it may
 * be sent again if it certainly was not handled; 2, it may be sent again in any case.
 */
type Worth = 0 | 1 | 2;

const worthOf: Readonly<Record<string, Worth>> = { publish: 2, send: 1, request: 1, history: 1 };

/** Decides what leaves at once, what waits, what is sent again and what is refused. */
export interface Outbox {
  /** The open connection. */
  wire(): Wire | undefined;
  /**
   * @returns the function that says that nobody waits for an answer any more; what has not left then never does
   * @throws {CarillonError} `payload-invalid`, `payload-too-large`, `offline` and `queue-full` (temporary)
   */
  post(message: ClientMessage, sender: Sender): () => void;
  /**
   * A new session begins: messages leave at once, but those from before only with `flush`.
   *
   * @param isDrained the server before this one has told exactly what it took, so that all the rest may be sent again
   */
  open(wire: Wire, welcome: ConnectedMessage, isDrained: boolean): void;
  flush(): void;
  /** The session goes on: what the server has not received leaves again, and then what waited. */
  reopen(wire: Wire, received: number): void;
  /** What waits for its batch leaves. */
  push(): void;
  /** The server has received so many messages of this session. */
  acknowledged(received: number): void;
  /** From now on messages wait, although there is a connection. */
  pause(): void;
  /**
   * There is no connection any more.
   *
   * @param least what was sent and is worth less is given up
   */
  shut(least: number): void;
  /** Forgets everything. */
  clear(): void;
}

interface Item {
  readonly frame: CodecFrame;
  readonly bytes: number;
  readonly sender: Sender;
  readonly worth: Worth;
  readonly isAsking: boolean;
  /** Its place among all that was sent in this session; 0 while it waits. */
  index: number;
  /** The server may not have it yet. */
  isKept: boolean;
  /** Somebody wants it to arrive. */
  isWanted: boolean;
}

export function createOutbox({ codec, offline, batch, clock }: Settings): Outbox {
  const queue = new Set<Item>();
  /** What has left, in order, until the server has it and nobody waits for its answer. */
  const sent = new Set<Item>();
  /** What no other session can have. */
  let lost: readonly Item[] = [];
  /** Bytes of what waits and of what is kept. */
  let bytes = 0;
  let wire: Wire | undefined;
  let limit = Infinity;
  let hasSession = false;
  let isOffline = true;
  let isOpening = false;
  let count = 0;
  let received = 0;
  let timer: Timer | undefined;

  const tooLarge = (size: number): CarillonError | undefined =>
    size > limit
      ? new CarillonError("payload-too-large", { message: `${size} bytes are more than ${limit}` })
      : undefined;
  const transmit = (items: readonly Item[]): void => {
    if (items.length > 0)
      wire?.send(
        items.map(({ frame }) => frame),
        limit,
      );
  };
  const leave = (items: readonly Item[]): void => {
    for (const item of items) {
      queue.delete(item);
      item.index = ++count;
      item.isKept = hasSession;
      if (!hasSession) {
        bytes -= item.bytes;
        received = count;
      }
      if (hasSession || item.isAsking) sent.add(item);
    }
    transmit(items);
  };
  const take = (item: Item): void => {
    if (queue.delete(item)) bytes -= item.bytes;
  };
  const stop = (): void => {
    timer?.cancel();
    timer = undefined;
  };
  const pause = (): void => {
    stop();
    wire = undefined;
  };
  const push = (): void => {
    stop();
    if (wire && !isOpening) leave([...queue]);
  };
  const giveUp = (items: readonly Item[]): void => {
    for (const item of items) if (item.isWanted) item.sender.failed(new CarillonError("connection-closed"));
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
      const item: Item = {
        frame,
        bytes: bytesOf(frame),
        sender,
        worth: worthOf[message.type] ?? 0,
        isAsking: "ref" in message,
        index: 0,
        isKept: false,
        isWanted: true,
      };
      // While offline the limit of the last connection is the best guess.
      const error = tooLarge(item.bytes);
      if (error) throw error;
      if (isOffline && offline === "reject" && item.worth) throw new CarillonError("offline");
      const isFull =
        (isOffline && queue.size >= maxWaiting) ||
        bytes + item.bytes > maxWaitingBytes ||
        (wire && wire.bufferedBytes() > maxWaitingBytes);
      // What the client itself asks first of a new session must get past what waits.
      if (isFull && !isOpening) throw new CarillonError("queue-full");
      queue.add(item);
      bytes += item.bytes;
      if (isOpening) leave([item]);
      else if (!batch || !item.worth || queue.size >= batch.maxMessages) push();
      else if (wire) timer ??= clock.after(batch.maxDelayMs, push);
      return () => {
        item.isWanted = false;
        take(item);
        if (!item.isKept) sent.delete(item);
      };
    },
    open(opened, { maxMessageBytes, session }, isDrained) {
      const items = [...sent, ...queue];
      const again = items.filter(
        ({ isWanted, worth, index, isKept }) => isWanted && worth > (index === 0 || (isDrained && isKept) ? 0 : 1),
      );
      this.clear();
      lost = items.filter((item) => !again.includes(item));
      for (const item of again) {
        item.index = 0;
        queue.add(item);
        bytes += item.bytes;
      }
      wire = opened;
      // What is no number is no limit.
      limit = maxMessageBytes > 0 ? maxMessageBytes : Infinity;
      hasSession = session !== undefined;
      isOffline = false;
      isOpening = true;
    },
    flush() {
      for (const item of queue) {
        const error = tooLarge(item.bytes);
        if (!error) continue;
        take(item);
        // Whoever is told of a failure may close the client.
        item.sender.failed(error);
      }
      isOpening = false;
      push();
      giveUp(lost);
      lost = [];
    },
    reopen(opened, upTo) {
      wire = opened;
      isOffline = false;
      this.acknowledged(upTo);
      transmit([...sent].filter(({ isKept }) => isKept));
      push();
    },
    push,
    acknowledged(upTo) {
      if (!(upTo > received && upTo <= count)) return;
      received = upTo;
      for (const item of sent) {
        if (item.index > upTo) return;
        if (item.isKept) bytes -= item.bytes;
        item.isKept = false;
        if (!item.isAsking || !item.isWanted) sent.delete(item);
      }
    },
    pause,
    shut(least) {
      pause();
      isOffline = true;
      giveUp([...sent].filter(({ worth }) => worth < least));
    },
    clear() {
      queue.clear();
      sent.clear();
      lost = [];
      bytes = count = received = 0;
    },
  };
}
