import { CarillonError } from "../errors/carillon-error.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { maxMessagesPerFrame, subprotocols, type ClientMessage, type ServerMessage } from "./messages.ts";

/** A whole WebSocket message: text or bytes. */
export type CodecFrame = string | Uint8Array;

/** Turns messages into frames and back. */
export interface Codec {
  /** The WebSocket subprotocol that asks for this codec. */
  readonly subprotocol: string;
  encode(message: ClientMessage | ServerMessage): CodecFrame;
  /** One frame with the messages of several, each of which holds one; at most {@link maxMessagesPerFrame} of them. */
  join(frames: readonly CodecFrame[]): CodecFrame;
  /**
   * The messages of one frame, in order; their fields are not checked.
   *
   * @throws {CarillonError} `bad-request` when the frame is not in this format
   */
  decode(frame: CodecFrame): readonly unknown[];
}

/** The JSON codec; `parse` may be replaced by a stricter one. */
export function createJsonCodec(parse: (text: string) => unknown = JSON.parse): Codec {
  return {
    subprotocol: subprotocols.json,
    encode: encodeJson,
    join: (frames) => `[${frames.join()}]`,
    decode(frame) {
      if (typeof frame !== "string") throw new CarillonError("bad-request", { message: "expected a text frame" });
      let value: unknown;
      try {
        value = parse(frame);
      } catch (cause) {
        if (cause instanceof CarillonError) throw cause;
        throw new CarillonError("bad-request", { message: "the frame is not JSON", cause });
      }
      const messages = messagesOf(value);
      for (const message of messages) restoreBytes(message);
      return messages;
    },
  };
}

/** One message, or a list of 1 to {@link maxMessagesPerFrame}. */
export function messagesOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) return [value];
  if (value.length > 0 && value.length <= maxMessagesPerFrame) return value;
  throw new CarillonError("bad-request", { message: `a frame holds 1 to ${maxMessagesPerFrame} messages` });
}

function encodeJson(message: ClientMessage | ServerMessage): string {
  if ("publications" in message) {
    return JSON.stringify({ ...message, publications: message.publications.map(withBytesAsText) });
  }
  return JSON.stringify(withBytesAsText(message));
}

function withBytesAsText(message: ClientMessage | ServerMessage): object {
  if (!("data" in message && message.data instanceof Uint8Array)) return message;
  const { data, ...rest } = message;
  return { ...rest, bytes: toBase64(data) };
}

/** JSON has no bytes: they travel as base64 in a field of their own, so that text is never mistaken for them. */
function restoreBytes(message: unknown): void {
  if (typeof message !== "object" || message === null) return;
  if ("publications" in message && Array.isArray(message.publications)) message.publications.forEach(restoreBytes);
  if (!Object.hasOwn(message, "bytes")) return;
  const fields = message as { bytes?: unknown; data?: unknown };
  if (fields.data !== undefined) throw new CarillonError("bad-request", { message: `either "data" or "bytes"` });
  fields.data = fromBase64(fields.bytes);
  delete fields.bytes;
}
