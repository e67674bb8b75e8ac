import { afterEach, describe, expect, test } from "vitest";
import { longPolling, webSocket } from "../../../src/client/index.ts";
import type { HttpAction, RequestMatch } from "../proxy/http-rules.ts";
import { HttpProxy } from "../proxy/http.ts";
import type { Rule } from "../proxy/rules.ts";
import type { FrameAction, FrameMatch } from "../proxy/web-socket.ts";
import { isFull, seed, until, Workload } from "../workload.ts";
import { expectNothingWrong } from "./run.ts";

const proxies: HttpProxy[] = [];
afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.close();
});

const size = { publishes: 0, perSecond: 500, subscribers: 5, publishers: 5, channels: 2, listensTo: 2 };
const clients = size.subscribers + size.publishers;

type Step =
  | { readonly name: string }
  | { readonly name: string; readonly request: RequestMatch; readonly does: HttpAction }
  | { readonly name: string; readonly frame: FrameMatch; readonly does: FrameAction };

const upgrade: RequestMatch = { method: "UPGRADE" };
const cut: FrameAction = { kind: "disconnect" };

/** From the first to the last thing that is said when a client moves from long-polling to a WebSocket. */
const steps: readonly Step[] = [
  { name: "nowhere" },
  { name: "before the server hears of it", request: upgrade, does: { kind: "drop-request" } },
  { name: "by a refusal", request: upgrade, does: { kind: "answer", status: 503 } },
  { name: "by a handshake that hangs", request: upgrade, does: { kind: "delay", ms: 5_000 } },
  { name: "after the server has opened it", request: upgrade, does: { kind: "drop-response" } },
  { name: "at the connect", frame: { type: "connect", direction: "up" }, does: cut },
  {
    name: "by silence at the connect",
    frame: { type: "connect", direction: "up" },
    does: { kind: "suppress-onwards" },
  },
  { name: "at the connected", frame: { type: "connected", direction: "down" }, does: cut },
  { name: "by silence at the connected", frame: { type: "connected" }, does: { kind: "suppress-onwards" } },
  { name: "after the connected", frame: { type: "connected" }, does: { kind: "disconnect-after" } },
  { name: "at the first publication", frame: { type: "publication", direction: "down" }, does: cut },
  { name: "at the first publish", frame: { type: "publish", direction: "up" }, does: cut },
  { name: "at the old link's last poll", request: { method: "GET", path: "/poll" }, does: { kind: "drop-response" } },
  { name: "at the old link's last POST", request: { method: "POST", path: "/send" }, does: { kind: "drop-response" } },
  { name: "at the old link's end", request: { method: "POST", path: "/close" }, does: { kind: "drop-request" } },
];

/** 10,000 in all. */
const cycles = isFull ? Math.ceil(10_000 / clients / steps.length) : 2;

describe("F18 moving up from long-polling to a WebSocket while messages are in flight", () => {
  test.each(steps)(
    "cut $name",
    async (step) => {
      const workload = new Workload({
        name: `F18 cut ${step.name}`,
        size,
        client: { transports: [webSocket(), longPolling()], upgradeMs: 50, connectTimeoutMs: 1_000 },
        through: async (port) => {
          const proxy = await HttpProxy.start({ port, seed });
          proxies.push(proxy);
          return proxy.port;
        },
      });
      try {
        await workload.start();
        const over = new AbortController();
        const publishing = (async () => {
          while (!over.signal.aborted) await workload.publish(100);
        })();
        for (let cycle = 0; cycle < cycles; cycle += 1) await moveDownAndUp(workload, step);
        over.abort();
        await publishing;
        const outcome = await workload.settle();
        expect(outcome.verdict.published).toBeGreaterThanOrEqual(100);
        expectNothingWrong(outcome);
      } finally {
        await workload.close();
      }
    },
    600_000,
  );
});

/** A link that the server ends first is not ended by its client, and there is nothing to cut: then once more. */
const maxRounds = 5;

async function moveDownAndUp(workload: Workload, step: Step): Promise<void> {
  let hits = 0;
  for (let round = 0; hits === 0 && round < maxRounds; round += 1) hits = await moveOnce(workload, step);
  expect(hits, "it was cut").toBeGreaterThan(0);
}

/** @returns how often the step was cut */
async function moveOnce(workload: Workload, step: Step): Promise<number> {
  const [proxy] = proxies as [HttpProxy];
  const on = (transport: string): boolean =>
    workload.clients.every(
      ({ state }) => state.kind === "open" && (state.transport === "websocket") === (transport === "websocket"),
    );
  const blocked = proxy.requests.on(upgrade, { kind: "answer", status: 503 });
  proxy.trigger({ kind: "disconnect" });
  await until(() => on("long-polling"), 10_000);
  expect(on("long-polling"), "all poll").toBe(true);
  const rule = ruleOf(proxy, step);
  blocked.remove();
  await until(() => on("websocket") && (rule?.hits ?? 1) > 0, 4_000);
  await until(() => on("websocket"), 20_000);
  expect(on("websocket"), "all have moved up").toBe(true);
  rule?.remove();
  return rule?.hits ?? 1;
}

/** Once for each client, or for one of them more than once. */
function ruleOf(proxy: HttpProxy, step: Step): Rule | undefined {
  if ("request" in step) return proxy.requests.on(step.request, step.does, { times: clients });
  if ("frame" in step) return proxy.frames.on(step.frame, step.does, { times: clients });
  return undefined;
}
