import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { createClient, webSocket } from "../../../src/client/index.ts";
import { createServer, native } from "../../../src/index.ts";
import { event, Subscriber } from "../actors.ts";
import { check, type Kept } from "../checker.ts";
import { LeapingClock } from "../leaping-clock.ts";
import type { PublisherEntry } from "../logs.ts";
import { payload } from "../payload.ts";
import { TcpProxy } from "../proxy/tcp.ts";
import { differences, lineOf } from "../report.ts";
import { addressOf, seed, until } from "../workload.ts";

/** What is kept in each channel, for all of the absences or for the shorter ones, or not at all. */
const kept: ReadonlyMap<string, Kept | undefined> = new Map([
  ["lasting", { size: 1_000, ttlMs: 7_200_000 }],
  ["fleeting", { size: 1_000, ttlMs: 100_000 }],
  ["unkept", undefined],
]);
const perChannel = 100;

interface Absence {
  readonly seconds: number;
  /** The channels in which something is missing then, and why. */
  readonly gaps: Readonly<Record<string, string>>;
}

const absences: readonly Absence[] = [
  { seconds: 60, gaps: {} },
  { seconds: 119, gaps: {} },
  { seconds: 121, gaps: { fleeting: "expired", unkept: "no-history" } },
  // By then the server has forgotten even that there was a history.
  { seconds: 3_600, gaps: { fleeting: "reset", unkept: "no-history" } },
];

describe("F20 a client that is away", () => {
  test.each(absences)(
    "for $seconds s: nothing is lost, or one gap says so",
    async ({ seconds, gaps }) => {
      const clocks = { server: new LeapingClock(), client: new LeapingClock() };
      const channels = Object.fromEntries([...kept].map(([name, history]) => [name, history ? { history } : {}]));
      const server = createServer({
        clock: clocks.server,
        channels,
        endpoints: { "/carillon": native({ pingMs: 0 }) },
      });
      const { port } = await server.listen({ host: "127.0.0.1" });
      const proxy = await TcpProxy.start({ port, seed });
      const client = createClient(addressOf(proxy.port), {
        transports: [webSocket()],
        clock: clocks.client,
        reconnect: { delayMs: 50, maxDelayMs: 100 },
      });
      const log: PublisherEntry[] = [];
      const now = (): number => clocks.server.now();
      const subscriber = new Subscriber(client, [...kept.keys()], now);
      const publish = async (channel: string): Promise<void> => {
        const seq = log.filter(({ kind }) => kind === "attempt").length + 1;
        log.push({ kind: "attempt", at: now(), seq, channel });
        const { id, position } = await server.channel(channel).publish(event, payload(0, seq, channel));
        const place = position && { position: `${position.epoch}.${position.offset}.${position.tag}` };
        log.push({ kind: "acked", at: now(), seq, id, ...place });
      };
      const publishAll = async (times: number): Promise<void> => {
        for (let time = 0; time < times; time += 1) for (const channel of kept.keys()) await publish(channel);
      };
      const heard = (): number => subscriber.log.filter(({ kind }) => kind === "delivered").length;
      try {
        await client.connect();
        await subscriber.join();
        await publishAll(5);
        await until(() => heard() === 5 * kept.size, 5_000);

        await proxy.down();
        await until(() => server.stats().suspended === 1, 5_000);
        expect(server.stats().suspended).toBe(1);
        await publishAll(perChannel);
        for (let second = 0; second < seconds; second += 1) {
          clocks.server.leap(1_000);
          if (second % 60 === 0) await turn();
        }
        await proxy.up();
        clocks.client.leap(seconds * 1_000);
        await until(() => client.state.kind === "open", 5_000);
        // Something newer ends what there is to hear.
        await publishAll(5);
        const last = log.findLast(({ kind }) => kind === "attempt")!.seq;
        await until(
          () => subscriber.log.some((entry) => entry.kind === "delivered" && seqOf(entry.data) === last),
          5_000,
        );
        await delay(100);

        const logs = { publishers: new Map([[0, log]]), subscribers: new Map([["a", subscriber.log]]) };
        const verdict = check(logs, { history: (channel) => kept.get(channel) });
        const differing = differences(verdict, server.stats(), { sessionsEnded: Object.keys(gaps).length > 0 });
        const line = lineOf(`F20 ${seconds} s`, verdict, differing);
        expect(verdict, line).toMatchObject({ lost: [], duplicated: [], reordered: [], phantom: [], needlessGaps: [] });
        const told = subscriber.log.filter((entry) => entry.kind === "gap");
        expect(told.length, line).toBe(Object.keys(gaps).length);
        expect(Object.fromEntries(told.map(({ channel, reason }) => [channel, reason])), line).toEqual(gaps);
        expect(differing, line).toEqual([]);
        expect(client.reconnects).toBe(1);
      } finally {
        await client.close();
        await proxy.close();
        await server.close({ timeoutMs: 100 });
      }
    },
    30_000,
  );
});

function seqOf(data: unknown): number {
  return (data as { readonly seq: number }).seq;
}
