/**
 * Every error code of Carillon, shared by server, client and wire.
 *
 * `message` is for a person; `temporary` means that the same operation may succeed later without being changed. Short, because every page loads it; whoever throws knows more and says
 * it. The table is the documentation: `docs/reference/errors.md` is held against it by a test.
 */
export const errorCodes = {
  "bad-request": { message: "malformed; see PROTOCOL.md", temporary: false },
  "unknown-type": { message: "unknown type", temporary: false },
  unauthorized: { message: "the credentials were refused", temporary: false },
  "token-expired": { message: "the token expired", temporary: false },
  forbidden: { message: "not allowed", temporary: false },
  "channel-name-invalid": {
    message: "not a channel name",
    temporary: false,
  },
  "event-name-invalid": {
    message: "not an event name",
    temporary: false,
  },
  "payload-invalid": { message: "the data does not fit the schema", temporary: false },
  "payload-too-large": { message: "too large", temporary: false },
  "already-subscribed": { message: "subscribed already", temporary: false },
  "not-subscribed": { message: "subscribe to the channel first", temporary: false },
  "limit-exceeded": { message: "a limit is reached", temporary: false },
  "no-handler": { message: "nobody answers this event", temporary: false },
  "handler-failed": { message: "the handler failed", temporary: false },
  "not-supported": { message: "not supported", temporary: false },
  timeout: { message: "no answer in time", temporary: true },
  "rate-limited": { message: "too many messages; slow down", temporary: true },
  "broker-unavailable": { message: "the broker cannot be reached", temporary: true },
  "connection-closed": {
    message: "closed before the answer; it may have taken effect",
    temporary: true,
  },
  offline: { message: "not connected", temporary: true },
  "queue-full": { message: "the queue is full", temporary: true },
  "connect-failed": { message: "the server cannot be reached", temporary: true },
  closed: { message: "closed", temporary: false },
  aborted: { message: "aborted", temporary: false },
  "option-invalid": { message: "not a valid option", temporary: false },
  "listen-failed": { message: "the server cannot listen", temporary: false },
  internal: { message: "the server failed", temporary: true },
} as const;

/** A key of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;
