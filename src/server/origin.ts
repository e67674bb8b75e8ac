import { CarillonError } from "../errors/carillon-error.ts";
import type { Dialect } from "../dialects/dialect.ts";
import type { Handshake } from "../engine/handshake.ts";
import type { Logger } from "./logger.ts";

/** Decides whether the page that a handshake comes from may connect. */
export type OriginRule = (handshake: Handshake) => boolean;

/**
 * Decides which pages may connect: those of the server's own host and those listed, compared as whole origins.
 *
 * Without an `Origin` header it is no browser, and nothing of a user's can be abused.
 *
 * @throws {CarillonError} `option-invalid` for an entry that is no origin
 */
export function originRule(allowed: readonly string[]): OriginRule {
  const canonical = new Set(allowed.map(canonicalOrigin));
  return (handshake) => {
    const origin = handshake.header("origin");
    if (origin === undefined || canonical.has("*")) return true;
    const parsed = URL.canParse(origin) ? new URL(origin) : undefined;
    // Behind a proxy that ends TLS the page's scheme differs from ours, so the hosts are compared.
    return parsed !== undefined && (parsed.host === handshake.url.host || canonical.has(parsed.origin));
  };
}

/**
 * The rule of one endpoint: its dialect's own, or the server's.
 *
 * @param origins the server's option; `undefined`: not given
 * @throws {CarillonError} `option-invalid`
 */
export function endpointOriginRule(
  dialect: Pick<Dialect, "name" | "origins">,
  origins: readonly string[] | undefined,
  logger: Logger,
): OriginRule {
  if (typeof dialect.origins === "function") return dialect.origins;
  if (typeof dialect.origins === "object") return originRule(dialect.origins);
  const rule = originRule(origins ?? []);
  if (dialect.origins === "server" || origins !== undefined) return rule;
  let isWarned = false;
  return (handshake) => {
    if (isWarned || rule(handshake)) return true;
    isWarned = true;
    logger.warn(
      { dialect: dialect.name, origin: shownOrigin(handshake) },
      `pages of any origin may connect to ${dialect.name}, as in its original; to say which: createServer({ origins: [...] })`,
    );
    return true;
  };
}

/** What a client claims as its origin, as far as a line of a log has room for it. */
export function shownOrigin(handshake: Pick<Handshake, "header">): string {
  return (handshake.header("origin") ?? "").slice(0, 120).replaceAll(/[^!#-[\]-~]/g, "?");
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
