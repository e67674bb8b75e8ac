import { expect, test } from "vitest";
import { webSocket } from "../../../src/client/index.ts";
import { median } from "../../load/median.ts";
import { realNow } from "../actors.ts";
import { quantile, type Verdict } from "../checker.ts";
import { TcpProxy } from "../proxy/tcp.ts";
import { addressOf, history, isFull, standard, until, Workload, type Outcome } from "../workload.ts";

/** Of those that never read and of those that read a little. */
const slowEach = isFull ? 25 : 5;
/** Slower than usual: with payloads of this size the machine itself would be what is slow. */
const size = { ...standard, perSecond: 200 };
/** Half of all these is more than the sockets swallow. */
const padBytes = isFull ? 2_048 : 6_144;
const maxRiseMs = 10;
/** Something else may keep the machine busy for a moment. */
const maxRounds = 3;

const isHealthy = (subscriber: string): boolean => Number(subscriber.slice(1)) < size.subscribers;

interface Round {
  readonly outcome: Outcome;
  readonly closed: number;
  /** By how much the healthy ones' p99 was more while the others were slow than it was before. */
  readonly riseMs: number;
}

/** The healthy ones' p99 of what was published meanwhile: the median of five parts of that time. */
function p99Of(latencies: Verdict["latencies"], from: number, to: number): number {
  const parts = Array.from({ length: 5 }, (_, at) => {
    const part = (to - from) / 5;
    const begin = from + at * part;
    const own = latencies.filter(({ subscriber, at }) => isHealthy(subscriber) && at >= begin && at < begin + part);
    return quantile(Float64Array.from(own, ({ ms }) => ms).toSorted(), 0.99);
  });
  return median(parts);
}

/** Of the subscribers to everything some stop reading at half time, and read on when all has been published. */
async function round(annotate: (line: string) => unknown): Promise<Round> {
  const proxies: TcpProxy[] = [];
  const workload = new Workload({
    name: "F13",
    size,
    padBytes,
    sessionsEnded: true,
    catchUpMs: 20_000,
    check: { history },
  });
  try {
    const port = await workload.start();
    const channels = Array.from({ length: size.channels }, (_, at) => `room-${at}`);
    let closed = 0;
    for (let at = 0; at < 2; at += 1) {
      const proxy = await TcpProxy.start({ port });
      proxies.push(proxy);
      for (let reader = 0; reader < slowEach; reader += 1) {
        const client = workload.client(webSocket(), addressOf(proxy.port));
        client.on("disconnect", () => (closed += 1));
        await workload.subscribe(client, channels).join();
      }
    }
    const begin = realNow();
    await workload.publish(size.publishes / 2);
    const half = realNow();
    const [still, slow] = proxies as [TcpProxy, TcpProxy];
    still.add({ kind: "pause-read", direction: "down" });
    slow.add({ kind: "bandwidth", bytesPerSecond: 1_024, direction: "down" });
    await workload.publish(size.publishes / 2);
    const end = realNow();
    for (const proxy of proxies) proxy.clear();
    await until(() => closed >= 2 * slowEach, 20_000);
    const closedInAll = closed;
    const outcome = await workload.settle();
    const { latencies } = outcome.verdict;
    const riseMs = p99Of(latencies, half, end) - p99Of(latencies, begin, half);
    await annotate(`${outcome.line}, p99 of the healthy rose by ${riseMs.toFixed(1)} ms`);
    return { outcome, closed: closedInAll, riseMs };
  } finally {
    await workload.close();
    for (const proxy of proxies) await proxy.close();
  }
}

test("F13 slow readers among healthy ones: they are closed, come back, and nobody else notices", async ({
  annotate,
}) => {
  const rises: number[] = [];
  while (rises.length < maxRounds && !rises.some((rise) => rise <= maxRiseMs)) {
    const { outcome, closed, riseMs } = await round(annotate);
    const { verdict, line, isFlawless, differing } = outcome;
    expect(closed, "each slow reader was closed").toBeGreaterThanOrEqual(2 * slowEach);
    expect(isFlawless, line).toBe(true);
    expect(differing, line).toEqual([]);
    // Gaps are for those who were away for too long, and for nobody else.
    expect(verdict.gaps.filter((gap) => isHealthy(gap.split(" ")[0]!))).toEqual([]);
    rises.push(riseMs);
  }
  expect(Math.min(...rises), "ms by which the p99 of the healthy rose").toBeLessThanOrEqual(maxRiseMs);
}, 900_000);
