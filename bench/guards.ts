import { find, type Cell } from "./results.ts";

/** How much Carillon may cost beside a rival in the same run. Never an absolute time: machines differ and have moods. */
export interface Guard {
  readonly workload: string;
  readonly rival: string;
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
  { workload: "W2", rival: "socket.io", atMost: 0.8, reason: "a small message's way through the engine is short" },
  { workload: "W5", rival: "socket.io", atMost: 1, reason: "a request's way through the engine is short" },
  { workload: "accept", rival: "socket.io", atMost: 1, reason: "a connection is cheap to begin" },
];

/** A guard and what was found. */
export interface Verdict {
  readonly guard: Guard;
  /** Carillon's cost divided by the rival's. */
  readonly ratio: number;
  readonly holds: boolean;
}

/** Judges the guards whose two cells were measured. */
export function judge(cells: readonly Cell[], table: readonly Guard[] = guards): readonly Verdict[] {
  return table.flatMap((guard) => {
    const own = find(cells, guard.workload, "carillon");
    const other = find(cells, guard.workload, guard.rival);
    if (!own || !other) return [];
    const ratio = own.median / other.median;
    return [{ guard, ratio, holds: ratio <= guard.atMost }];
  });
}

export function describe({ guard, ratio, holds }: Verdict): string {
  const { workload, rival, atMost, reason } = guard;
  const sign = holds ? "ok  " : "FAIL";
  return `${sign} ${workload}: ${ratio.toFixed(2)} of ${rival}'s cost, at most ${atMost.toFixed(2)} (${reason})`;
}
