import { isEventName } from "../../engine/names.ts";
import { CarillonError } from "../../errors/carillon-error.ts";

/** The engine's own names, which are ordinary ones in the original. */
const ordinary: ReadonlySet<string> = new Set(["connect", "disconnect", "error", "gap"]);

/** Whether the engine keeps this name to itself, so that only handlers that name it hear it. */
export function isOrdinary(event: string): boolean {
  return ordinary.has(event);
}

/** @throws {CarillonError} `event-name-invalid` for what cannot be the name of one event */
export function checkExact(event: string): void {
  if (event.includes("*")) throw invalid(`"${event}" has a *, which names many events`);
  checkMarkers(event);
}

/** @throws {CarillonError} `event-name-invalid` for what names neither one event nor all below a marker */
export function checkPattern(pattern: string): void {
  const star = pattern.indexOf("*");
  if (star >= 0 && !/^(?:[^*]*:)?\*$/.test(pattern)) {
    throw invalid(`the * of "${pattern}" must be its last marker, as in "user:profile:*"`);
  }
  if (pattern !== "*") checkMarkers(pattern);
}

function checkMarkers(event: string): void {
  if (/^:*\*?$/.test(event)) throw invalid(`"${event}" has no marker; events are named as in "user:profile"`);
  if (!isEventName(event) && !isOrdinary(event)) {
    throw invalid("an event name is 1 to 200 bytes of UTF-8 without control characters");
  }
}

function invalid(message: string): CarillonError {
  return new CarillonError("event-name-invalid", { message: `aoWebsockets: ${message}` });
}
