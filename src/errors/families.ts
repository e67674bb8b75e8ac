import type { ErrorCode } from "./codes.ts";

/** What an error is about, for those who sort errors and not mend them. */
export type ErrorFamily =
  | "authentication"
  | "authorization"
  | "rate"
  | "connection"
  | "message"
  | "whisper"
  | "broker"
  | "internal";

/** Apart from the codes, because no page needs it. `docs/reference/errors.md` is held against it by a test. */
const families: Readonly<Record<ErrorCode, ErrorFamily>> = {
  "bad-request": "message",
  "unknown-type": "message",
  unauthorized: "authentication",
  "token-expired": "authentication",
  forbidden: "authorization",
  "channel-name-invalid": "message",
  "event-name-invalid": "message",
  "payload-invalid": "message",
  "payload-too-large": "message",
  "already-subscribed": "message",
  "not-subscribed": "message",
  "limit-exceeded": "rate",
  "no-handler": "message",
  "handler-failed": "internal",
  "not-supported": "message",
  timeout: "connection",
  "rate-limited": "rate",
  "broker-unavailable": "broker",
  "connection-closed": "connection",
  offline: "connection",
  "queue-full": "connection",
  "connect-failed": "connection",
  closed: "connection",
  aborted: "connection",
  "option-invalid": "internal",
  "listen-failed": "internal",
  internal: "internal",
};

/** The family of an error. A whisper that is refused is of the family `whisper`, whatever its code; see `onRefused`. */
export function errorFamily({ code }: { readonly code: ErrorCode }): ErrorFamily {
  return families[code];
}
