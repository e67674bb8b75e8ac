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

/** What is worth keeping of a cell: not every counter of every run. */
export function keptOf({ runs, ...cell }: Cell): object {
  const kept = runs.map(
    ({ rate, cpuUserUs, cpuSystemUs, serverShare, generatorShare, limited, rssKb, p50Us, p99Us }) => {
      return { rate, cpuUserUs, cpuSystemUs, serverShare, generatorShare, limited, rssKb, p50Us, p99Us };
    },
  );
  return { ...cell, runs: kept };
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
