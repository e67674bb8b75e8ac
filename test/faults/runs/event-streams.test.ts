import { afterEach, describe, expect, test } from "vitest";
import { longPolling, sse } from "../../../src/client/index.ts";
import { HttpProxy } from "../proxy/http.ts";
import type { Rule } from "../proxy/rules.ts";
import { seed, small } from "../workload.ts";
import { expectNothingWrong, run } from "./run.ts";

const proxies: HttpProxy[] = [];
afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.close();
});

async function through(port: number): Promise<number> {
  const proxy = await HttpProxy.start({ port, seed });
  proxies.push(proxy);
  return proxy.port;
}

describe("F19 what proxies do to streams of events", () => {
  test("a stream is cut again and again, anywhere, and goes on where it was", async ({ annotate }) => {
    const cuts: Rule[] = [];
    const outcome = await run(
      {
        name: "F19",
        transports: [sse],
        through: async (port) => {
          const number = await through(port);
          // Each stream ends after one of these many bytes: within an event, a line, or between two of them.
          for (const bytes of [4_001, 17_003, 2_999, 30_011, 9_973]) {
            cuts.push(
              proxies[0]!.requests.on({ method: "GET", path: "/sse" }, { kind: "cut-body", bytes }, { chance: 0.25 }),
            );
          }
          return number;
        },
      },
      async (_, over) => {
        await new Promise((resolve) => {
          over.addEventListener("abort", resolve);
        });
        for (const cut of cuts) cut.remove();
      },
      annotate,
    );
    expect(cuts.reduce((sum, { hits }) => sum + hits, 0)).toBeGreaterThan(20);
    expectNothingWrong(outcome);
  }, 180_000);

  test("a proxy that holds streams back: the client takes long-polling", async ({ annotate }) => {
    const client = { transports: [sse(), longPolling()], connectTimeoutMs: 1_000 };
    let held: Rule | undefined;
    const outcome = await run(
      {
        name: "F19 buffering",
        size: small,
        client,
        through: async (port) => {
          const number = await through(port);
          held = proxies[0]!.requests.on({ method: "GET", path: "/sse" }, { kind: "buffer", bytes: 65_536 });
          return number;
        },
      },
      async () => undefined,
      annotate,
    );
    expect(held!.hits).toBeGreaterThanOrEqual(small.subscribers);
    expect(proxies[0]!.log.find({ what: "request" }).some(({ detail }) => detail!.includes("/poll"))).toBe(true);
    expectNothingWrong(outcome);
  }, 60_000);
});
