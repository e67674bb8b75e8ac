/**
 * Every error code of Carillon, shared by server, client and wire.
 *
 * `message` is one sentence for a person and says what to do next where that is not obvious; `temporary` means that the
 * same operation may succeed later without being changed. The table is the documentation: `docs/reference/errors.md` is held against it by a test.
 */
export const errorCodes = {
  "bad-request": { message: "the message is malformed; see PROTOCOL.md for its fields", temporary: false },
  "unknown-type": { message: "this message type is not known to this server", temporary: false },
  unauthorized: { message: "the credentials were refused", temporary: false },
  "token-expired": { message: "the token has expired; connect again with a fresh one", temporary: false },
  forbidden: { message: "not allowed", temporary: false },
  "channel-name-invalid": {
    message: "a channel name is 1 to 200 bytes of UTF-8 without control characters",
    temporary: false,
  },
  "event-name-invalid": {
    message: "an event name is 1 to 200 bytes of UTF-8 without control characters, and not connect, disconnect or error",
    temporary: false,
  },
  "payload-invalid": { message: "the data does not fit the schema of this event", temporary: false },
  "payload-too-large": { message: "the message is larger than the limit; split it or send a reference", temporary: false },
  "already-subscribed": { message: "this connection is subscribed to the channel already", temporary: false },
  "not-subscribed": { message: "subscribe to the channel first", temporary: false },
  "limit-exceeded": { message: "a limit of this connection is reached", temporary: false },
  "no-handler": { message: "nobody answers requests of this event", temporary: false },
  "handler-failed": { message: "the handler of this event failed", temporary: false },
  "not-supported": { message: "the other side's protocol has no such thing", temporary: false },
  timeout: { message: "no answer came in time", temporary: true },
  "rate-limited": { message: "too many messages; slow down", temporary: true },
  "broker-unavailable": { message: "the broker cannot be reached", temporary: true },
  "connection-closed": {
    message: "the connection closed before an answer came; whether it took effect is not known",
    temporary: true,
  },
  offline: { message: "not connected, and offline messages are rejected", temporary: true },
  "queue-full": { message: "too many messages are waiting for the connection", temporary: true },
  "connect-failed": { message: "the server could not be reached", temporary: true },
  closed: { message: "it was closed", temporary: false },
  aborted: { message: "it was aborted", temporary: false },
  "option-invalid": { message: "an option has a value that cannot work", temporary: false },
  "listen-failed": { message: "the server could not listen on this address", temporary: false },
  internal: { message: "something went wrong on the server", temporary: true },
} as const;

/** A key of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;
