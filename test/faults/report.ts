import type { Verdict } from "./checker.ts";

/** The server's own counts that a run is held against. */
export interface ServerCounts {
  readonly published: number;
  /** Gaps are among them. */
  readonly delivered: number;
  readonly gaps: number;
}

/**
 * Where what the actors wrote down and what the server counted differ; one line each.
 *
 * `sessionsEnded`: connections were given up while they waited for their clients, with deliveries that nobody fetched.
 */
export function differences(
  verdict: Verdict,
  stats: ServerCounts,
  { sessionsEnded = false }: { readonly sessionsEnded?: boolean } = {},
): readonly string[] {
  const { acked, indeterminate, serverGaps } = verdict;
  const delivered = verdict.delivered + serverGaps;
  const found: string[] = [];
  const expect = (name: string, theirs: number, least: number, most: number): void => {
    if (theirs >= least && theirs <= most) return;
    const ours = least === most ? String(least) : most === Infinity ? `${least} or more` : `${least} to ${most}`;
    found.push(`${name}: the server counted ${theirs}, the actors ${ours}`);
  };
  expect("published", stats.published, acked, acked + indeterminate);
  expect("delivered", stats.delivered, delivered, sessionsEnded ? Infinity : delivered);
  expect("gaps", stats.gaps, serverGaps, sessionsEnded ? Infinity : serverGaps);
  return found;
}

/** Class Z0: nothing lost, duplicated, reordered or made up, and no gap that need not have been. */
export function isFlawless(verdict: Verdict): boolean {
  const { lost, duplicated, reordered, phantom, needlessGaps } = verdict;
  return [lost, duplicated, reordered, phantom, needlessGaps].every(({ length }) => length === 0);
}

/** One line for a person. */
export function lineOf(name: string, verdict: Verdict, differing: readonly string[]): string {
  const { published, acked, indeterminate, delivered, lost, duplicated, reordered, phantom, gaps } = verdict;
  const { needlessGaps, longestBlackoutMs, latencyMs } = verdict;
  const counts = { published, acked, indeterminate, delivered };
  const flaws = { lost, duplicated, reordered, phantom, gaps, "needless gaps": needlessGaps };
  const times = { blackout: longestBlackoutMs, p50: latencyMs.p50, p99: latencyMs.p99, max: latencyMs.max };
  return [
    `${name}:`,
    Object.entries(counts)
      .map(([what, number]) => `${number} ${what},`)
      .join(" "),
    Object.entries(flaws)
      .map(([what, { length }]) => `${length} ${what},`)
      .join(" "),
    Object.entries(times)
      .map(([what, ms]) => `${what} ${ms.toFixed(ms < 10 ? 1 : 0)} ms,`)
      .join(" "),
    differing.length === 0 ? "counts agree with the server's" : differing.join("; "),
  ].join(" ");
}
