import { find, type Cell } from "./results.ts";
import { dialectWorkloads } from "./workloads.ts";

/** How much Carillon may cost beside a rival in the same run. Never an absolute time: machines differ and have moods. */
export interface Guard {
  readonly workload: string;
  readonly rival: string;
  /** The workload of the rival, where it is another one: Carillon beside itself. */
  readonly beside?: string;
  /** Carillon's cost divided by the rival's. */
  readonly atMost: number;
  readonly reason: string;
}

/** Generous: they catch a lost property of the design, not a few per cent. */
export const guards: readonly Guard[] = [
  { workload: "W16", rival: "ws", atMost: 1 / 5, reason: "one write per socket and turn, not one per message" },
  { workload: "W16", rival: "socket.io", atMost: 1 / 6, reason: "one write per socket and turn, not one per message" },
  { workload: "W16", rival: "floor", atMost: 4, reason: "the bytes of a turn are built once for all subscribers" },
  { workload: "W6", rival: "ws", atMost: 1 / 3, reason: "a burst leaves in one write" },
  { workload: "W1", rival: "ws", atMost: 1.15, reason: "the engine costs nothing that counts per subscriber" },
  { workload: "W1", rival: "socket.io", atMost: 0.9, reason: "the engine costs nothing that counts per subscriber" },
  { workload: "W2", rival: "socket.io", atMost: 0.85, reason: "a small message's way through the engine is short" },
  { workload: "W5", rival: "socket.io", atMost: 0.95, reason: "a request's way through the engine is short" },
  { workload: "accept", rival: "socket.io", atMost: 0.85, reason: "a connection is cheap to begin" },
  ...dialectWorkloads.map(({ name }) => ({
    workload: name,
    rival: "carillon",
    beside: "W16",
    atMost: 1.2,
    reason: "each publication is encoded once for each dialect",
  })),
];

/** A guard and what was found. */
export interface Verdict {
  readonly guard: Guard;
  /** Carillon's cost divided by the rival's; `undefined` when one of them has no figure. */
  readonly ratio: number | undefined;
  readonly holds: boolean;
}

/**
 * Judges the guards of what was to be measured. Without Carillon's figure a guard fails, because it did not serve; without
 * the rival's it holds, because that is not Carillon's fault.
 */
export function judge(
  cells: readonly Cell[],
  workloads: readonly string[],
  servers: readonly string[],
  table: readonly Guard[] = guards,
): readonly Verdict[] {
  const asked = table.filter(
    ({ workload, rival, beside = workload }) =>
      workloads.includes(workload) && workloads.includes(beside) && servers.includes(rival),
  );
  return asked.map((guard) => {
    const own = find(cells, guard.workload, "carillon");
    const other = find(cells, guard.beside ?? guard.workload, guard.rival);
    if (!own || !other) return { guard, ratio: undefined, holds: own !== undefined };
    // Workloads do not run in turn, so moods of the machine may fall on one of them; they only make a run longer.
    const ratio = guard.beside === undefined ? own.median / other.median : own.least / other.least;
    return { guard, ratio, holds: ratio <= guard.atMost };
  });
}

export function describe({ guard, ratio, holds }: Verdict): string {
  const { workload, rival, beside, atMost, reason } = guard;
  const other = beside ?? rival;
  const found = ratio === undefined ? `no figure beside ${other}` : `${ratio.toFixed(2)} of ${other}'s cost`;
  return `${holds ? "ok  " : "FAIL"} ${workload}: ${found}, at most ${atMost.toFixed(2)} (${reason})`;
}
