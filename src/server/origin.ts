import { CarillonError } from "../errors/carillon-error.ts";
import type { Handshake } from "../engine/handshake.ts";

/**
 * Decides which pages may connect: those of the server's own host and those listed, compared as whole origins.
 *
 * Without an `Origin` header it is no browser, and nothing of a user's can be abused.
 *
 * @throws {CarillonError} `option-invalid` for an entry that is no origin
 */
export function originRule(allowed: readonly string[]): (handshake: Handshake) => boolean {
  const canonical = new Set(allowed.map(canonicalOrigin));
  return (handshake) => {
    const origin = handshake.header("origin");
    if (origin === undefined || canonical.has("*")) return true;
    const parsed = URL.canParse(origin) ? new URL(origin) : undefined;
    // Behind a proxy that ends TLS the page's scheme differs from ours, so the hosts are compared.
    return parsed !== undefined && (parsed.host === handshake.url.host || canonical.has(parsed.origin));
  };
}

function canonicalOrigin(text: string): string {
  if (text === "*") return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === "http:" || url.protocol === "https:") && url.pathname === "/" && !url.search) {
    return url.origin;
  }
  throw new CarillonError("option-invalid", {
    message: `origins: "${text}" is not an origin such as "https://app.example.com"`,
  });
}
