import type { ConnectAttempt } from "../engine/application.ts";
import { CarillonError } from "../errors/carillon-error.ts";

/**
 * Where a client's token is looked for, and nowhere else: in its first message, or in a header, a cookie or a parameter of
 * its HTTP request. Addresses end up in logs, so a query is the last resort.
 */
export type TokenPlace =
  | "message"
  | { readonly header: string }
  | { readonly cookie: string }
  | { readonly query: string };

/** A name of a header or cookie. @see RFC 9110, section 5.6.2 */
const namePattern = /^[!#$%&'*+.^`|~\w-]+$/;

/** @throws {CarillonError} `option-invalid` */
export function checkPlace(place: TokenPlace): void {
  if (place === "message") return;
  const [[kind, name] = [], ...others] = Object.entries(place);
  const isKnown = kind === "header" || kind === "cookie" || kind === "query";
  if (!isKnown || others.length > 0 || typeof name !== "string" || !namePattern.test(name)) {
    throw new CarillonError("option-invalid", {
      message: `jwt: from must be "message", or the name of one header, cookie or query parameter`,
    });
  }
}

/** The token that a client brought. What is there twice is not there: nobody knows which one others look at. */
export function tokenAt(place: TokenPlace, attempt: ConnectAttempt): string | undefined {
  if (place === "message") return attempt.token;
  if ("query" in place) return only(attempt.url.searchParams.getAll(place.query));
  if ("header" in place) {
    const value = attempt.handshake.header(place.header.toLowerCase());
    return value?.replace(/^bearer +/i, "");
  }
  const cookies = (attempt.handshake.header("cookie") ?? "").split(";").map((pair) => pair.trim());
  const start = `${place.cookie}=`;
  return only(cookies.filter((pair) => pair.startsWith(start)).map((pair) => pair.slice(start.length)));
}

function only(values: readonly string[]): string | undefined {
  return values.length === 1 ? values[0] : undefined;
}
