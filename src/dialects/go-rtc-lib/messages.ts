import { CarillonError } from "../../errors/carillon-error.ts";
import { parseJson } from "../json.ts";

/** What one frame carries: text, or bytes. */
export type Content = string | Uint8Array;

/** Something to broadcast, which knows how it is written. An application may have types of its own. */
export interface Message {
  /** What goes onto the wire, without anything around it. */
  serialize(): Content;
  /** Its type; other dialects are told it as the event's name, except for `"json"` and `"byte"`, which are `"message"`. */
  type(): string;
  /**
   * Whether its bytes go out in a binary frame.
   *
   * @default only bytes that are no UTF-8
   */
  readonly binary?: boolean | undefined;
}

/** Makes a message of what a client sent. */
export type Deserialize<M extends Message = Message> = (content: Content) => M;

/** Any JSON value, written as it is. */
export class JsonMessage implements Message {
  readonly content: unknown;

  constructor(content: unknown) {
    this.content = content;
  }

  /** @throws {CarillonError} `bad-request` for what is no JSON, or too deep or too long to be parsed */
  static deserialize(content: Content): JsonMessage {
    try {
      return new JsonMessage(parseJson(textOf(content)));
    } catch (cause) {
      if (cause instanceof CarillonError) throw cause;
      throw new CarillonError("bad-request", { message: "not JSON", cause });
    }
  }

  /** @throws {CarillonError} `payload-invalid` for what JSON cannot say; `TypeError` for what `JSON.stringify` throws for */
  serialize(): string {
    const text: string | undefined = JSON.stringify(this.content);
    if (text === undefined) throw new CarillonError("payload-invalid", { message: "JSON cannot say it" });
    return text;
  }

  type(): string {
    return "json";
  }
}

/** How a {@link ByteMessage} is made. */
export interface ByteMessageParts {
  readonly data: Uint8Array;
  /** As {@link Message.binary}. */
  readonly binary?: boolean | undefined;
}

/** Bytes as they are. */
export class ByteMessage implements Message {
  readonly data: Uint8Array;
  readonly binary: boolean | undefined;

  constructor({ data, binary }: ByteMessageParts) {
    this.data = data;
    this.binary = binary;
  }

  static deserialize(content: Content): ByteMessage {
    return typeof content === "string"
      ? new ByteMessage({ data: new TextEncoder().encode(content), binary: false })
      : new ByteMessage({ data: content, binary: true });
  }

  serialize(): Uint8Array {
    return this.data;
  }

  type(): string {
    return "byte";
  }
}

// A byte order mark is content like any other.
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * The frame that a message goes out in.
 *
 * @throws whatever its `serialize` throws; {@link CarillonError} `payload-invalid` when that is neither text nor bytes
 */
export function frameOf(message: Message | Content): Content {
  if (isContent(message)) return message;
  const content: unknown = message.serialize();
  if (typeof content === "string") return message.binary ? new TextEncoder().encode(content) : content;
  if (!(content instanceof Uint8Array)) {
    throw new CarillonError("payload-invalid", { message: "a message serialises to text or bytes" });
  }
  if (message.binary === true) return content;
  if (message.binary === false) return lenient.decode(content);
  try {
    return strict.decode(content);
  } catch {
    return content;
  }
}

export function isContent(value: unknown): value is Content {
  return typeof value === "string" || value instanceof Uint8Array;
}

/** What a client sent, as text. */
function textOf(content: Content): string {
  return typeof content === "string" ? content : lenient.decode(content);
}
