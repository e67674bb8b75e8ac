import { describe, expect, test } from "vitest";
import { Crowd } from "./crowd.ts";
import { median } from "./median.ts";
import type { FloodingNode, Flooded, Listening } from "./programs/flooding-node.ts";
import type { Begun, Latencies, LatencyClients } from "./programs/latency-clients.ts";
import type { SilentReaders } from "./programs/silent-readers.ts";

const full = process.env["CARILLON_FAULTS"] === "full";
/** Kernels take tens of megabytes for a peer that does not read, before anything has to wait here. */
const seconds = full ? 20 : 10;
const runs = full ? 5 : 1;
const silentCount = full ? 1_000 : 200;
const healthyCount = 20;
const flood = { kind: "flood", seconds, perSecond: 1_000, bytes: 4_096, expected: healthyCount + 1 } as const;
const maxGrowthBytes = 64 * 1_024 * 1_024;
const maxRiseMs = 10;

interface Run {
  readonly p99: number;
  readonly flooded: Flooded;
}

/** A fresh node, so that no run inherits another one's heap. */
async function measured(silent: number): Promise<Run> {
  const node = new Crowd<FloodingNode>(new URL("programs/flooding-node.ts", import.meta.url));
  const healthy = new Crowd<LatencyClients>(new URL("programs/latency-clients.ts", import.meta.url));
  const readers = new Crowd<SilentReaders>(new URL("programs/silent-readers.ts", import.meta.url));
  try {
    const { port } = await node.ask<Listening>({ kind: "listen" });
    await healthy.ask({ kind: "connect", port, clients: healthyCount });
    // Compiled and warm, the memory of a busy node included.
    await healthy.ask<Begun>({ kind: "begin", slow: false });
    await node.ask<Flooded>({ ...flood, seconds: 2 });
    await healthy.ask<Latencies>({ kind: "end" });
    if (silent > 0) await readers.ask({ port, clients: silent });
    await healthy.ask<Begun>({ kind: "begin", slow: false });
    const flooded = await node.ask<Flooded>(flood);
    const { p99, count } = await healthy.ask<Latencies>({ kind: "end" });
    expect(count).toBe(flooded.published * healthyCount);
    return { p99, flooded };
  } finally {
    await Promise.all([node.stop(), healthy.stop(), readers.stop()]);
  }
}

describe("readers that never read (F13, P8, P9)", () => {
  test(`${silentCount} of them, 4 KiB a thousand times a second for ${seconds} s: all are let go, memory grows by at most 64 MiB, and nobody else waits`, async ({
    annotate,
  }) => {
    const without: Run[] = [];
    const beside: Run[] = [];
    for (let run = 0; run < runs; run += 1) {
      without.push(await measured(0));
      beside.push(await measured(silentCount));
    }
    const grown = Math.max(...beside.map(({ flooded }) => flooded.grownBytes));
    const p99s = (of: readonly Run[]): string => of.map(({ p99 }) => p99.toFixed(1)).join(", ");
    const figures = `p99 in ms without: ${p99s(without)}; beside them: ${p99s(beside)}; grown by ${(grown / 1_048_576).toFixed(1)} MiB; ${beside.map(({ flooded }) => flooded.published).join(", ")} published`;
    await annotate(figures);
    for (const { flooded } of beside) expect(flooded.connections).toBeLessThanOrEqual(healthyCount + 1);
    expect(grown, figures).toBeLessThanOrEqual(maxGrowthBytes);
    const rise = median(beside.map(({ p99 }) => p99)) - median(without.map(({ p99 }) => p99));
    if (full) expect(rise, figures).toBeLessThanOrEqual(maxRiseMs);
  }, 600_000);
});
