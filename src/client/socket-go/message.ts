import { CarillonError } from "../../errors/carillon-error.ts";
import type { CodecFrame } from "../../protocol/codec.ts";

/** What client and server say to each other. */
export interface Message {
  readonly event: string;
  readonly data: unknown;
}

const decoder = new TextDecoder();

/** A message as one frame; without data, or with `null`, there is no field for it. @throws {CarillonError} `bad-request` */
export function messageText(event: string, data: unknown): string {
  try {
    return JSON.stringify({ event, data: data ?? undefined });
  } catch (cause) {
    throw invalid(cause);
  }
}

/** @throws {CarillonError} `bad-request` for everything that is no message */
export function readMessage(frame: CodecFrame): Message {
  const value = parsed(typeof frame === "string" ? frame : decoder.decode(frame));
  if (value === null) return { event: "", data: undefined };
  if (typeof value !== "object" || Array.isArray(value)) throw invalid();
  const { event = "", data } = value as Partial<Message>;
  if (typeof event !== "string") throw invalid();
  return { event, data: data ?? undefined };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(cause);
  }
}

function invalid(cause?: unknown): CarillonError {
  return new CarillonError("bad-request", { message: "invalid message format", cause });
}
