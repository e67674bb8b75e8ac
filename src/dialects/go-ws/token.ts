import type { Handshake } from "../../engine/handshake.ts";

/**
 * The token of a handshake: of the query, where the clients of go-ws put it as it is, of `Authorization: Bearer`, or of the
 * subprotocols behind the one that says so.
 *
 * The query is read by hand, because a `+` in a token that nobody encoded is not a space.
 */
export function tokenOf(handshake: Handshake, subprotocol: string | undefined): string | undefined {
  const raw = /[?&]token=([^&#]*)/.exec(handshake.url.search)?.[1];
  if (raw !== undefined && raw !== "") return decoded(raw);
  const bearer = /^bearer +(\S+)$/i.exec(handshake.header("authorization") ?? "")?.[1];
  if (bearer !== undefined || !offers(handshake, subprotocol)) return bearer;
  return offered(handshake).find((name) => name !== subprotocol);
}

/** Whether the client wants to speak this subprotocol. */
export function offers(handshake: Handshake, subprotocol: string | undefined): subprotocol is string {
  return subprotocol !== undefined && offered(handshake).includes(subprotocol);
}

/** @see RFC 6455, section 4.3: a list of tokens */
function offered(handshake: Handshake): readonly string[] {
  const list = (handshake.header("sec-websocket-protocol") ?? "").split(",");
  return list.map((name) => name.trim()).filter((name) => name !== "");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
