import { CarillonError } from "../../errors/carillon-error.ts";
import type { Frame, Packet } from "../../engine/ports/wire.ts";
import { firstJson } from "../first-json.ts";
import { fieldOf, isObject, jsonPayload } from "../payload.ts";

/** What clients send with an event: an object, and never anything else. */
export type AoPayload = Readonly<Record<string, unknown>>;

/** What a client said. */
export interface ClientMessage {
  readonly kind: "message";
  readonly event: string;
  readonly payload: AoPayload | null;
}

/** What is no message, and how a connection is closed for it. */
export interface Malformed {
  readonly kind: "malformed";
  /** 1007 for what is no JSON, 1008 for JSON of another shape. */
  readonly code: 1007 | 1008;
  readonly reason: string;
}

// What is no UTF-8 is replaced, and a byte order mark is no space.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads the first JSON value of a frame; what follows it is nobody's. */
export function readMessage(frame: Frame): ClientMessage | Malformed {
  let value: unknown;
  try {
    value = firstJson(typeof frame === "string" ? frame : utf8.decode(frame));
  } catch (error) {
    return error instanceof CarillonError ? misshapen(error.message) : malformed(1007, "the message is not JSON");
  }
  if (!isObject(value)) return misshapen("a message is an object with e and p");
  const event = fieldOf(value, "e");
  const payload = fieldOf(value, "p") ?? null;
  if (typeof event !== "string" || event === "") return misshapen("e must be the name of an event");
  if (event.includes("*")) return misshapen("the name of an event has no *");
  if (payload !== null && !isObject(payload)) return misshapen("p must be an object or null");
  return { kind: "message", event, payload };
}

/** A payload as clients read it: an object as it is, nothing as `null`, anything else as the `value` of an object. */
export function payloadText(data: unknown): string {
  const text = JSON.stringify(jsonPayload(data)) ?? "null";
  return text === "null" || text.startsWith("{") ? text : `{"value":${text}}`;
}

/** A message as clients read it, with the line feed that ends it. */
export function messagePacket(event: string, payload: string): Packet {
  return [`{"e":${JSON.stringify(event)},"p":${payload}}\n`];
}

/** Several payloads of one event in one message. */
export function batchPacket(name: string, payloads: readonly string[]): Packet {
  return messagePacket(name, `{"d":[${payloads.join(",")}]}`);
}

function misshapen(reason: string): Malformed {
  return malformed(1008, reason);
}

function malformed(code: 1007 | 1008, reason: string): Malformed {
  return { kind: "malformed", code, reason };
}
