import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { frameEvents } from "../../../src/transports/http/event-stream.ts";
import { converse, headOf } from "../../server/raw-request.ts";
import { Echo } from "./echo.ts";
import { ask, LinkClient } from "./link-client.ts";
import { serve, turn, until } from "./serve.ts";
import type { StreamReader } from "./stream-reader.ts";

describe("a stream", () => {
  test("carries what was sent before and what is sent meanwhile, and counts it", async () => {
    const { link, echo } = await serve();
    const client = await link("before");
    const stream = await client.stream();
    expect(stream.response.statusCode).toBe(200);
    expect(stream.response.headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store, no-transform",
      "x-content-type-options": "nosniff",
    });
    expect(await stream.next()).toEqual({ event: "message", data: "before" });
    expect(stream.raw).toMatch(/^: stream\nretry: \d{4}\n\n/);
    echo.last.wire.send(["1", "2"]);
    echo.last.wire.send(["3"]);
    expect(await stream.take(3)).toEqual(["1", "2", "3"]);
    await stream.counted(4);
    expect(echo.last.wire.transport).toBe("sse");
    expect(stream.raw.match(/^id: /gm), "one count for each flush").toHaveLength(2);
  });

  test("ends with how its link was closed, after what was sent before", async () => {
    const { link, echo } = await serve();
    const client = await link();
    const stream = await client.stream();
    echo.last.wire.send(["1"]);
    echo.last.wire.close(4510, 'moved\n\nevent: "x"');
    echo.last.wire.send(["2"]);
    expect(await stream.next()).toEqual({ event: "message", data: "1" });
    const { event, data } = (await stream.next())!;
    expect({ event, data: JSON.parse(data) as unknown }).toEqual({
      event: "close",
      data: { code: 4510, reason: 'moved\n\nevent: "x"' },
    });
    expect(await stream.next()).toBeUndefined();
    expect(await echo.last.closed).toMatchObject({ code: 4510 });
    expect(await ask(client.at("sse"))).toMatchObject({ status: 410 });
  });

  test("that is opened on a link that is closing gives out the rest", async () => {
    const { link, echo } = await serve();
    const client = await link("1");
    echo.last.wire.close(4000, "bye");
    const stream = await client.stream();
    expect(await stream.next()).toEqual({ event: "message", data: "1" });
    expect(await stream.next()).toEqual({ event: "close", data: '{"code":4000,"reason":"bye"}' });
    expect(await echo.last.closed).toMatchObject({ code: 4000 });
  });

  test("that is opened when there is no rest is answered with how it ended", async () => {
    const { link, echo } = await serve();
    const client = await link();
    echo.last.wire.close(4000, "bye");
    expect(await ask(client.at("sse"))).toMatchObject({ status: 410, body: '{"code":4000,"reason":"bye"}' });
    expect(await echo.last.closed).toMatchObject({ code: 4000 });
  });

  test("supersedes the one before, and a poll supersedes it", async () => {
    const { link, hold, echo } = await serve();
    const client = await link();
    const older = await client.stream();
    const newer = await client.stream();
    expect(await older.next()).toBeUndefined();
    echo.last.wire.send(["1"]);
    expect(await newer.take(1)).toEqual(["1"]);
    const polled = client.poll(1);
    expect(await newer.next()).toBeUndefined();
    echo.last.wire.send(["2"]);
    expect((await polled).body).toBe("[2]");
    const held = await hold(client, 2);
    const last = await client.stream({ after: 2 });
    expect((await held.answer).status).toBe(409);
    echo.last.wire.send(["3"]);
    expect(await last.take(1)).toEqual(["3"]);
  });

  test("of bytes carries base64", async () => {
    const { url } = await serve();
    const headers = { "Content-Type": "application/vnd.msgpack" };
    const client = await LinkClient.open(url, Buffer.from([0xff, 0x0a, 0]), headers);
    const stream = await client.stream();
    expect(await stream.next()).toEqual({ event: "bytes", data: "/woA" });
  });

  test("comes back with the count it had, from the header or the query, and gets what it missed", async () => {
    const { link, echo } = await serve();
    const client = await link();
    for (const n of ["1", "2", "3"]) echo.last.wire.send([n]);
    expect(await (await client.stream({ after: 1 })).take(2)).toEqual(["2", "3"]);
    // A browser asks for the same address again, and knows better.
    expect(await (await client.stream({ after: 1 }, { "Last-Event-ID": "2" })).take(1)).toEqual(["3"]);
    expect(echo.last.wire.bufferedBytes).toBeDefined();
  });

  test("keeps a quarter of maxBufferedBytes for one that comes back, and closes the link for older counts", async () => {
    const { link, echo } = await serve();
    const client = await link();
    const stream = await client.stream();
    const frames = Array.from({ length: 10 }, (_, n) => String(n + 1).padEnd(5_000));
    for (const frame of frames) echo.last.wire.send([frame]);
    await stream.take(10);
    const again = await client.stream({ after: 5 });
    expect(await again.take(5)).toEqual(frames.slice(5));

    const other = await link();
    const { wire, closed } = echo.last;
    const first = await other.stream();
    for (const frame of frames) wire.send([frame]);
    await first.take(10);
    const lost = await other.stream({ after: 4 });
    expect(lost.response.statusCode).toBe(200);
    expect(await lost.next()).toMatchObject({ event: "close", data: expect.stringContaining('"code":1002') as string });
    expect(await closed).toMatchObject({ code: 1002 });
  });

  test("S09: that was silent for 15 s gets a comment", async () => {
    const { link, echo, clock } = await serve(new Echo({ linkIdleMs: 1_000_000 }));
    const stream = await (await link()).stream();
    clock.advance(10_000);
    echo.last.wire.send(["1"]);
    await stream.counted(1);
    const before = stream.raw;
    clock.advance(14_999);
    await turn();
    expect(stream.raw).toBe(before);
    clock.advance(1);
    await until(() => stream.raw !== before);
    expect(stream.raw).toBe(`${before}:\n\n`);
  });

  test("S09: that broke is forgotten, and what it did not take waits for the next one", async () => {
    const { link, echo, clock } = await serve();
    const client = await link();
    const stream = await client.stream();
    const before = clock.timers;
    stream.response.destroy();
    await until(() => clock.timers < before);
    echo.last.wire.send(["1"]);
    expect(echo.last.wire.bufferedBytes).toBe(1);
    expect((await client.poll(0)).body).toBe("[1]");
  });

  test("LP26: works with HTTP/1.0", async () => {
    const { link, echo, url } = await serve();
    const client = await link("1");
    const { wire } = echo.last;
    echo.onFrame = () => wire.close(4000, "bye");
    const read = converse(url, headOf(`GET /echo/sse?link=${client.id} HTTP/1.0`, ["Host: x"]));
    await until(() => wire.transport === "sse");
    await client.send(1, "end");
    expect(await read).toMatch(
      /\r\n\r\n: stream\nretry: \d+\n\ndata: 1\n\nid: 1\n\nevent: close\ndata: \{[^\n]*\}\n\n$/,
    );
  });

  test.each([
    [undefined, 200],
    ["*/*", 200],
    ["text/event-stream", 200],
    ["text/html, text/*;q=0.1", 200],
    ["Text/Event-Stream; q=1", 200],
    ["text/html", 406],
    ["application/json, image/*", 406],
    ["text/event-stream;q=0", 406],
    ["*/*;q=0.0", 406],
    ["", 406],
  ])("S06: an Accept of %j is answered with %i", async (accept, status) => {
    const { link } = await serve();
    const stream = await (await link()).stream({}, accept === undefined ? {} : { Accept: accept });
    expect(stream.response.statusCode).toBe(status);
    stream.response.destroy();
  });
});

describe("a client that does not read its stream", () => {
  test("S05: is closed with 4508 once maxBufferedBytes wait for it, and others go on", async () => {
    const { link, echo } = await serve();
    const slow = await (await link()).stream();
    const { wire, closed } = echo.last;
    slow.response.pause();
    const quick = await (await link()).stream();
    let isOpen = true;
    let code = 0;
    void closed.then((ending) => {
      code = ending.code;
      isOpen = false;
    });
    const packet = ["x".repeat(50_000)];
    // Far more than the kernel's buffers hold on both sides; then the deadline of those who do not read the end.
    for (let sent = 0; sent < 400 && isOpen; sent += 1) {
      wire.send(packet);
      echo.last.wire.send(packet);
      await quick.take(1);
    }
    slow.response.destroy();
    await closed;
    expect(code).toBe(4508);
    echo.last.wire.send(["still there"]);
    expect(await quick.take(1)).toEqual(["still there"]);
  });

  test("and neither leaves is cut off 5 s later", async () => {
    const { link, echo, clock } = await serve();
    const client = await link();
    const slow = await client.stream();
    slow.response.pause();
    const { wire, closed } = echo.last;
    for (let sent = 0; sent < 400 && wire.bufferedBytes <= 100_000; sent += 1) {
      wire.send(["x".repeat(50_000)]);
      await turn();
      await turn();
    }
    const before = clock.timers;
    expect(before).toBe(1);
    clock.advance(5_000);
    expect(await closed).toMatchObject({ code: 4508 });
    expect((await client.poll(0)).body).toContain("4508");
    slow.response.destroy();
  });

  test("L10: owes what waits for it until it has caught up or is gone", async () => {
    const { link, echo } = await serve(new Echo({ maxBufferedBytes: 4_000_000 }), { maxBufferedBytes: 4_500_000 });
    const owing = async (): Promise<StreamReader> => {
      const stream = await (await link()).stream();
      const { wire } = echo.last;
      stream.response.pause();
      for (let turns = 0; turns < 1_000 && wire.bufferedBytes < 2_000_000; turns += 1) {
        wire.send(["x".repeat(200_000)]);
        await turn();
        await turn();
      }
      expect(wire.bufferedBytes).toBeGreaterThanOrEqual(2_000_000);
      return stream;
    };
    const caughtUp = await owing();
    const first = echo.last;
    caughtUp.response.resume();
    await until(() => first.wire.bufferedBytes === 0);
    const gone = await owing();
    const second = echo.last;
    gone.response.destroy();
    // What is kept for its return is all that it owes then.
    await until(() => second.wire.bufferedBytes <= 1_000_000);
    await link();
    echo.last.wire.send(["x".repeat(3_400_000)]);
    expect(echo.last.wire.bufferedBytes).toBe(3_400_000);
    caughtUp.response.destroy();
  });

  test("L10: is closed with 4508 when all together wait for too much", async () => {
    const { link, echo, clock } = await serve(new Echo({ maxBufferedBytes: 100_000_000 }), {
      maxBufferedBytes: 1_000_000,
    });
    const stream = await (await link()).stream();
    stream.response.pause();
    let code = 0;
    void echo.last.closed.then((ending) => (code = ending.code));
    for (let sent = 0; sent < 1_000 && echo.last.wire.bufferedBytes <= 1_000_000; sent += 1) {
      echo.last.wire.send(["x".repeat(200_000)]);
      await turn();
      await turn();
    }
    clock.advance(5_000);
    await until(() => code !== 0);
    expect(code).toBe(4508);
    stream.response.destroy();
  });

  test("holds back what waits for it to have drained", async () => {
    const { link, echo } = await serve(new Echo({ maxBufferedBytes: 100_000_000 }));
    const slow = await (await link()).stream();
    const { wire } = echo.last;
    let isDrained = false;
    wire.send(["first"]);
    wire.whenDrained(() => (isDrained = true));
    await until(() => isDrained);
    slow.response.pause();
    while (wire.bufferedBytes < 1_000_000) {
      wire.send(["x".repeat(500_000)]);
      await turn();
      await turn();
    }
    isDrained = false;
    wire.whenDrained(() => (isDrained = true));
    for (let n = 0; n < 10; n += 1) await turn();
    expect(isDrained).toBe(false);
    slow.response.resume();
    await until(() => isDrained);
    expect(wire.bufferedBytes).toBeLessThan(100_000);
  });
});

describe("frames as events", () => {
  test.each([
    ["S02: CR, LF and CRLF", "a\nb\rc\r\nd", "data: a\ndata: b\ndata: c\ndata: d\n\n"],
    ["S03: a whole event", "\n\nevent: admin\ndata: x", "data: \ndata: \ndata: event: admin\ndata: data: x\n\n"],
    ["S04: other line ends, and NUL", "\u2028\u0085\u000b\0", "data: \u2028\u0085\u000b\0\n\n"],
    ["a space in front", " a", "data:  a\n\n"],
    ["nothing", "", "data: \n\n"],
    ["bytes in a larger buffer", new Uint8Array([1, 2, 3, 4]).subarray(1, 3), "event: bytes\ndata: AgM=\n\n"],
  ])("%s", (_name, frame, expected) => {
    expect(frameEvents([[frame]]).toString()).toBe(expected);
    expect(frameEvents([["x", frame], [frame]]).toString()).toBe(`data: x\n\n${expected}${expected}`);
  });
});
