import { expect, test } from "vitest";
import { createServer, type Server } from "../../src/index.ts";

type Taking = (server: Server, handler: never) => unknown;

const takers: readonly (readonly [string, Taking])[] = [
  ['on("connect")', (server, handler) => server.on("connect", handler)],
  ['on("error")', (server, handler) => server.on("error", handler)],
  ['on("chat")', (server, handler) => server.on("chat", handler)],
  ["onSuspend", (server, handler) => server.onSuspend(handler)],
  ["onResume", (server, handler) => server.onResume(handler)],
  ["onRefused", (server, handler) => server.onRefused(handler)],
  ["onPublication", (server, handler) => server.onPublication("*", handler)],
  ["use", (server, handler) => server.use(handler)],
  ["intercept", (server, handler) => server.intercept(handler)],
];

test.each(takers)("%s refuses at once what is no function, and takes what is one", (name, take) => {
  for (const handler of [undefined, null, "console.log", {}, [() => undefined]]) {
    expect(() => take(createServer(), handler as never)).toThrow(
      expect.objectContaining({ code: "option-invalid", message: `${name} needs a function` }),
    );
  }
  expect(() => take(createServer(), (() => undefined) as never)).not.toThrow();
});
