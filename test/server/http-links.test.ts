import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createServer } from "../../src/index.ts";
import { Echo } from "../transports/http/echo.ts";
import { ask, LinkClient } from "../transports/http/link-client.ts";
import { serve, until } from "../transports/http/serve.ts";
import { handshake } from "./raw-client.ts";
import { converse, headOf } from "./raw-request.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

describe("the paths of plain requests", () => {
  test("are those under an endpoint, and nothing else", async () => {
    const { url } = await serve();
    expect((await ask(url)).status).toBe(426);
    for (const path of ["/opens", "/open/", "/Open", "//open", "/poll/x", "/constructor"]) {
      expect((await ask(`${url}${path}`, { method: "POST" })).status, path).toBe(404);
    }
  });

  test.each([
    ["open", "GET", "POST"],
    ["open", "PUT", "POST"],
    ["send", "GET", "POST"],
    ["poll", "POST", "GET"],
    ["poll", "HEAD", "GET"],
    ["sse", "POST", "GET"],
    ["sse", "HEAD", "GET"],
    ["close", "DELETE", "POST"],
  ])("/%s does not take %s", async (action, method, allow) => {
    const { link } = await serve();
    const client = await link();
    expect(await ask(client.at(action), { method })).toMatchObject({ status: 405, headers: { allow } });
  });

  test("H34: carry no WebSockets", async () => {
    const { link, echo } = await serve();
    const client = await link();
    for (const action of ["open", "send", "poll", "sse", "close"]) {
      expect((await handshake(client.at(action))).status).toBe(400);
    }
    expect(echo.sessions).toHaveLength(1);
  });

  test("may be another endpoint's own", async () => {
    const [outer, inner] = [new Echo(), new Echo()];
    const server = createServer({ endpoints: { "/": outer, "/poll": inner } });
    open.push({ close: () => server.close({ timeoutMs: 1 }) });
    const { url } = await server.listen({ host: "127.0.0.1" });
    expect((await ask(`${url}poll`)).status).toBe(426);
    expect((await LinkClient.open(`${url}poll`)).id).toBeDefined();
    expect(inner.sessions).toHaveLength(1);
    await LinkClient.open(url.slice(0, -1));
    expect(outer.sessions).toHaveLength(1);
  });

  test("H07: carry at most 100 header fields", async () => {
    const { url } = await serve();
    const get = (count: number): string =>
      headOf("GET /echo/poll?link=x&after=0 HTTP/1.1", [
        "Host: x",
        "Connection: close",
        ...Array.from({ length: count - 2 }, () => "a: b"),
      ]);
    expect(await converse(url, get(100))).toMatch(/^HTTP\/1\.1 400 [^]*unknown link/);
    expect(await converse(url, get(101))).toMatch(/^HTTP\/1\.1 431 /);
  });
});

describe("beside an application's own routes", () => {
  test("links work, and what the application answers itself stays its own", async () => {
    const httpServer = createHttpServer((request, response) => response.end(`own ${request.method}`));
    httpServer.listen(0, "127.0.0.1");
    await once(httpServer, "listening");
    const base = `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}`;
    open.push({ close: () => (httpServer.closeAllConnections(), httpServer.close()) });
    const server = createServer({ endpoints: { "/echo": new Echo() } });
    open.push({ close: () => server.close({ timeoutMs: 1 }) });
    const detach = server.attach(httpServer);
    const client = await LinkClient.open(`${base}/echo`, "1");
    expect((await client.poll(0)).body).toBe("[1]");
    expect((await ask(`${base}/own`)).body).toBe("own GET");
    const post = headOf("POST /own HTTP/1.1", [
      "Host: x",
      "Connection: close",
      "Expect: 100-continue",
      "Content-Length: 1",
    ]);
    expect(await converse(base, `${post}a`)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 [^]*own POST/);

    const theirs: string[] = [];
    httpServer.on("checkContinue", (request, response) => {
      theirs.push(request.url!);
      response.writeContinue();
      response.end("asked");
    });
    detach();
    const detachAgain = server.attach(httpServer);
    expect(await converse(base, `${post}a`)).toMatch(/asked$/);
    expect(theirs).toEqual(["/own"]);
    detachAgain();
    expect(httpServer.listenerCount("checkContinue")).toBe(1);
    expect((await ask(`${base}/echo/poll`)).body).toBe("own GET");
  });
});

describe("while the server stops", () => {
  test("new links get 503, and those that are open are told how they ended", async () => {
    const { link, hold, server, echo, url } = await serve();
    const client = await link();
    const other = await link();
    const { answer } = await hold(client, 0);
    echo.last.wire.send(["1"]);
    const closing = server.close();
    expect((await answer).status).toBe(410);
    const refused = await ask(`${url}/open`, { method: "POST", headers: { "Content-Type": "application/json" } });
    expect(refused).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    expect(await other.poll(0)).toMatchObject({ status: 200, body: "[1]" });
    expect(await other.poll(1)).toMatchObject({ status: 410 });
    await closing;
  });

  test("a link that was about to open gets 503, too", async () => {
    const { server, echo, url, link, clock } = await serve();
    await link();
    const route = Promise.withResolvers<{ kind: "open" }>();
    let isAsked = false;
    echo.onRoute = () => {
      isAsked = true;
      return route.promise;
    };
    const opening = ask(`${url}/open`, { method: "POST", headers: { "Content-Type": "application/json" } });
    await until(() => isAsked);
    const closing = server.close();
    route.resolve({ kind: "open" });
    expect((await opening).status).toBe(503);
    expect(echo.sessions).toHaveLength(1);
    clock.advance(5_000);
    await closing;
  });
});
