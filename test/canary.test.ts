import { once } from "node:events";
import { createServer as createHttpServer, get, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { canary, secretIn, silent, takeLeaks, watch } from "./canary.ts";

/** A careless server. @returns its address */
async function serve(answer: RequestListener): Promise<string> {
  const server = createHttpServer(answer).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test("every request carries the canary, whoever makes it, and with the cookies that it has", async () => {
  const cookies: unknown[] = [];
  const url = await serve(({ headers }, response) => {
    cookies.push(headers.cookie);
    response.end();
  });
  await (await fetch(url, { headers: { cookie: "a=1" } })).text();
  const [plain] = (await once(get(url), "response")) as [NodeJS.ReadableStream];
  await once(plain.resume(), "end");
  const socket = new WebSocket(url.replace("http", "ws"));
  await once(socket, "error");
  expect(cookies).toEqual([`a=1; session=${canary}`, `session=${canary}`, `session=${canary}`]);
});

test("an answer that gives it away is found", async () => {
  const url = await serve(({ headers }, response) => {
    response.setHeader("x-seen", String(headers.cookie)).end();
  });
  await (await fetch(url)).text();
  const [plain] = (await once(get(url), "response")) as [NodeJS.ReadableStream];
  await once(plain.resume(), "end");
  const leaks = takeLeaks();
  expect(leaks).toHaveLength(2);
  for (const leak of leaks) expect(leak).toContain(`session=${canary}`);
});

test("so is a line of a log, with its facts and the causes of its errors", () => {
  silent.info({}, `hello ${canary}`);
  silent.warn({ from: { user: [canary] } }, "hello");
  silent.error({ error: new Error("no", { cause: new Error(canary) }) }, "hello");
  silent.info({ user: "ada" }, "hello");
  expect(takeLeaks()).toHaveLength(3);
});

test("so is whatever is a JSON Web Token by its form", () => {
  watch("there", "it is eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2ln, and that is all");
  expect(takeLeaks()).toEqual(["there: it is eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2ln, and that is all"]);
  expect(secretIn("eyJ is how many words begin")).toBeUndefined();
});
