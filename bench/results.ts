import type { Measurement } from "./measurement.ts";
import type { Workload } from "./workloads.ts";

/** All runs of one workload on one server. */
export interface Cell {
  readonly workload: string;
  readonly server: string;
  readonly runs: readonly Measurement[];
  /** Of the runs' values, in the workload's unit; lower is better. */
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** In most runs the generator was the limit, not the server. */
  readonly isLimited: boolean;
}

export function cellOf(workload: Workload, server: string, runs: readonly Measurement[]): Cell {
  const values = runs.map(workload.value);
  return {
    workload: workload.name,
    server,
    runs,
    median: median(values),
    least: Math.min(...values),
    most: Math.max(...values),
    isLimited: runs.filter(({ limited }) => limited).length * 2 > runs.length,
  };
}

/** The cells as JSON, one on a line, with what is worth keeping of each run. */
export function cellsAsJson(cells: readonly Cell[]): string {
  const kept = ({ rate, cpuUs, cpuUserUs, cpuSystemUs, serverShare, generatorShare, ...run }: Measurement) => {
    const { limited, rssKb, kbPerConnection, p50Us, p99Us, p999Us } = run;
    const cpu = { cpuUs, cpuUserUs, cpuSystemUs, serverShare, generatorShare, limited };
    return { rate, ...cpu, rssKb, kbPerConnection, p50Us, p99Us, p999Us };
  };
  const lines = cells.map(({ runs, ...cell }) => `    ${JSON.stringify({ ...cell, runs: runs.map(kept) })}`);
  return `[\n${lines.join(",\n")}\n  ]`;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return sorted.length === 0 ? Number.NaN : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function find(cells: readonly Cell[], workload: string, server: string): Cell | undefined {
  return cells.find((cell) => cell.workload === workload && cell.server === server);
}
