import { CarillonError } from "../../errors/carillon-error.ts";
import type { Frame } from "../../engine/ports/wire.ts";
import { firstJson } from "../first-json.ts";
import { isObject } from "../payload.ts";

/** What a client of go-ws says. A name that is missing, or no string, is empty. */
export interface ClientMessage {
  readonly action: "subscribe" | "unsubscribe" | "broadcast" | "whisper";
  readonly channel: string;
  readonly event: string;
  /** Absent when there was none. */
  readonly data?: unknown;
}

const actions: ReadonlySet<unknown> = new Set(["subscribe", "unsubscribe", "broadcast", "whisper"]);
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads the first JSON value of a frame, text or bytes.
 *
 * @returns `undefined` for what the original ignores: `null`, and objects with another action or none
 * @throws {CarillonError} `bad-request` for anything that is no JSON object
 */
export function readClientMessage(frame: Frame): ClientMessage | undefined {
  const message = jsonOf(frame);
  if (message === null) return undefined;
  if (!isObject(message)) throw new CarillonError("bad-request", { message: "a message is a JSON object" });
  const { action } = message;
  if (!isAction(action)) return undefined;
  return {
    action,
    channel: textOf(message["channel"]),
    event: textOf(message["event"]),
    ...(Object.hasOwn(message, "data") && { data: message["data"] }),
  };
}

function jsonOf(frame: Frame): unknown {
  try {
    return firstJson(typeof frame === "string" ? frame : utf8.decode(frame));
  } catch (cause) {
    if (cause instanceof CarillonError) throw cause;
    throw new CarillonError("bad-request", { message: "invalid JSON", cause });
  }
}

function isAction(action: unknown): action is ClientMessage["action"] {
  return actions.has(action);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
