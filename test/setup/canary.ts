import type { ClientRequest, IncomingMessage } from "node:http";
import { subscribe } from "node:diagnostics_channel";
import { afterEach, expect } from "vitest";
import { canary, takeLeaks, watch } from "../canary.ts";

const cookie = `session=${canary}`;

// Whatever a test asks over http, WebSockets and fetch() included, it asks with the canary for a cookie.
subscribe("http.client.request.created", (message) => {
  const { request } = message as { readonly request: ClientRequest };
  if (!request.headersSent && !request.hasHeader("cookie")) request.setHeader("cookie", cookie);
});
subscribe("undici:request:create", (message) => {
  const { request } = message as { readonly request: { addHeader(name: string, value: string): void } };
  request.addHeader("cookie", cookie);
});

// And looks for it in what it is answered; the bodies are told by Node 24 and later.
subscribe("http.client.response.finish", (message) => {
  const { response } = message as { readonly response: IncomingMessage };
  watch("the headers of an answer", response.rawHeaders.join("\n"));
});
subscribe("undici:request:headers", (message) => {
  const { response } = message as { readonly response: { readonly headers: readonly Buffer[] } };
  watch("the headers of an answer", response.headers.join("\n"));
});
subscribe("undici:request:bodyChunkReceived", (message) => {
  const { chunk } = message as { readonly chunk: Buffer };
  watch("the body of an answer", chunk.toString("latin1"));
});

afterEach(() => {
  expect(takeLeaks(), "secrets that somebody could read").toEqual([]);
});
