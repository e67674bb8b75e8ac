import { scheduleOf, simulate, type Outcome } from "./simulate.ts";

/** What is left of a failing schedule when everything is taken away without which it still fails. */
export interface Shrunk {
  readonly outcome: Outcome;
  /** The entries that are needed, by their places in the seed's schedule. */
  readonly only: readonly number[];
  readonly tries: number;
}

/** Which promise was broken: another failure is another bug. */
function kindOf(failure: string | undefined): string {
  return (failure ?? "").split(" ", 1)[0]!.replace(":", "");
}

/** Delta debugging: takes parts away, smaller and smaller ones, as long as the same promise is broken. */
export async function shrink(failing: Outcome, deadlineMs: number): Promise<Shrunk> {
  const end = performance.now() + deadlineMs;
  const kind = kindOf(failing.failure);
  let only: readonly number[] = scheduleOf(failing.seed).map((_, index) => index);
  let outcome = failing;
  let tries = 0;
  let parts = 2;
  while (performance.now() < end) {
    const size = Math.ceil(only.length / parts);
    let isSmaller = false;
    for (let start = 0; start < only.length && performance.now() < end;) {
      const candidate = [...only.slice(0, start), ...only.slice(start + size)];
      tries += 1;
      const found = await simulate(failing.seed, { only: candidate });
      if (kindOf(found.failure) === kind) {
        only = candidate;
        outcome = found;
        isSmaller = true;
      } else start += size;
    }
    if (size === 1 && !isSmaller) break;
    parts = isSmaller ? Math.max(2, parts - 1) : Math.min(parts * 2, only.length);
    if (only.length === 0) break;
  }
  return { outcome, only, tries };
}
