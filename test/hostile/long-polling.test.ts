import { describe, expect } from "vitest";
import { converse, dial, headOf, readUntil } from "../server/raw-request.ts";
import { ask, LinkClient } from "../transports/http/link-client.ts";
import { turn } from "../transports/http/serve.ts";
import type { Said } from "./native-client.ts";
import { hostile, type Row } from "./rows.ts";
import { Target } from "./target.ts";

const json = { "Content-Type": "application/json" };

/** A connected native client over polls, at frame 1. */
async function connected({ url }: Target): Promise<LinkClient> {
  const client = await LinkClient.open(url, '{"type":"connect"}');
  expect((await client.poll(0)).body).toContain('"connected"');
  return client;
}

const echo = (data: unknown): string => JSON.stringify({ type: "request", ref: 1, event: "echo", data });

async function told(client: LinkClient, after: number): Promise<readonly Said[]> {
  return JSON.parse((await client.poll(after)).body) as readonly Said[];
}

/** Lets time pass until it is answered. */
async function inTime<Answer>({ clock }: Target, asked: Promise<Answer>): Promise<Answer> {
  let isAnswered = false;
  void asked.finally(() => (isAnswered = true));
  while (!isAnswered) {
    clock.advance(100);
    for (let turns = 0; turns < 5; turns += 1) await turn();
  }
  return asked;
}

const rows: readonly Row[] = [
  ...["", "'", "%0A", "x".repeat(10_000), "__proto__"].map((id) => ({
    id: "LP01",
    what: `the link ${JSON.stringify(id.slice(0, 20))} is unknown`,
    run: async ({ url, clock }: Target) => {
      clock.advance(60_000);
      for (const path of [`poll?link=${id}&after=0`, `sse?link=${id}`]) {
        expect(await ask(`${url}/${path}`)).toMatchObject({ status: 400, body: "unknown link\n" });
      }
      for (const path of [`send?link=${id}&seq=1`, `close?link=${id}`]) {
        const answer = await ask(`${url}/${path}`, { method: "POST", headers: json, body: "x" });
        expect(answer).toMatchObject({ status: 400, body: "unknown link\n" });
      }
    },
  })),
  {
    id: "LP02",
    what: "guesses are answered with 429 after 20 in a minute, and who has a link does not mind",
    async run(target) {
      target.clock.advance(60_000);
      const client = await connected(target);
      const statuses: number[] = [];
      for (let n = 0; n < 100; n += 1) {
        const guess = String(n).padStart(22, "a");
        statuses.push((await ask(`${target.url}/poll?link=${guess}&after=0`)).status);
      }
      expect(statuses).toEqual([...Array<number>(20).fill(400), ...Array<number>(80).fill(429)]);
      await client.send(1, echo(1));
      expect(await told(client, 1)).toMatchObject([{ type: "response", data: 1 }]);
      await client.close();
    },
  },
  {
    id: "LP03",
    what: "the older of two polls is superseded, and nothing is lost",
    async run(target) {
      const client = await connected(target);
      const polls = [client.poll(1), client.poll(1)];
      // Whichever came first is answered by the other.
      const [first] = await Promise.race(polls.map(async (poll, index) => [(await poll).status, index] as const));
      expect(first).toBe(409);
      await client.send(1, echo("once"));
      const bodies = (await Promise.all(polls)).filter(({ status }) => status === 200).map(({ body }) => body);
      expect(bodies).toEqual([expect.stringContaining('"once"')]);
      await client.close();
    },
  },
  {
    id: "LP04",
    what: "a frame that is posted twice happens once",
    async run(target) {
      const client = await connected(target);
      expect((await client.send(1, echo(1))).status).toBe(204);
      expect((await client.send(1, echo(1))).status).toBe(204);
      await client.send(2, '{"type":"ping"}');
      expect((await told(client, 1)).map(({ type }) => type)).toEqual(["response", "pong"]);
      await client.close();
    },
  },
  {
    id: "LP05",
    what: "a gap is answered with 409 in the end, and can still be filled",
    async run(target) {
      const client = await connected(target);
      expect((await inTime(target, client.send(2, echo(2)))).status).toBe(409);
      expect((await client.send(70, echo(70))).status).toBe(409);
      await client.send(1, echo(1));
      await client.send(2, echo(2));
      expect((await told(client, 1)).map(({ data }) => data)).toEqual([1, 2]);
      await client.close();
    },
  },
  {
    id: "LP06",
    what: "an old poll that is replayed gets what it got, or 409",
    async run(target) {
      const client = await connected(target);
      await client.send(1, echo(1));
      const { body } = await client.poll(1);
      expect((await client.poll(1)).body).toBe(body);
      await client.send(2, echo(2));
      expect(await told(client, 2)).toMatchObject([{ data: 2 }]);
      expect((await client.poll(1)).status).toBe(409);
      await client.close();
    },
  },
  {
    id: "LP07",
    what: "a poll from the future is refused, and its link closed",
    async run(target) {
      const client = await connected(target);
      expect((await client.poll(2)).status).toBe(400);
      expect((await client.poll(1)).status).toBe(410);
    },
  },
  {
    id: "LP08",
    what: "what a client did not read comes again",
    async run(target) {
      const client = await connected(target);
      await client.send(1, echo(1));
      const socket = await dial(target.url);
      socket.write(headOf(`GET /carillon/poll?link=${client.id}&after=1 HTTP/1.1`, ["Host: x"]));
      await readUntil(socket, /^HTTP\/1\.1 200 /);
      socket.resetAndDestroy();
      expect(await told(client, 1)).toMatchObject([{ data: 1 }]);
      await client.close();
    },
  },
  {
    id: "LP09",
    what: "an answer that got lost on the way to the client comes again, and nothing happens twice",
    async run(target) {
      const client = await connected(target);
      const socket = await dial(target.url);
      const body = echo("lost");
      const head = headOf(`POST /carillon/send?link=${client.id}&seq=1 HTTP/1.1`, [
        "Host: x",
        "Content-Type: application/json",
        `Content-Length: ${body.length}`,
      ]);
      socket.write(head + body);
      await readUntil(socket, /^HTTP\/1\.1 204 /);
      socket.resetAndDestroy();
      expect((await client.send(1, body)).status).toBe(204);
      expect(await told(client, 1)).toHaveLength(1);
      await client.close();
    },
  },
  {
    id: "LP10",
    what: "a body of exactly 64 KiB is read, one byte more is not, nor is what announces more",
    async run(target) {
      const client = await connected(target);
      const frame = (bytes: number): string => echo("").replace('""', `"${"x".repeat(bytes - echo("").length)}"`);
      expect((await client.send(1, frame(65_536))).status).toBe(204);
      expect((await client.send(2, frame(65_537))).status).toBe(413);
      const head = headOf(`POST /carillon/send?link=${client.id}&seq=2 HTTP/1.1`, [
        "Host: x",
        "Content-Type: application/json",
        "Content-Length: 10000000000",
      ]);
      expect(await converse(target.url, head)).toMatch(/^HTTP\/1\.1 413 /);
      await client.close();
    },
  },
  {
    id: "LP11",
    what: "a body that does not end is answered with 408",
    async run(target) {
      const client = await connected(target);
      const head = headOf(`POST /carillon/send?link=${client.id}&seq=1 HTTP/1.1`, [
        "Host: x",
        "Content-Type: application/json",
        "Transfer-Encoding: chunked",
      ]);
      expect(await inTime(target, converse(target.url, `${head}1\r\n[\r\n`))).toMatch(/^HTTP\/1\.1 408 /);
      await client.close();
    },
  },
  ...["\x1e", "\n", "4\x1e", "[", "1,"].map((part) => ({
    id: "LP12",
    what: `${JSON.stringify(part)} over and over is too large, or a mistake`,
    run: async (target: Target) => {
      const client = await connected(target);
      const answer = await client.send(1, part.repeat(1_000_000 / part.length)).catch(() => undefined);
      // Whoever writes on may be cut off before the answer is read.
      if (answer) expect(answer.status).toBe(413);
      const before = performance.now();
      expect((await client.send(1, part.repeat(60_000 / part.length))).status).toBe(204);
      expect(await told(client, 1)).toMatchObject([{ type: "error", code: "bad-request" }]);
      expect(performance.now() - before).toBeLessThan(500);
      await client.close();
    },
  })),
  {
    id: "LP19",
    what: "a connection that has no link cannot be polled",
    async run({ url, server, clock }) {
      clock.advance(60_000);
      const { id } = server.connections[0]!;
      expect(await ask(`${url}/poll?link=${id}&after=0`)).toMatchObject({ status: 400 });
    },
  },
  {
    id: "LP22",
    what: "links that are opened and never polled are dropped, whether they said something or not",
    async run({ url, server, clock }) {
      const open = (n: number): Promise<LinkClient> => LinkClient.open(url, n % 2 === 0 ? "" : '{"type":"connect"}');
      for (let round = 0; round < 10; round += 1) {
        await Promise.all(Array.from({ length: 50 }, (_, n) => open(n)));
      }
      expect(server.stats().connections).toBe(251);
      clock.advance(31_000);
      for (let turns = 0; turns < 10; turns += 1) await turn();
      expect(server.stats().connections).toBe(1);
    },
  },
  {
    id: "LP22",
    what: "links of one address beyond 100 are refused with 429, and those of others are not",
    async run({ url, clock }) {
      const from = (ip: string): Promise<number> =>
        ask(`${url}/open`, { method: "POST", headers: { ...json, "X-Forwarded-For": ip } }).then(
          ({ status }) => status,
        );
      const statuses: number[] = [];
      for (let n = 0; n < 110; n += 1) statuses.push(await from("203.0.113.7"));
      expect(statuses).toEqual([...Array<number>(100).fill(200), ...Array<number>(10).fill(429)]);
      expect(await from("203.0.113.8")).toBe(200);
      clock.advance(31_000);
      for (let turns = 0; turns < 10; turns += 1) await turn();
      expect(await from("203.0.113.7")).toBe(200);
    },
  },
  {
    id: "LP23",
    what: "there is no JSONP, and nothing that a page could take for a script",
    async run(target) {
      const client = await connected(target);
      await client.send(1, echo("<script>alert(1)</script>"));
      const answer = await ask(`${client.at("poll", { after: 1 })}&j=0&callback=alert`);
      expect(answer.headers).toMatchObject({ "content-type": "application/json", "x-content-type-options": "nosniff" });
      expect(answer.body.startsWith("[{")).toBe(true);
      await client.close();
    },
  },
  ...["text/html", "text/plain", "multipart/form-data; boundary=x", "application/json; charset=utf-7"].map((type) => ({
    id: "LP24",
    what: `a body of ${type} is refused`,
    run: async (target: Target) => {
      const client = await connected(target);
      const headers = { "Content-Type": type };
      for (const url of [`${target.url}/open`, client.at("send", { seq: 1 })]) {
        expect((await ask(url, { method: "POST", headers, body: echo(1) })).status).toBe(415);
      }
      await client.close();
    },
  })),
  {
    id: "LP25",
    what: "a page of another origin may not post, whatever cookies it has",
    async run(target) {
      const client = await connected(target);
      const headers = { ...json, Origin: "https://evil.example", Cookie: "session=stolen" };
      for (const url of [`${target.url}/open`, client.at("send", { seq: 1 })]) {
        expect((await ask(url, { method: "POST", headers, body: echo(1) })).status).toBe(403);
      }
      await client.close();
    },
  },
  {
    id: "LP26",
    what: "HTTP/1.0 and Connection: close are answered as they ask",
    async run(target) {
      const client = await connected(target);
      await client.send(1, echo(1));
      for (const [version, headers] of [
        ["1.0", ["Host: x"]],
        ["1.1", ["Host: x", "Connection: close"]],
      ] as const) {
        const head = headOf(`GET /carillon/poll?link=${client.id}&after=1 HTTP/${version}`, headers);
        expect(await converse(target.url, head)).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\n\[\{[^]*\}\]$/);
      }
      await client.close();
    },
  },
  {
    id: "LP27",
    what: "200 requests on one connection are answered in order",
    async run(target) {
      const client = await connected(target);
      const requests = Array.from({ length: 200 }, (_, n) => {
        const body = echo(n);
        const headers = ["Host: x", "Content-Type: application/json", `Content-Length: ${body.length}`];
        if (n === 199) headers.push("Connection: close");
        return headOf(`POST /carillon/send?link=${client.id}&seq=${n + 1} HTTP/1.1`, headers) + body;
      });
      expect((await converse(target.url, requests.join(""))).match(/HTTP\/1\.1 204 /g)).toHaveLength(200);
      expect((await told(client, 1)).map(({ data }) => data)).toEqual(Array.from({ length: 200 }, (_, n) => n));
      await client.close();
    },
  },
];

describe("long-polling", () => {
  hostile({ group: "LP", start: () => Target.start({}, { trustProxy: 1 }) }, rows);
});
