import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { TcpProxy } from "../proxy/tcp.ts";
import { seed } from "../workload.ts";
import { expectNothingWrong, run } from "./run.ts";

test("F12 an RST to every client every two seconds: nothing is lost, doubled or out of order", async ({ annotate }) => {
  let proxy: TcpProxy | undefined;
  const through = async (port: number): Promise<number> => {
    proxy = await TcpProxy.start({ port, seed });
    return proxy.port;
  };
  try {
    const outcome = await run(
      { name: "F12", through },
      async (_, over) => {
        while (!over.aborted) {
          await delay(2_000, undefined, { signal: over }).catch(() => undefined);
          if (!over.aborted) proxy!.reset();
        }
      },
      annotate,
    );
    expect(proxy!.log.find({ what: "reset" }).length).toBeGreaterThan(50);
    expectNothingWrong(outcome);
  } finally {
    await proxy?.close();
  }
}, 180_000);
