import type { Exchange } from "../transports/http/exchange.ts";

/**
 * What lets a page of another origin read our answers. Only for origins that may connect: whoever is named here may also send
 * cookies.
 */
export function corsHeaders(origin: string | undefined): Readonly<Record<string, string>> {
  if (origin === undefined) return {};
  return {
    "Access-Control-Allow-Origin": origin,
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Expose-Headers": "Retry-After",
    Vary: "Origin",
  };
}

/** How long a browser may remember the answer to its preflight, in seconds; Chromium takes no more. */
const maxAgeSeconds = "7200";

/** @param method what the path is for */
export function answerPreflight(exchange: Exchange, method: string): void {
  const asks = exchange.request.headers["access-control-request-method"] !== undefined;
  exchange.begin(204, {
    Allow: `${method}, OPTIONS`,
    ...(asks && {
      "Access-Control-Allow-Methods": method,
      "Access-Control-Allow-Headers": "Content-Type, Last-Event-ID",
      "Access-Control-Max-Age": maxAgeSeconds,
    }),
  });
  exchange.response.end();
}
