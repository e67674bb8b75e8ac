import { CarillonError } from "../errors/carillon-error.ts";
import { utf8Length } from "./utf8-length.ts";

const maxNameBytes = 200;
const maxUserIdLength = 128;
const rule = `1 to ${maxNameBytes} bytes of UTF-8 without control characters`;

/** Control characters could forge lines in logs and commands in brokers; lone surrogates have no bytes. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const forbidden = /[\u0000-\u001f\u007f-\u009f]|\p{Surrogate}/u;

/** Event names that mean something of the engine's own, whoever speaks. */
const reserved = new Set(["connect", "disconnect", "error", "gap"]);

/** @throws {CarillonError} `channel-name-invalid` */
export function checkChannelName(name: string): void {
  if (isName(name)) return;
  throw new CarillonError("channel-name-invalid", { message: `a channel name is ${rule}` });
}

/** @throws {CarillonError} `bad-request` */
export function checkPublicationId(id: string): void {
  if (/^[\w-]{1,64}$/.test(id)) return;
  throw new CarillonError("bad-request", { message: "a publication's id is 1 to 64 letters, digits, _ or -" });
}

/** @throws {CarillonError} `bad-request` */
export function checkStateKey(key: string): void {
  if (isStateKey(key)) return;
  throw new CarillonError("bad-request", { message: `a state key is ${rule}` });
}

/** @throws {CarillonError} `event-name-invalid` */
export function checkEventName(name: string): void {
  if (isEventName(name)) return;
  const message = `an event name is ${rule}, and not ${[...reserved].join(" or ")}`;
  throw new CarillonError("event-name-invalid", { message });
}

export function isEventName(name: string): boolean {
  return isName(name) && !reserved.has(name);
}

export function isStateKey(key: string): boolean {
  return isName(key);
}

/** What names a user to others: 1 to 128 characters, as opaque as other names. */
export function isUserId(id: unknown): id is string {
  return typeof id === "string" && id.length > 0 && id.length <= maxUserIdLength && !forbidden.test(id);
}

/** Names are opaque: any UTF-8 of 1 to 200 bytes, taken as it is. */
function isName(name: string): boolean {
  if (name.length === 0 || name.length > maxNameBytes || forbidden.test(name)) return false;
  // A UTF-16 unit is at most three bytes of UTF-8, so short names need no counting.
  return name.length * 3 <= maxNameBytes || utf8Length(name) <= maxNameBytes;
}
