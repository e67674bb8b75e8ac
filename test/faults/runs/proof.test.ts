import { expect, test } from "vitest";
import { webSocket } from "../../../src/client/index.ts";
import { HttpProxy } from "../proxy/http.ts";
import type { FrameAction } from "../proxy/web-socket.ts";
import { seed, small, type Outcome } from "../workload.ts";
import { run } from "./run.ts";

/** Does to five publications on their way what no network can do to a WebSocket. */
async function spoiled(action: FrameAction): Promise<Outcome> {
  let proxy: HttpProxy | undefined;
  const through = async (port: number): Promise<number> => {
    proxy = await HttpProxy.start({ port, seed });
    const match = { type: "publication", direction: "down" } as const;
    proxy.frames.on(match, action, { from: 100, times: 5 });
    return proxy.port;
  };
  try {
    const options = { name: action.kind, size: small, transports: [webSocket], through, catchUpMs: 500 };
    return await run(
      options,
      async () => undefined,
      () => undefined,
    );
  } finally {
    await proxy?.close();
  }
}

test("a run in which publications are swallowed is found out", async () => {
  const { verdict, isFlawless, differing } = await spoiled({ kind: "suppress" });
  expect(verdict.lost.length).toBeGreaterThanOrEqual(5);
  expect(isFlawless).toBe(false);
  expect(differing.join()).toContain("delivered");
}, 30_000);

test("a run in which publications are changed is found out", async () => {
  const { verdict } = await spoiled({ kind: "replace", text: (text) => text.replaceAll('"seq":', '"seq":1') });
  expect(verdict.phantom.length).toBeGreaterThanOrEqual(5);
  expect(verdict.lost.length).toBeGreaterThanOrEqual(5);
}, 30_000);

test("a run in which publications are doubled is found out", async () => {
  // Where a publication says its place, a client forgives it; without one it has nothing to know it again by.
  const placeless = (text: string): string => text.replace(/,"position":"[^"]*"/, "");
  const { verdict } = await spoiled({ kind: "replace", text: (text) => `[${text},${placeless(text)}]` });
  expect(verdict.duplicated.length).toBeGreaterThanOrEqual(5);
}, 30_000);

test("a run in which publications come twice as they are is flawless", async () => {
  const { verdict, isFlawless } = await spoiled({ kind: "duplicate" });
  expect(verdict.duplicated).toEqual([]);
  expect(isFlawless).toBe(true);
}, 30_000);
