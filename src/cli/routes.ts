import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { metricsContentType } from "../metrics/metrics.ts";
import { healthAnswer, type Health } from "../server/health.ts";
import type { Page } from "./pages.ts";

/** What the answers depend on. */
export interface RoutesParts {
  readonly pages: ReadonlyMap<string, Page>;
  /** The paths where clients connect. */
  readonly endpoints: readonly string[];
  readonly health: () => Health;
  /** Absent: there are none to be had. */
  readonly metrics?: () => string;
}

type Answer = (response: ServerResponse) => void;

const list = new Intl.ListFormat("en-GB");

/** Answers plain requests: the state of the server, and a fixed set of files. */
export function routes({ pages, endpoints, health, metrics }: RoutesParts): RequestListener {
  const answers = new Map<string, Answer>([
    ["/healthz", (response) => sendJson(response, 200, '{"status":"ok"}')],
    [
      "/readyz",
      (response) => {
        const { statusCode, body } = healthAnswer(health());
        sendJson(response, statusCode, body);
      },
    ],
  ]);
  if (metrics) answers.set("/metrics", (response) => send(response, 200, metricsContentType, metrics()));
  const notFound = `There is nothing here. This Carillon server has ${whatIsHere(pages, endpoints)}.\n`;

  return (request, response) => {
    const path = (request.url ?? "").split("?", 1)[0]!;
    const page = pages.get(path);
    const answer = answers.get(path);
    if (!page && !answer) return sendText(response, 404, notFound);
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      return sendText(response, 405, "Only GET and HEAD can be used here.\n");
    }
    if (answer) answer(response);
    else if (page) sendPage(page, request, response);
  };
}

function whatIsHere(pages: ReadonlyMap<string, Page>, endpoints: readonly string[]): string {
  const demo = pages.has("/") ? ["a demo page at /"] : [];
  const sdk = pages.has("/carillon.js") ? ["its SDK at /carillon.js"] : [];
  const places = endpoints.length > 0 ? [`its WebSocket endpoints at ${list.format(endpoints)}`] : [];
  return [...demo, ...sdk, ...places, "and its health at /healthz and /readyz"].join(", ");
}

function sendPage({ body, headers, isDocument }: Page, request: IncomingMessage, response: ServerResponse): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (isDocument) {
    response.setHeader("Content-Security-Policy", contentSecurityPolicy(request.headers.host ?? ""));
    response.setHeader("Referrer-Policy", "no-referrer");
  }
  if (names(request.headers["if-none-match"], headers["ETag"]!)) {
    response.writeHead(304).end();
    return;
  }
  // Node leaves the body out of an answer to HEAD.
  response.writeHead(200, { "Content-Length": body.length }).end(body);
}

function sendJson(response: ServerResponse, status: number, json: string): void {
  send(response, status, "application/json", json);
}

function sendText(response: ServerResponse, status: number, text: string): void {
  send(response, status, "text/plain; charset=utf-8", text);
}

function send(response: ServerResponse, status: number, contentType: string, text: string): void {
  const headers = {
    "Content-Type": contentType,
    "Content-Length": Buffer.byteLength(text),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  };
  response.writeHead(status, headers).end(text);
}

/** Whether `If-None-Match` names the tag. @see RFC 9110, section 13.1.2: weak comparison, a list, or `*` */
function names(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((entry) => ["*", tag].includes(entry.trim().replace(/^W\//, "")));
}

function contentSecurityPolicy(host: string): string {
  // What a client wrote is only repeated when it is a host and cannot add to the policy. Some browsers do not count
  // WebSockets of the page's own host as 'self'.
  const own = /^[\w.-]+(:\d+)?$|^\[[\da-fA-F:.]+\](:\d+)?$/.test(host) ? ` ws://${host} wss://${host}` : "";
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self'${own}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
