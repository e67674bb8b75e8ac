import { describe, expect } from "vitest";
import { ask, LinkClient } from "../transports/http/link-client.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import type { StreamReader } from "../transports/http/stream-reader.ts";
import { turn, until } from "../transports/http/serve.ts";
import { hostile, type Row } from "./rows.ts";
import { Target } from "./target.ts";

/** A connected native client, and its stream after the welcome. */
async function connected({ url }: Target): Promise<{ client: LinkClient; stream: StreamReader }> {
  const client = await LinkClient.open(url, '{"type":"connect"}');
  const stream = await client.stream();
  expect((await stream.next())!.data).toContain('"connected"');
  return { client, stream };
}

const publish = (fields: object): string =>
  JSON.stringify({ type: "publish", ref: 9, channel: "open", event: "e", ...fields });

/** Publishes this, and reads it from the stream. */
async function carried(target: Target, data: string): Promise<{ readonly data: string; readonly raw: string }> {
  const { client, stream } = await connected(target);
  await client.send(1, '{"type":"subscribe","ref":1,"channel":"open"}');
  await client.send(2, publish({ data }));
  const [, publication] = await stream.take(2);
  await client.close();
  return { data: (JSON.parse(publication!) as { data: string }).data, raw: stream.raw };
}

const rows: readonly Row[] = [
  ...["../../x", "x".repeat(10_000), "-1", "1e9", "1000000000", "0x1", "1.0", " ", "9".repeat(400)].map((id) => ({
    id: "S01",
    what: `the Last-Event-ID ${JSON.stringify(id.slice(0, 20))} ends the link, in a stream like any other`,
    run: async (target: Target) => {
      const { client } = await connected(target);
      const stream = await client.stream({}, { "Last-Event-ID": id });
      expect(stream.response.statusCode).toBe(200);
      const event = (await stream.next())!;
      expect(event.event).toBe("close");
      // Neither final nor the client's own: the session can be resumed on another link.
      expect(JSON.parse(event.data)).toMatchObject({ code: 1002 });
      expect(await stream.next()).toBeUndefined();
      expect((await ask(client.at("sse"))).status).toBe(410);
    },
  })),
  {
    id: "S02",
    what: "names with line breaks are refused",
    async run(target) {
      const { client, stream } = await connected(target);
      let seq = 0;
      for (const fields of [{ event: "e\nx" }, { event: "e\rx" }, { channel: "open\nx" }, { channel: "open\r\nx" }]) {
        await client.send((seq += 1), publish(fields));
        expect((await stream.next())!.data).toMatch(/"code":"(?:event|channel)-name-invalid"/);
      }
      await client.close();
    },
  },
  ...["\n\nevent: admin\ndata: x", "\r\rid: 7\r\r", "\r\n\r\n:", "data: x"].map((data) => ({
    id: "S03",
    what: `${JSON.stringify(data)} is data, and one event`,
    run: async (target: Target) => {
      const { data: read, raw } = await carried(target, data);
      expect(read).toBe(data);
      expect(raw).not.toMatch(/^(?:event: admin|id: 7)/m);
    },
  })),
  ...["\u2028\u2029", "a\rb", "\0", "\u0085", "\ufeff"].map((data) => ({
    id: "S04",
    what: `${JSON.stringify(data)} arrives as it was sent`,
    run: async (target: Target) => {
      const { data: read, raw } = await carried(target, data);
      expect(read).toBe(data);
      for (const [, id] of raw.matchAll(/^id: ?(.*)$/gm)) expect(id).toMatch(/^\d+$/);
    },
  })),
  {
    id: "S05",
    what: "a client that never reads is closed with 4508",
    async run(target) {
      const codes: number[] = [];
      const stop = target.server.on("disconnect", ({ code }) => codes.push(code));
      const { stream } = await connected(target);
      stream.response.pause();
      for (let sent = 0; sent < 400 && codes.length === 0; sent += 1) {
        await target.server.broadcast("flood", "x".repeat(60_000));
        for (let turns = 0; turns < 3; turns += 1) await turn();
        target.clock.advance(20);
      }
      target.clock.advance(5_000);
      await until(() => codes.length > 0);
      stop();
      expect(codes).toEqual([4508]);
      stream.response.destroy();
    },
  },
  {
    id: "S06",
    what: "what is no stream is not answered with one",
    async run(target) {
      const { client } = await connected(target);
      expect((await ask(client.at("sse"), { headers: { Accept: "text/html" } })).status).toBe(406);
      for (const method of ["HEAD", "POST", "PUT"]) {
        expect(await ask(client.at("sse"), { method })).toMatchObject({ status: 405, headers: { allow: "GET" } });
      }
      await client.close();
    },
  },
  {
    id: "S08",
    what: "no text of anybody reaches a field of the stream",
    async run(target) {
      const { client, stream } = await connected(target);
      const [connection] = target.server.connections.slice(-1);
      connection!.close(4000, "x\nretry: 1\n\nevent: admin\ndata: y");
      const event = (await stream.next())!;
      expect(event.event).toBe("close");
      expect(JSON.parse(event.data)).toEqual({ code: 4000, reason: "x\nretry: 1\n\nevent: admin\ndata: y" });
      expect(await stream.next()).toBeUndefined();
      expect(stream.raw.match(/^(?:retry|event): .*$/gm)).toEqual([
        expect.stringMatching(/^retry: \d{4}$/),
        "event: close",
      ]);
      expect((await client.poll(1)).status).toBe(410);
    },
  },
  {
    id: "S09",
    what: "a stream that says nothing else says so every 15 s, and one that broke is cleaned up",
    async run(target) {
      const { client, stream } = await connected(target);
      const before = stream.raw;
      for (let passed = 0; passed < 16_000; passed += 1_000) {
        await client.acknowledge(1);
        target.clock.advance(1_000);
      }
      await until(() => stream.raw.length > before.length);
      expect(stream.raw.slice(before.length)).toMatch(/^(?::\n\n|data: )/);
      stream.response.destroy();
    },
  },
  {
    id: "S10",
    what: "a token that expires in mid-stream ends it with 4402, in its time",
    async run() {
      const clock = new ManualClock();
      const target = await Target.start(
        {},
        { clock, authenticate: () => ({ userId: "ada", expiresAt: clock.wall() + 5_000 }) },
      );
      const { stream } = await connected(target);
      clock.advance(5_000);
      const said: { event: string | undefined; data: string }[] = [];
      for (let event = await stream.next(); event; event = await stream.next()) said.push(event);
      expect(said.at(-1)).toMatchObject({ event: "close", data: expect.stringContaining("4402") as string });
      await target.stop();
    },
  },
  {
    id: "S11",
    what: "a client that lost its stream is told to wait, each for another time",
    async run(target) {
      const waits = new Set<number>();
      for (let n = 0; n < 10; n += 1) {
        const { client, stream } = await connected(target);
        const retryMs = Number(/^retry: (\d+)$/m.exec(stream.raw)![1]);
        expect(retryMs).toBeGreaterThanOrEqual(1_000);
        expect(retryMs).toBeLessThan(5_000);
        waits.add(retryMs);
        await client.close();
      }
      expect(waits.size).toBeGreaterThan(1);
    },
  },
];

describe("server-sent events", () => {
  hostile({ group: "S", start: () => Target.start({ maxBufferedBytes: 100_000 }) }, rows);
});
