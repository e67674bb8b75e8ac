import { expect } from "vitest";
import { Workload, type Outcome, type WorkloadOptions } from "../workload.ts";

/** Publishes everything while the fault is at work, and tells what became of it in one line. */
export async function run(
  options: WorkloadOptions,
  fault: (workload: Workload, over: AbortSignal) => Promise<void>,
  annotate: (line: string) => unknown,
): Promise<Outcome> {
  const workload = new Workload(options);
  const over = new AbortController();
  try {
    await workload.start();
    const faulty = fault(workload, over.signal);
    await workload.publish();
    over.abort();
    await faulty;
    const outcome = await workload.settle();
    await annotate(outcome.line);
    return outcome;
  } finally {
    over.abort();
    await workload.close();
  }
}

/** Nothing lost, duplicated, reordered or made up, no gap at all, and the server has counted the same. */
export function expectNothingWrong({ verdict, differing, line }: Outcome): void {
  const { lost, duplicated, reordered, phantom, gaps, published, acked } = verdict;
  const few = (lines: readonly string[]): readonly string[] => lines.slice(0, 3);
  const wrong = { lost, duplicated, reordered, phantom, gaps };
  const found = Object.fromEntries(Object.entries(wrong).map(([name, lines]) => [name, few(lines)]));
  expect(found, line).toEqual({ lost: [], duplicated: [], reordered: [], phantom: [], gaps: [] });
  expect(acked, line).toBe(published);
  expect(differing, line).toEqual([]);
}
