import type { Measurement } from "../../bench/measurement.ts";
import { cellOf, type Cell } from "../../bench/results.ts";
import { workloads, type Workload } from "../../bench/workloads.ts";

export function measurement(changes: Partial<Measurement> = {}): Measurement {
  return {
    mode: "fan",
    connections: 1_000,
    seconds: 1,
    count: 1_000,
    rate: 1_000,
    cpuUs: 1,
    cpuUserUs: 0.5,
    cpuSystemUs: 0.5,
    serverCpuSeconds: { user: 0.5, system: 0.5 },
    serverShare: 1,
    generatorShare: 0.5,
    limited: false,
    rssKb: 1,
    p50Us: 1,
    p99Us: 2,
    p999Us: 3,
    errors: 0,
    closed: 0,
    ...changes,
  };
}

export function workload(name: string): Workload {
  return workloads.find((candidate) => candidate.name === name)!;
}

/** A cell whose runs used so much CPU. */
export function cell(name: string, server: string, ...cpuUs: readonly number[]): Cell {
  return cellOf(
    workload(name),
    server,
    cpuUs.map((us) => measurement({ cpuUs: us })),
  );
}
