import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { Echo } from "./echo.ts";
import { ask, LinkClient } from "./link-client.ts";
import { serve, turn, until } from "./serve.ts";

describe("a link", () => {
  test("opens, takes frames in and gives frames out", async () => {
    const { link, echo } = await serve();
    const client = await link('"hello"');
    expect(client.id).toMatch(/^[\w-]{22}$/);
    expect(echo.last).toMatchObject({ received: ['"hello"'], subprotocol: "text" });
    expect(echo.last.wire.transport).toBe("long-polling");
    expect(echo.last.handshake.path).toBe("/echo/open");
    const first = await client.poll(0);
    expect(first).toMatchObject({ status: 200, body: '["hello"]' });
    expect(first.headers).toMatchObject({
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    expect(await client.send(1, '"a"')).toMatchObject({ status: 204, body: "" });
    expect(await client.send(2, '"b"')).toMatchObject({ status: 204, body: "" });
    expect((await client.poll(1)).body).toBe('["a","b"]');
  });

  test("of bytes carries bytes", async () => {
    const { url, echo } = await serve();
    const client = await LinkClient.open(url, Buffer.from([0xff, 0]), { "Content-Type": "application/vnd.msgpack" });
    expect(echo.last).toMatchObject({ received: [Buffer.from([0xff, 0])], subprotocol: "bytes" });
    const answer = await client.poll(0);
    expect(answer.bytes).toEqual(Buffer.from([0xff, 0]));
    expect(answer.headers["content-type"]).toBe("application/vnd.msgpack");
  });

  test("that nobody opened a session on is refused as the dialect says", async () => {
    const { echo, url } = await serve();
    echo.onRoute = () => ({ kind: "refuse", status: 402, message: "pay first", headers: { "X-Price": "1" } });
    const answer = await ask(`${url}/open`, { method: "POST", headers: { "Content-Type": "application/json" } });
    expect(answer).toMatchObject({ status: 402, body: "pay first\n" });
    expect(answer.headers["x-price"]).toBe("1");
    expect(echo.sessions).toEqual([]);
  });

  test("whose dialect fails is answered with 500, and told to the log alone", async () => {
    const told: unknown[] = [];
    const logger = { info: () => undefined, warn: () => undefined, error: (facts: object) => told.push(facts) };
    const { echo, url } = await serve(new Echo(), { logger });
    echo.onRoute = () => Promise.reject(new Error("the secret"));
    const answer = await ask(`${url}/open`, { method: "POST", headers: { "Content-Type": "application/json" } });
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain("secret");
    expect(told).toEqual([{ error: expect.objectContaining({ message: "the secret" }) as Error }]);
  });

  test("is not opened for a client that has left", async () => {
    const { echo, url, link } = await serve();
    const routed = Promise.withResolvers<{ kind: "open" }>();
    let isAsked = false;
    echo.onRoute = () => {
      isAsked = true;
      return routed.promise;
    };
    const leaving = new AbortController();
    const headers = { "Content-Type": "application/json" };
    const asked = ask(`${url}/open`, { method: "POST", headers, signal: leaving.signal });
    await until(() => isAsked);
    leaving.abort();
    await expect(asked).rejects.toThrow();
    // By the time that others were served the server has seen it.
    echo.onRoute = () => ({ kind: "open" });
    await link();
    await link();
    routed.resolve({ kind: "open" });
    await link();
    expect(echo.sessions).toHaveLength(3);
  });

  test("is gone at once when its client left without having learned the id", async () => {
    const { echo, server } = await serve();
    const httpServer = createServer((request, response) => {
      echo.onOpen = () => response.destroy();
      server.request(request, response);
    });
    httpServer.listen(0, "127.0.0.1");
    await once(httpServer, "listening");
    const { port } = httpServer.address() as AddressInfo;
    await expect(LinkClient.open(`http://127.0.0.1:${port}/echo`)).rejects.toThrow();
    expect(await echo.last.closed).toEqual({ code: 1006, reason: "" });
    httpServer.close();
  });
});

describe("a poll", () => {
  test("waits until there is something, and takes everything of that turn", async () => {
    const { link, hold, echo } = await serve();
    const { answer } = await hold(await link(), 0);
    echo.last.wire.send(["1", "2"]);
    echo.last.wire.send(["3"]);
    expect((await answer).body).toBe("[1,2,3]");
  });

  test("for which nothing comes is answered with 204 after pollHoldMs", async () => {
    const { link, hold, clock } = await serve();
    const { answer } = await hold(await link(), 0);
    const held = clock.timers;
    clock.advance(24_999);
    expect(clock.timers).toBe(held);
    clock.advance(1);
    expect(await answer).toMatchObject({ status: 204, body: "" });
  });

  test("holds 256 frames, and the next one the rest", async () => {
    const { link, echo } = await serve();
    const client = await link();
    const frames = Array.from({ length: 257 }, (_, n) => String(n));
    for (const frame of frames) echo.last.wire.send([frame]);
    expect((await client.poll(0)).body).toBe(`[${frames.slice(0, 256).join(",")}]`);
    expect((await client.poll(256)).body).toBe("[256]");
  });

  test("LP03: the older of two is superseded, and nothing is lost", async () => {
    const { link, hold, echo } = await serve();
    const client = await link();
    const older = await hold(client, 0);
    const newer = client.poll(0);
    expect(await older.answer).toMatchObject({ status: 409 });
    echo.last.wire.send(["1"]);
    expect((await newer).body).toBe("[1]");
  });

  test("LP06: an old one that comes again gets the same frames as long as they are kept, and then 409", async () => {
    const { link, hold, echo } = await serve();
    const client = await link("1");
    expect((await client.poll(0)).body).toBe("[1]");
    expect((await client.poll(0)).body).toBe("[1]");
    const { answer } = await hold(client, 1);
    expect(await client.poll(0)).toMatchObject({ status: 409 });
    // The one that is held does not mind.
    echo.last.wire.send(["2"]);
    expect((await answer).body).toBe("[2]");
  });

  test("LP07: one from the future is answered with 400, and the link is closed", async () => {
    const { link, echo } = await serve();
    const client = await link("1");
    expect(await client.poll(2)).toMatchObject({ status: 400 });
    expect(await echo.last.closed).toMatchObject({ code: 1002 });
    expect(await client.poll(1)).toMatchObject({ status: 410 });
  });

  test.each(["", "-1", "1.5", "01", "1e3", "x", "9".repeat(16)])("after=%j is no count", async (after) => {
    const { link, echo } = await serve();
    const client = await link("1");
    expect(await ask(client.at("poll", { after }))).toMatchObject({ status: 400 });
    echo.last.wire.send(["2"]);
    expect((await client.poll(0)).body).toBe("[1,2]");
  });

  test("LP08: what its client did not take stays for the next one", async () => {
    const { link, hold, echo } = await serve();
    const client = await link();
    const leaving = new AbortController();
    const polled = client.poll(0, { signal: leaving.signal });
    await expect(Promise.race([polled, turn()])).resolves.toBeUndefined();
    leaving.abort();
    await expect(polled).rejects.toThrow();
    const { answer } = await hold(client, 0);
    echo.last.wire.send(["1"]);
    expect((await answer).body).toBe("[1]");
    // LP09: and what a proxy lost on the way comes again.
    expect((await client.poll(0)).body).toBe("[1]");
    expect((await hold(client, 1)).answer).toBeInstanceOf(Promise);
  });

  test("frames that went to many are joined once for all of them", async () => {
    let joins = 0;
    const join = (frames: readonly unknown[]): string => {
      joins += 1;
      return frames.join();
    };
    const format = { contentType: "application/json", subprotocol: "text", isBinary: false, join };
    const { link, hold, echo } = await serve(new Echo({ formats: [format] }));
    const polls = [];
    for (let n = 0; n < 3; n += 1) polls.push(await hold(await link(), 0));
    const packet = ["1", "2"];
    for (const { wire } of echo.sessions) wire.send(packet);
    for (const { answer } of polls) expect((await answer).body).toBe("1,2");
    expect(joins).toBe(1);
    echo.last.wire.send(["1", "3"]);
    expect((await (await link("4")).poll(0)).body).toBe("4");
  });
});
