import { decode, encode } from "@msgpack/msgpack";
import { CarillonError } from "../errors/carillon-error.ts";
import { asJson, maxDepth } from "./as-json.ts";
import { messagesOf, type Codec } from "./codec.ts";
import { subprotocols, type ClientMessage, type ServerMessage } from "./messages.ts";
import { checkLengths } from "./msgpack-lengths.ts";

/** The MessagePack codec: binary frames, and bytes as bytes. */
export function createMsgpackCodec(): Codec {
  return {
    subprotocol: subprotocols.msgpack,
    encode: (message) => encode(sayable(message)),
    join: (frames) => concatenated(listHeader(frames.length), frames as readonly Uint8Array[]),
    decode(frame) {
      if (typeof frame === "string") throw new CarillonError("bad-request", { message: "expected a binary frame" });
      let value: unknown;
      try {
        checkLengths(frame);
        value = decode(frame);
      } catch (cause) {
        throw new CarillonError("bad-request", { message: "the frame is not MessagePack", cause });
      }
      const messages = messagesOf(value);
      for (const message of messages) checkMessage(message);
      return messages;
    },
  };
}

/** @see the MessagePack specification, "array format family" */
function listHeader(length: number): readonly number[] {
  return length < 16 ? [0x90 | length] : [0xdc, length >> 8, length & 0xff];
}

function concatenated(header: readonly number[], parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((bytes, part) => bytes + part.length, header.length));
  joined.set(header);
  let offset = header.length;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** The message as JSON would have it, but with bytes where bytes may be. */
function sayable(message: ClientMessage | ServerMessage): Readonly<Record<string, unknown>> {
  const fields: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(message)) {
    if (value === undefined) continue;
    if (field === "data" && value instanceof Uint8Array) fields[field] = value;
    else if (field === "items" && Array.isArray(value)) {
      fields[field] = value.map((item) => (item instanceof Uint8Array ? item : (asJson(item, 2) ?? null)));
    } else if (field === "publications" && Array.isArray(value)) fields[field] = value.map(sayable);
    else fields[field] = asJson(value, 1);
  }
  return fields;
}

/**
 * MessagePack knows more than JSON does. What JSON cannot say would be changed on its way to other clients, so it is
 * refused; bytes are welcome as the whole of `data` and as an item of a batch.
 */
function checkMessage(message: unknown): void {
  if (typeof message !== "object" || message === null) return;
  for (const [field, value] of Object.entries(message)) {
    if (value instanceof Uint8Array && field === "data") continue;
    if (field === "items" && Array.isArray(value)) {
      for (const item of value) if (!(item instanceof Uint8Array)) checkValue(item, 2);
    } else if (field === "publications" && Array.isArray(value)) value.forEach(checkMessage);
    else checkValue(value, 1);
  }
}

function checkValue(value: unknown, depth: number): void {
  if (value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)) return;
  if (typeof value !== "object") refuse("numbers must be finite");
  if (depth >= maxDepth) refuse(`data is nested deeper than ${maxDepth}`);
  if (Array.isArray(value)) {
    for (const item of value) checkValue(item, depth + 1);
    return;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype)
    refuse(`bytes only as the whole "data", and no extension types`);
  for (const item of Object.values(value)) checkValue(item, depth + 1);
}

function refuse(message: string): never {
  throw new CarillonError("bad-request", { message });
}
