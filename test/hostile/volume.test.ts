import { once } from "node:events";
import { describe, expect } from "vitest";
import { metrics } from "../../src/metrics/index.ts";
import { dial } from "../server/raw-request.ts";
import { LinkClient } from "../transports/http/link-client.ts";
import { turn } from "../transports/http/serve.ts";
import { closing, connect, RawSocket, text } from "./frames.ts";
import { hostile, type Row } from "./rows.ts";
import { Target } from "./target.ts";

const say = (message: object): Buffer => text(JSON.stringify(message));

/** Connected, with all of these said behind it. */
async function saying({ url }: Target, ...messages: readonly object[]): Promise<RawSocket> {
  const client = await RawSocket.open(url);
  await client.write(connect, ...messages.map(say));
  return client;
}

const subscribe = (channel: string, n: number): object => ({
  type: "subscribe",
  ref: n + 1,
  channel: `${channel}${n}`,
});

/** A message that may tell who comes or goes. */
interface Told {
  readonly type: string;
  readonly member?: { readonly user: string };
}

const many = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

/** Lets time pass until the client has been told so much. */
async function told({ clock }: Target, client: RawSocket, count: number): Promise<readonly string[]> {
  while (client.written.texts.length < count) {
    clock.advance(50);
    for (let turns = 0; turns < 10; turns += 1) await turn();
  }
  return client.written.texts;
}

const rows: readonly Row[] = [
  {
    id: "X01",
    what: "a client that makes 1,500 channels has 128",
    async run(target) {
      const client = await saying(target, ...many(1_500, (n) => subscribe("open", n)));
      const { length } = (await told(target, client, 1_501)).filter((line) => line.includes('"subscribed"'));
      expect(length).toBe(128);
      expect(target.server.stats()).toMatchObject({ channels: 128, subscriptions: 128 });
      client.leave();
    },
  },
  {
    id: "X02",
    what: "100 clients with 128 channels each leave none of them behind",
    async run(target) {
      const clients = await Promise.all(
        many(100, (c) => saying(target, ...many(128, (n) => subscribe(`open-${c}-`, n)))),
      );
      for (const client of clients) await told(target, client, 129);
      expect(target.server.stats().channels).toBe(12_800);
      for (const client of clients) client.leave();
      while (target.server.stats().channels > 0) await turn();
      expect(target.server.stats().subscriptions).toBe(0);
    },
  },
  {
    id: "X03",
    what: "1,000 connections that say nothing keep nobody from being served",
    async run({ url }) {
      const sockets = await Promise.all(many(1_000, () => dial(url)));
      for (const socket of sockets) socket.resetAndDestroy();
    },
  },
  {
    id: "X04",
    what: "200 sockets that never connect, 200 links that are never polled and 200 streams that are never read are gone in time",
    async run(target) {
      const sockets = await Promise.all(many(200, () => RawSocket.open(target.url)));
      const links = await Promise.all(many(400, () => LinkClient.open(target.url, '{"type":"connect"}')));
      const streams = await Promise.all(links.slice(200).map((link) => link.stream()));
      expect(target.server.stats().connections).toBe(401);
      for (const { response } of streams) response.pause();
      target.clock.advance(10_000);
      for (const socket of sockets) expect((await socket.until(({ code }) => code !== 1006)).code).toBe(4504);
      for (const socket of sockets) socket.leave();
      // The server itself lets go of those of which nothing was heard for 30 s; no client has ended its stream.
      target.clock.advance(19_999);
      expect(target.server.stats().connections).toBe(401);
      target.clock.advance(1);
      while (target.server.stats().connections > 1) await turn();
      for (const { response } of streams) {
        response.resume();
        if (!response.closed) await once(response, "close");
      }
    },
  },
  {
    id: "X05",
    what: "100 publications of 32 KiB for 50 subscribers are as many as the channel carries; the others are refused, and none is lost",
    async run() {
      const bytes = 8 * 2 ** 20;
      const target = await Target.start({}, { limits: { channelBytesPerSecond: bytes } });
      const readers = await Promise.all(many(50, () => saying(target, subscribe("open", 0))));
      for (const reader of readers) await told(target, reader, 2);
      const data = "x".repeat(32 * 2 ** 10);
      const publication = { type: "publish", channel: "open0", event: "e", data };
      const publisher = await saying(target, ...many(100, (n) => ({ ...publication, ref: n + 1 })));
      await publisher.until(({ texts }) => texts.length === 101);
      // Five are 7.9 MiB with what is around them, so there was something left for the sixth.
      const refusals = publisher.written.texts.filter((line) => line.includes('"rate-limited"'));
      expect(refusals).toHaveLength(94);
      expect(target.server.stats()).toMatchObject({ published: 6, throttled: 94, delivered: 300, slow: 0 });
      for (const reader of readers) await reader.until(({ texts }) => texts.length === 8);
      await target.echo();
      target.clock.advance(1_000);
      await publisher.write(say({ ...publication, ref: 101 }));
      for (const reader of readers) await reader.until(({ texts }) => texts.length === 9);
      for (const client of [...readers, publisher]) client.leave();
      await target.check();
      await target.stop();
    },
  },
  {
    id: "X06",
    what: "of 200 members who come and go 10 times in a second, others hear at most the limit and who has moved in the end",
    async run(target) {
      const channel = "presence-x";
      const toggle = (isIn: boolean): object => ({ type: isIn ? "subscribe" : "unsubscribe", ref: 1, channel });
      const watcher = await saying(target, toggle(true));
      const members = await Promise.all(many(200, () => saying(target)));
      const turnTo = async (isIn: boolean): Promise<void> => {
        for (const member of members) await member.write(say(toggle(isIn)));
        while (target.server.channel(channel).members.length !== (isIn ? 201 : 1)) await turn();
      };
      // In what the watcher heard until its answer is everything that was said to it before.
      let heard = 0;
      const hears = async (ref: number): Promise<readonly string[]> => {
        await watcher.write(say({ type: "request", ref, event: "echo" }));
        const { texts } = await watcher.until((written) => written.texts.at(-1)?.includes(`"ref":${ref}`) === true);
        return texts.slice(heard, (heard = texts.length) - 1);
      };
      await hears(2);
      for (let second = 1; second <= 2; second += 1) {
        for (let step = 0; step < 10; step += 1) {
          await turnTo(step % 2 === 0);
          target.clock.advance(100);
        }
        const lines = await hears(2 + second);
        expect(lines.length).toBeLessThanOrEqual(100 + 200);
      }
      await turnTo(true);
      target.clock.advance(1_000);
      await hears(5);
      const known = new Set<string>();
      for (const { type, member } of watcher.written.texts.map((line) => JSON.parse(line) as Told)) {
        if (!member) continue;
        expect(known.has(member.user)).toBe(type === "leave");
        if (type === "join") known.add(member.user);
        else known.delete(member.user);
      }
      const there = target.server.channel(channel).members.map(({ user }) => user);
      expect(there).toHaveLength(201);
      expect(there.filter((user) => known.has(user))).toHaveLength(known.size);
      expect(known.size).toBe(200);
      for (const client of [watcher, ...members]) client.leave();
    },
  },
  {
    id: "X08",
    what: "500 clients that come back without end, and claim a session each time, are clients like any other",
    async run(target) {
      for (let round = 0; round < 10; round += 1) {
        const resume = { type: "connect", resume: true, session: crypto.randomUUID(), received: 0 };
        const sockets = await Promise.all(many(50, () => RawSocket.open(target.url)));
        for (const socket of sockets) await socket.write(say(resume));
        for (const socket of sockets) {
          await socket.until(({ texts }) => texts.length > 0);
          await socket.write(closing(1000));
          expect((await socket.ended()).code).toBe(1000);
        }
      }
    },
  },
  {
    id: "X08",
    what: "of a storm of clients that come back, as many are let in each second as handshakesPerSecond says",
    async run() {
      const target = await Target.start({}, { admission: { handshakesPerSecond: 20 } });
      const resume = say({ type: "connect", resume: true, session: crypto.randomUUID(), received: 0 });
      target.clock.advance(1_000);
      for (let second = 0; second < 3; second += 1) {
        const tries = await Promise.allSettled(many(200, () => RawSocket.open(target.url)));
        const sockets = tries.flatMap((tried) => (tried.status === "fulfilled" ? [tried.value] : []));
        const refusals = tries.flatMap((tried) => (tried.status === "rejected" ? [String(tried.reason)] : []));
        expect(sockets).toHaveLength(20);
        expect(new Set(refusals)).toEqual(new Set(["Error: the handshake was answered with 503"]));
        await target.echo();
        for (const socket of sockets) {
          await socket.write(resume);
          await socket.until(({ texts }) => texts.length > 0);
          await socket.write(closing(1000));
          await socket.ended();
        }
        while (target.server.stats().connections > 1) await turn();
        target.clock.advance(1_000);
      }
      await target.check();
      await target.stop();
    },
  },
  {
    id: "X09",
    what: "3,000 requests for history at once are answered at the pace that a client has, in order",
    async run(target) {
      const requests = many(3_000, (n) => ({ type: "history", ref: n + 2, channel: "open" }));
      const client = await saying(target, { type: "subscribe", ref: 1, channel: "open" }, ...requests);
      const lines = await told(target, client, 3_002);
      expect(lines.slice(2).map((line) => (JSON.parse(line) as { ref: number }).ref)).toEqual(
        requests.map(({ ref }) => ref),
      );
      client.leave();
    },
  },
  {
    id: "X10",
    what: "2,000 mistakes of clients are no line of the log",
    async run(target) {
      const client = await saying(
        target,
        ...many(1_000, (n) => ({ type: "subscribe", ref: n, channel: "" })),
        ...many(1_000, () => ({})),
      );
      await told(target, client, 2_000);
      expect(target.warnings).toEqual([]);
      client.leave();
    },
  },
  {
    id: "X10",
    what: "200 pages of another origin are 10 lines at most",
    async run(target) {
      await Promise.all(
        many(200, () => RawSocket.open(target.url, { Origin: "https://evil.example" }).catch(() => undefined)),
      );
      expect(target.warnings.length).toBeLessThanOrEqual(10);
    },
  },
  {
    id: "X11",
    what: "the metrics do not grow with the channels",
    async run(target) {
      const lines = (): number => metrics(target.server).split("\n").length;
      const before = lines();
      const client = await saying(target, ...many(128, (n) => subscribe("open-counted-", n)));
      await told(target, client, 129);
      expect(lines()).toBe(before);
      expect(metrics(target.server)).not.toContain("counted");
      client.leave();
    },
  },
];

describe("volume and state", () => {
  hostile({ group: "X", start: () => Target.start({}, { admission: { connections: 10_000 } }) }, rows);
});
