import { CarillonError } from "../../errors/carillon-error.ts";
import type { Frame } from "../../engine/ports/wire.ts";
import { parseJson } from "../json.ts";
import { fieldOf, isObject, jsonPayload } from "../payload.ts";

/** What client and server say to each other. */
export interface Message {
  /** Empty when the client named none. */
  readonly event: string;
  readonly data: unknown;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * One message of a client's: a whole frame or a whole body, text or bytes.
 *
 * @throws {CarillonError} `bad-request` for everything that is none
 */
export function readMessage(frame: Frame): Message {
  const value = parsed(typeof frame === "string" ? frame : decoder.decode(frame));
  if (value === null) return { event: "", data: undefined };
  if (!isObject(value)) throw invalid();
  const event = fieldOf(value, "event") ?? "";
  if (typeof event !== "string") throw invalid();
  return { event, data: fieldOf(value, "data") ?? undefined };
}

/** A message as clients read it; without data there is no field for it. */
export function messageText(event: string, data: unknown): string {
  return JSON.stringify({ event, data: jsonPayload(data) ?? undefined });
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw invalid(cause);
  }
}

function invalid(cause?: unknown): CarillonError {
  return new CarillonError("bad-request", { message: "invalid message format", ...(cause !== undefined && { cause }) });
}
