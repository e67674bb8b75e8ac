import { describe, expect, test } from "vitest";
import { Echo } from "./echo.ts";
import { ask } from "./link-client.ts";
import { serve, turn, until } from "./serve.ts";

describe("an idle link", () => {
  test("LP22: is gone after linkIdleMs without a request, and its session hears 1006", async () => {
    const { link, echo, clock, server } = await serve();
    const client = await link();
    clock.advance(29_999);
    await client.acknowledge(0);
    clock.advance(29_999);
    expect((await client.acknowledge(0)).status).toBe(204);
    clock.advance(30_000);
    expect(await echo.last.closed).toEqual({ code: 1006, reason: "" });
    expect(await client.poll(0)).toMatchObject({ status: 410, body: '{"code":1006,"reason":""}' });
    expect(server.stats().connections).toBe(0);
  });

  test("is not one whose poll is held, until that is answered", async () => {
    const { link, hold, clock } = await serve(new Echo({ pollHoldMs: 100_000 }));
    const client = await link();
    const { answer } = await hold(client, 0);
    clock.advance(99_999);
    expect(clock.timers).toBe(2);
    clock.advance(1);
    expect((await answer).status).toBe(204);
    clock.advance(29_999);
    expect((await client.acknowledge(0)).status).toBe(204);
  });

  test("is one whose poll was given up", async () => {
    const { link, echo, clock } = await serve();
    const client = await link();
    const leaving = new AbortController();
    const before = clock.timers;
    const polled = client.poll(0, { signal: leaving.signal });
    await until(() => clock.timers > before);
    leaving.abort();
    await expect(polled).rejects.toThrow();
    await until(() => clock.timers === before);
    clock.advance(30_000);
    expect(await echo.last.closed).toMatchObject({ code: 1006 });
  });

  test("is one whose stream is all that is left", async () => {
    const { link, echo, clock } = await serve();
    const stream = await (await link()).stream();
    clock.advance(30_000);
    expect(await echo.last.closed).toMatchObject({ code: 1006 });
    expect(await stream.next()).toBeUndefined();
  });
});

describe("a link that is closed", () => {
  test("by the server gives out what was sent before, then how it ended, and then is forgotten", async () => {
    const { link, echo, clock } = await serve();
    const client = await link();
    const { wire, closed } = echo.last;
    wire.send(["1"]);
    wire.close(4510, "moved");
    wire.send(["2"]);
    wire.close(4000);
    expect(await client.poll(0)).toMatchObject({ status: 200, body: "[1]" });
    expect(await client.poll(0)).toMatchObject({ status: 200, body: "[1]" });
    expect(await client.poll(1)).toMatchObject({ status: 410, body: '{"code":4510,"reason":"moved"}' });
    expect(await closed).toEqual({ code: 4510, reason: "moved" });
    expect((await client.poll(1)).headers["content-type"]).toBe("application/json");
    clock.advance(29_999);
    expect((await client.poll(1)).status).toBe(410);
    clock.advance(1);
    expect(await client.poll(1)).toMatchObject({ status: 400, body: "unknown link\n" });
  });

  test("while a poll is held answers it at once", async () => {
    const { link, hold, echo } = await serve();
    const client = await link();
    const { answer } = await hold(client, 0);
    echo.last.wire.close();
    expect(await answer).toMatchObject({ status: 410, body: '{"code":1005,"reason":""}' });
    expect(await echo.last.closed).toMatchObject({ code: 1005 });
  });

  test("and not fetched from any more ends within 5 s", async () => {
    const { link, echo, clock } = await serve();
    const client = await link();
    echo.last.wire.send(["1"]);
    echo.last.wire.close(4000, "bye");
    let isClosed = false;
    void echo.last.closed.then(() => (isClosed = true));
    clock.advance(4_999);
    await turn();
    expect(isClosed).toBe(false);
    clock.advance(1);
    expect(await echo.last.closed).toEqual({ code: 4000, reason: "bye" });
    expect((await client.poll(0)).status).toBe(410);
  });

  test("by its client tells the session 1000, and a poll that is held", async () => {
    const { link, hold, echo } = await serve();
    const client = await link();
    const { answer } = await hold(client, 0);
    expect((await client.close()).status).toBe(204);
    expect(await answer).toMatchObject({ status: 410 });
    expect(await echo.last.closed).toEqual({ code: 1000, reason: "" });
    expect((await client.close()).status).toBe(410);
  });

  test("by its client without anything held ends at once, whatever was sent", async () => {
    const { link, echo, clock } = await serve();
    const client = await link();
    echo.last.wire.send(["1"]);
    await client.close();
    expect(await echo.last.closed).toEqual({ code: 1000, reason: "" });
    expect(clock.timers).toBe(0);
  });

  test("and destroyed is over without a word", async () => {
    const { link, hold, echo } = await serve();
    const client = await link();
    const { answer } = await hold(client, 0);
    echo.last.wire.send(["1"]);
    echo.last.wire.destroy();
    expect(await answer).toMatchObject({ status: 410 });
    expect(await echo.last.closed).toEqual({ code: 1006, reason: "" });
  });
});

describe("back-pressure", () => {
  test("L9: maxBufferedBytes may wait for a client, one more closes its link with 4508", async () => {
    const { link, echo } = await serve();
    const client = await link();
    const { wire } = echo.last;
    wire.send(["x".repeat(100_000)]);
    expect(wire.bufferedBytes).toBe(100_000);
    expect((await client.poll(0)).bytes).toHaveLength(100_002);
    expect((await client.acknowledge(1)).status).toBe(204);
    wire.send(["x".repeat(99_999)]);
    wire.send(["x"]);
    wire.send(["y"]);
    expect(await echo.last.closed).toMatchObject({ code: 4508 });
    expect(await client.poll(1)).toMatchObject({ status: 410 });
  });

  test("L10: beyond what may wait for all together, the slowest goes first", async () => {
    const { link, echo } = await serve(new Echo(), { maxBufferedBytes: 150_000 });
    const slowest = await link();
    const other = await link();
    const [first, second] = echo.sessions;
    first!.wire.send(["x".repeat(90_000)]);
    second!.wire.send(["x".repeat(60_000)]);
    expect((await slowest.acknowledge(0)).status).toBe(204);
    second!.wire.send(["x"]);
    expect(await first!.closed).toMatchObject({ code: 4508 });
    expect((await slowest.poll(0)).status).toBe(410);
    expect((await other.poll(0)).status).toBe(200);
    // What is gone is owed no more.
    second!.wire.send(["x".repeat(39_999)]);
    expect((await other.poll(0)).status).toBe(200);
  });

  test("whenDrained waits until little is left to fetch", async () => {
    const { link, echo } = await serve();
    const client = await link();
    const { wire } = echo.last;
    const ran: string[] = [];
    wire.send(["x".repeat(65_536)]);
    wire.whenDrained(() => ran.push("little"));
    expect(ran).toEqual([]);
    await until(() => ran.length > 0);
    wire.send(["y"]);
    wire.whenDrained(() => ran.push("after"));
    wire.whenDrained(() => ran.push("after that"));
    await turn();
    await turn();
    expect(ran).toEqual(["little"]);
    await client.acknowledge(1);
    await until(() => ran.length > 2);
    expect(ran).toEqual(["little", "after", "after that"]);
    wire.whenDrained(() => ran.push("never"));
    wire.close();
    await turn();
    await turn();
    expect(ran).toHaveLength(3);
  });

  test("lastWriteAt is when something went to the client", async () => {
    const { link, echo, clock } = await serve();
    const client = await link();
    const { wire } = echo.last;
    clock.advance(1_000);
    wire.send(["1"]);
    expect(wire.lastWriteAt).toBe(0);
    await client.poll(0);
    expect(wire.lastWriteAt).toBe(1_000);
    expect(wire.transport).toBe("long-polling");
  });
});

describe("unknown links", () => {
  const misses = (url: string, count: number): Promise<readonly number[]> =>
    Promise.all(Array.from({ length: count }, async () => (await ask(url)).status));

  test("LP02: are answered with 400, and with 429 after 20 of one address in a minute", async () => {
    const { url, link, clock, echo } = await serve();
    const client = await link();
    const guess = `${url}/poll?link=${"a".repeat(22)}&after=0`;
    expect(new Set(await misses(guess, 20))).toEqual(new Set([400]));
    const refused = await ask(guess);
    expect(refused).toMatchObject({ status: 429, headers: { "retry-after": "60" } });
    echo.last.wire.send(["1"]);
    expect((await client.poll(0)).status).toBe(200);
    clock.advance(60_000);
    expect((await ask(guess)).status).toBe(400);
  });

  test.each(["", "'", "%0A", "x".repeat(10_000), "__proto__", "constructor"])("LP01: %s is one", async (id) => {
    const { url } = await serve();
    const answer = await ask(`${url}/poll?link=${id}&after=0`);
    expect(answer).toMatchObject({ status: 400, body: "unknown link\n" });
  });

  test("LP02: ids are 128 random bits", async () => {
    const { link } = await serve();
    const ids = new Set<string>();
    for (let n = 0; n < 50; n += 1) ids.add((await link()).id);
    expect(ids.size).toBe(50);
    for (const id of ids) expect(Buffer.from(id, "base64url")).toHaveLength(16);
  });
});
