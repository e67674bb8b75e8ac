/**
 * Every close code that Carillon sends by itself. 44xx: do not come back; 45xx: come back.
 *
 * `code` is the number on the wire (RFC 6455, section 7.4), `meaning` one line for a person, and `reconnect` is `false`
 * when the same client would be turned away again. A client needs no table: it stays away after 1000 and 44xx, and comes back after everything else.
 * `docs/reference/close-codes.md` is held against this table by a test.
 */
export const closeCodes = {
  normal: { code: 1000, meaning: "the conversation is over", reconnect: false },
  "going-away": { code: 1001, meaning: "the server stops or the page is left", reconnect: true },
  "protocol-error": { code: 1002, meaning: "a WebSocket frame broke RFC 6455", reconnect: true },
  "not-utf8": { code: 1007, meaning: "a text frame was not UTF-8", reconnect: true },
  "policy-violation": { code: 1008, meaning: "too many fragments or control frames", reconnect: true },
  "too-large": { code: 1009, meaning: "a message was larger than the limit", reconnect: true },
  "bad-request": { code: 4400, meaning: "the first message was not a valid connect", reconnect: false },
  unauthorized: { code: 4401, meaning: "the credentials were refused", reconnect: false },
  "token-expired": {
    code: 4402,
    meaning: "the token has expired; come back only with a fresh one",
    reconnect: false,
  },
  forbidden: { code: 4403, meaning: "the application refused this connection", reconnect: false },
  disconnected: { code: 4410, meaning: "the application ended this connection", reconnect: false },
  internal: { code: 4500, meaning: "something went wrong on the server", reconnect: true },
  unavailable: { code: 4503, meaning: "the server is full or cannot reach its broker", reconnect: true },
  timeout: { code: 4504, meaning: "an expected message did not come in time", reconnect: true },
  slow: { code: 4508, meaning: "the client read too slowly for what it subscribed to", reconnect: true },
  superseded: { code: 4509, meaning: "the session goes on over another link", reconnect: true },
  moved: { code: 4510, meaning: "the server is draining; another one takes over", reconnect: true },
  "rate-limited": { code: 4529, meaning: "the client kept sending too fast", reconnect: true },
} as const;

/** A key of {@link closeCodes}. */
export type CloseName = keyof typeof closeCodes;

/**
 * Tells whether a client should reconnect after this close code, known or not.
 *
 * 1000 and 44xx are final; everything else, also what a proxy or the network did, is worth another try.
 */
export function mayReconnect(code: number): boolean {
  return code !== 1000 && (code < 4400 || code > 4499);
}
