import { afterEach, describe, expect, test } from "vitest";
import { longPolling } from "../../../src/client/index.ts";
import type { HttpAction, RequestMatch } from "../proxy/http-rules.ts";
import { HttpProxy } from "../proxy/http.ts";
import type { RuleOptions } from "../proxy/rules.ts";
import { seed, small, type WorkloadOptions } from "../workload.ts";
import { expectNothingWrong, run } from "./run.ts";

const proxies: HttpProxy[] = [];
afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.close();
});

interface Fault {
  readonly name: string;
  readonly match: RequestMatch;
  readonly action: HttpAction;
}

const poll: RequestMatch = { method: "GET", path: "/poll" };
const post: RequestMatch = { method: "POST", path: "/send" };

const faults: readonly Fault[] = [
  { name: "a poll is duplicated, its first answer told", match: poll, action: { kind: "duplicate", answer: "first" } },
  {
    name: "a poll is duplicated, its second answer told",
    match: poll,
    action: { kind: "duplicate", answer: "second" },
  },
  { name: "an old poll is replayed", match: poll, action: { kind: "replay", ms: 300 } },
  { name: "the answer to a poll is dropped after it was sent", match: poll, action: { kind: "drop-response" } },
  { name: "a poll is cut in the middle of its answer", match: poll, action: { kind: "cut-body", bytes: 40 } },
  { name: "a poll is answered 502 by the proxy", match: poll, action: { kind: "answer", status: 502 } },
  { name: "a POST is duplicated", match: post, action: { kind: "duplicate", answer: "first" } },
  { name: "a POST is duplicated later", match: post, action: { kind: "replay", ms: 300 } },
  { name: "POSTs are reordered", match: post, action: { kind: "reorder", maxMs: 50 } },
  { name: "a POST is dropped", match: post, action: { kind: "drop-request" } },
  { name: "the answer to a POST is dropped after it was sent", match: post, action: { kind: "drop-response" } },
  { name: "a POST is answered 502 by the proxy", match: post, action: { kind: "answer", status: 502 } },
  {
    name: "a POST is answered 504 by the proxy after it was handled",
    match: post,
    action: { kind: "answer", status: 504, isHandled: true },
  },
];

/** Polling clients behind a proxy that does this to some of their requests. */
async function survives(
  options: WorkloadOptions,
  wanted: readonly Fault[],
  rule: RuleOptions,
  annotate: (line: string) => unknown,
): Promise<void> {
  let hits: () => readonly number[] = () => [];
  const through = async (port: number): Promise<number> => {
    const proxy = await HttpProxy.start({ port, seed });
    proxies.push(proxy);
    return proxy.port;
  };
  const outcome = await run(
    { ...options, transports: [longPolling], through },
    async (_, over) => {
      const rules = wanted.map(({ match, action }) => proxies[0]!.requests.on(match, action, rule));
      hits = () => rules.map((each) => each.hits);
      await new Promise((resolve) => {
        over.addEventListener("abort", resolve);
      });
      for (const each of rules) each.remove();
    },
    annotate,
  );
  expect(Math.min(...hits()), "every rule acted").toBeGreaterThan(0);
  expectNothingWrong(outcome);
}

describe("F17 what proxies do to long-polling", () => {
  test.each(faults)(
    "$name",
    async (fault) => {
      await survives({ name: `F17 ${fault.name}`, size: small }, [fault], { chance: 0.1 }, () => undefined);
    },
    60_000,
  );

  test("all of that to one in a hundred requests each", async ({ annotate }) => {
    await survives({ name: "F17" }, faults, { chance: 0.01 }, annotate);
  }, 180_000);
});
