import { memoryUsage } from "node:process";
import { createServer, type Server } from "../../../src/index.ts";
import { now, timed } from "./now.ts";
import { orders, report } from "./parent.ts";

/** A node that floods its subscribers, and says what that took of its memory. */

export type FloodingNode =
  | { readonly kind: "listen" }
  | {
      readonly kind: "flood";
      readonly seconds: number;
      readonly perSecond: number;
      readonly bytes: number;
      /** Connections that should be left. */ readonly expected: number;
    };

export interface Listening {
  readonly port: number;
}

export interface Flooded {
  readonly published: number;
  /** How much more was resident, at most, than when it began. */
  readonly grownBytes: number;
  readonly connections: number;
}

async function flood(
  server: Server,
  { seconds, perSecond, bytes, expected }: Extract<FloodingNode, { kind: "flood" }>,
): Promise<Flooded> {
  const before = memoryUsage.rss();
  const begin = now();
  let peak = before;
  let published = 0;
  while (now() - begin < seconds * 1_000) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    // Never late by more than a little: a node that cannot keep up is not asked for more and more.
    const due = Math.min(published + 20, Math.floor(((now() - begin) / 1_000) * perSecond));
    for (; published < due; published += 1) void server.channel("ticks").publish("tick", timed(bytes));
    if (published % 50 === 0) peak = Math.max(peak, memoryUsage.rss());
  }
  void server.channel("ticks").publish("over");
  const over = now();
  // Those that were let go have two seconds to say goodbye, and never do.
  while (server.stats().connections > expected && now() - over < 4_000)
    await new Promise((resolve) => setTimeout(resolve, 50));
  peak = Math.max(peak, memoryUsage.rss());
  return { published, grownBytes: peak - before, connections: server.stats().connections };
}

let server: Server | undefined;
for await (const order of orders<FloodingNode>()) {
  if (order.kind === "listen") {
    server = createServer({ authenticate: ({ token }) => ({ userId: token! }) });
    const { port } = await server.listen({ host: "127.0.0.1" });
    report({ port } satisfies Listening);
  } else report(await flood(server!, order));
}
