import { isEventName } from "../../engine/names.ts";
import { JsonMessage, isContent, type Content, type Message } from "./messages.ts";

/** What clients of other dialects are told. */
export interface Meaning {
  readonly event: string;
  readonly data: unknown;
}

/** What is no event of another name. */
export const plainEvent = "message";

/** Puts a message into words that every dialect understands; `frame` is how it is written. */
export function meaningOf(message: Message | Content, frame: Content): Meaning {
  const event = isContent(message) ? plainEvent : eventOf(message);
  if (typeof frame !== "string" || isContent(message)) return { event, data: frame };
  const isGiven = message instanceof JsonMessage && !(message.content instanceof Uint8Array);
  return { event, data: isGiven ? message.content : event === plainEvent ? frame : valueOf(frame) };
}

function eventOf(message: Message): string {
  const type = message.type();
  return type === "json" || type === "byte" || !isEventName(type) ? plainEvent : type;
}

/** A type of the application's own is JSON more often than not. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
