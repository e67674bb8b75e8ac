import { Agent } from "node:http";
import { describe, expect, test } from "vitest";
import { converse, headOf } from "../../server/raw-request.ts";
import { Echo } from "./echo.ts";
import { ask } from "./link-client.ts";
import { serve, turn, until } from "./serve.ts";

describe("posting", () => {
  test("LP04: what comes twice is received once, and answered alike", async () => {
    const { link, echo } = await serve();
    const client = await link();
    expect((await client.send(1, "a")).status).toBe(204);
    expect((await client.send(1, "a")).status).toBe(204);
    expect((await client.send(1, "other")).status).toBe(204);
    expect(echo.last.received).toEqual(["a"]);
  });

  test("LP05: what comes early waits for what comes before", async () => {
    const { link, echo } = await serve();
    const client = await link();
    const early = [client.send(3, "c"), client.send(2, "b"), client.send(65, "last")];
    expect((await client.send(1, "a")).status).toBe(204);
    expect((await client.send(70, "too far")).status).toBe(409);
    for (let seq = 4; seq <= 64; seq += 1) expect((await client.send(seq, String(seq))).status).toBe(204);
    for (const answer of early) expect((await answer).status).toBe(204);
    expect(echo.last.received.slice(0, 4)).toEqual(["a", "b", "c", "4"]);
    expect(echo.last.received).toHaveLength(65);
  });

  test("LP05: a gap that is not filled is answered with 409, and can still be filled", async () => {
    const { link, echo, clock } = await serve();
    const client = await link();
    let status = 0;
    void client.send(2, "b").then((answer) => (status = answer.status));
    const began = clock.now();
    while (status === 0) {
      clock.advance(100);
      await turn();
    }
    expect(status).toBe(409);
    expect(clock.now() - began).toBeGreaterThanOrEqual(5_000);
    expect((await client.send(1, "a")).status).toBe(204);
    expect((await client.send(2, "b")).status).toBe(204);
    expect(echo.last.received).toEqual(["a", "b"]);
  });

  test("nothing is answered while the wire is paused, and nothing is lost", async () => {
    const { link, echo } = await serve();
    const client = await link();
    const { wire, received } = echo.last;
    echo.onFrame = ({ wire: paused }) => paused.pause();
    expect((await client.send(1, "a")).status).toBe(204);
    const second = client.send(2, "b");
    expect(await Promise.race([second, client.acknowledge(0).then(() => "paused")])).toBe("paused");
    expect(received).toEqual(["a"]);
    wire.resume();
    expect((await second).status).toBe(204);
    expect(received).toEqual(["a", "b"]);
  });

  test("what is sent when the link is closed is answered with how it ended", async () => {
    const { link, echo } = await serve();
    const client = await link();
    const waiting = client.send(2, "b");
    await client.acknowledge(0);
    echo.last.wire.close(4510, "moved");
    expect(await waiting).toMatchObject({ status: 410, body: '{"code":4510,"reason":"moved"}' });
    expect((await client.send(1, "a")).status).toBe(410);
    expect(echo.last.received).toEqual([]);
  });

  test("a frame that closes the link was received", async () => {
    const { link, echo } = await serve();
    const client = await link();
    echo.onFrame = ({ wire }) => wire.close(4000, "enough");
    expect((await client.send(1, "a")).status).toBe(204);
    expect(await client.send(2, "b")).toMatchObject({ status: 410, body: '{"code":4000,"reason":"enough"}' });
    expect(echo.last.received).toEqual(["a"]);
  });

  test("an acknowledgement may come by itself or with a frame", async () => {
    const { link, echo } = await serve();
    const client = await link();
    echo.onFrame = () => undefined;
    echo.last.wire.send(["1", "2", "3"]);
    expect(echo.last.wire.bufferedBytes).toBe(3);
    expect((await client.acknowledge(1)).status).toBe(204);
    expect(echo.last.wire.bufferedBytes).toBe(2);
    expect(
      (
        await ask(client.at("send", { seq: 1, after: 2 }), {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: "a",
        })
      ).status,
    ).toBe(204);
    expect(echo.last.wire.bufferedBytes).toBe(1);
    // One that was overtaken takes nothing back.
    expect((await client.acknowledge(1)).status).toBe(204);
    expect((await client.poll(2)).body).toBe("[3]");
    expect((await client.acknowledge(4)).status).toBe(400);
    expect(await echo.last.closed).toMatchObject({ code: 1002 });
  });

  test.each(["seq=0", "seq=-1", "seq=01", "seq=x", "seq=", "seq=1&seq=2", "after=x", "after=1&after=1"])(
    "%s is refused",
    async (query) => {
      const { link, echo } = await serve();
      const client = await link();
      const answer = await ask(`${client.at("send")}&${query}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: "a",
      });
      expect(answer.status).toBe(400);
      expect(echo.last.received).toEqual([]);
    },
  );

  test("a body without its seq is refused", async () => {
    const { link, echo } = await serve();
    const client = await link();
    expect((await ask(client.at("send"), { method: "POST", body: "a" })).status).toBe(400);
    expect((await ask(client.at("send"), { method: "POST" })).status).toBe(204);
    expect(echo.last.received).toEqual([]);
  });

  test("text that is not UTF-8 is refused, and its place stays free", async () => {
    const { link, echo } = await serve();
    const client = await link();
    for (const bytes of [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xff], [0xe2, 0x82]]) {
      expect((await client.send(1, Uint8Array.from(bytes))).status).toBe(400);
    }
    expect((await client.send(1, "\ufeffa")).status).toBe(204);
    expect(echo.last.received).toEqual(["\ufeffa"]);
  });

  test("LP27: 200 requests on one connection are answered in order", async () => {
    const { link, echo, url } = await serve();
    const client = await link();
    const requests = Array.from({ length: 200 }, (_, n) => {
      const body = String(n);
      const headers = ["Host: x", "Content-Type: application/json", `Content-Length: ${body.length}`];
      if (n === 199) headers.push("Connection: close");
      return `${headOf(`POST ${new URL(client.at("send", { seq: n + 1 })).pathname}?link=${client.id}&seq=${n + 1} HTTP/1.1`, headers)}${body}`;
    });
    const answers = await converse(url, requests.join(""));
    expect(answers.match(/HTTP\/1\.1 204 /g)).toHaveLength(200);
    expect(echo.last.received).toEqual(Array.from({ length: 200 }, (_, n) => String(n)));
  });
});

describe("bodies", () => {
  test("one of exactly the limit is read, one byte more is answered with 413", async () => {
    const { link, echo } = await serve();
    const client = await link();
    expect((await client.send(1, "x".repeat(1_000))).status).toBe(204);
    expect(await client.send(2, "x".repeat(1_001))).toMatchObject({ status: 413, headers: { connection: "close" } });
    expect(echo.last.received).toEqual(["x".repeat(1_000)]);
  });

  test("LP10: what is announced as too long is refused before it comes", async () => {
    const { link, url } = await serve();
    const client = await link();
    for (const length of [1_001, 10_000_000_000]) {
      const head = headOf(`POST /echo/send?link=${client.id}&seq=1 HTTP/1.1`, [
        "Host: x",
        "Content-Type: application/json",
        `Content-Length: ${length}`,
      ]);
      expect(await converse(url, head)).toMatch(/^HTTP\/1\.1 413 /);
    }
  });

  test("H27: chunks count by what they hold, however many there are", async () => {
    const { link, url, echo } = await serve();
    const client = await link();
    const post = (chunks: number): string =>
      headOf(`POST /echo/send?link=${client.id}&seq=1 HTTP/1.1`, [
        "Host: x",
        "Connection: close",
        "Content-Type: application/json",
        "Transfer-Encoding: chunked",
      ]) + `${"1\r\nx\r\n".repeat(chunks)}0\r\n\r\n`;
    expect(await converse(url, post(1_001))).toMatch(/^HTTP\/1\.1 413 /);
    expect(await converse(url, post(1_000))).toMatch(/^HTTP\/1\.1 204 /);
    expect(echo.last.received).toEqual(["x".repeat(1_000)]);
  });

  test.each([
    ["LP11: one that does not end in 15 s", 13 * 1_024, 15_000],
    ["LP11: one that comes at 1 KiB/s after 2 s, and then at less", 2 * 1_024, 5_000],
    ["LP11: one that comes at less from 2 s on", 1, 3_000],
  ])("%s is answered with 408, and not before", async (_name, bytes, ms) => {
    const { link, url, clock } = await serve(new Echo({ maxMessageBytes: 100_000 }));
    const client = await link();
    const before = clock.timers;
    const answer = converse(
      url,
      headOf(`POST /echo/send?link=${client.id}&seq=1 HTTP/1.1`, [
        "Host: x",
        "Content-Type: application/json",
        "Transfer-Encoding: chunked",
      ]) + `${bytes.toString(16)}\r\n${"x".repeat(bytes)}\r\n`,
    );
    await until(() => clock.timers > before);
    // What was sent with the head is there, or comes in the turns that follow.
    for (let turns = 0; turns < 50; turns += 1) await turn();
    clock.advance(ms - 1);
    expect(clock.timers).toBeGreaterThan(before);
    clock.advance(1);
    expect(await answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  test.each([
    ["application/json", 204],
    ["Application/JSON ; charset=UTF-8", 204],
    ['application/json; charset="utf-8"', 204],
    ["application/json; charset=utf-7", 415],
    ["application/json; charset=utf-8; charset=utf-7", 415],
    ["text/html", 415],
    ["text/plain", 415],
    ["multipart/form-data; boundary=x", 415],
    ["application/vnd.msgpack", 415],
    ["", 415],
    [undefined, 415],
  ])("LP24: on a JSON link %j is answered with %i", async (contentType, status) => {
    const { link } = await serve();
    const client = await link();
    const headers = contentType === undefined ? {} : { "Content-Type": contentType };
    expect((await ask(client.at("send", { seq: 1 }), { method: "POST", body: "a", headers })).status).toBe(status);
  });

  test.each(["gzip", "br", "deflate", "zstd"])("Z10: one that is compressed with %s is refused", async (encoding) => {
    const { link } = await serve();
    const client = await link();
    const headers = { "Content-Type": "application/json", "Content-Encoding": encoding };
    expect((await ask(client.at("send", { seq: 1 }), { method: "POST", body: "a", headers })).status).toBe(415);
  });

  test("one of no known kind opens no link", async () => {
    const { url, echo } = await serve();
    for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
      expect((await ask(`${url}/open`, { method: "POST", headers: { "Content-Type": type } })).status).toBe(415);
    }
    expect(echo.sessions).toEqual([]);
  });

  test("H31: a client that asks before it sends is told to go on, or not, by what it announces", async () => {
    const { link, url, echo } = await serve();
    const client = await link();
    const post = (length: number): string =>
      headOf(`POST /echo/send?link=${client.id}&seq=1 HTTP/1.1`, [
        "Host: x",
        "Connection: close",
        "Content-Type: application/json",
        "Expect: 100-continue",
        `Content-Length: ${length}`,
      ]);
    expect(await converse(url, post(1_000_000_000))).toMatch(/^HTTP\/1\.1 413 /);
    expect(await converse(url, `${post(1)}a`)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 204 /);
    expect(echo.last.received).toEqual(["a"]);
  });

  test("LP26: HTTP/1.0 and Connection: close are answered as they ask", async () => {
    const { link, url } = await serve();
    const client = await link("1");
    for (const [version, headers] of [
      ["1.0", []],
      ["1.0", ["Host: x"]],
      ["1.1", ["Host: x", "Connection: close"]],
    ] as const) {
      const answer = await converse(url, headOf(`GET /echo/poll?link=${client.id}&after=0 HTTP/${version}`, headers));
      if (headers.length === 0) expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      else expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*content-length: 3\r\n[^]*\r\n\r\n\[1\]$/i);
    }
  });

  test("a connection is used again for what comes next", async () => {
    const { link, echo } = await serve();
    const client = await link();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let seq = 1; seq <= 3; seq += 1) expect((await client.send(seq, "a", { agent })).status).toBe(204);
    expect(echo.last.received).toHaveLength(3);
    agent.destroy();
  });
});
