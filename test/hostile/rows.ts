import { afterAll, beforeAll, expect, test } from "vitest";
import { Target } from "./target.ts";

/** One hostile input, and what has to come of it. */
export interface Row {
  readonly id: string;
  readonly what: string;
  readonly run: (target: Target) => Promise<void> | void;
}

/** One that is not tried here, and why. */
export interface Elsewhere {
  readonly id: string;
  readonly because: string;
}

/** Tries all rows on one server, one after another. */
export function hostile(
  {
    group,
    from = 1,
    to,
    start = () => Target.start(),
  }: {
    readonly group: string;
    readonly from?: number;
    readonly to: number;
    readonly start?: () => Promise<Target>;
  },
  rows: readonly (Row | Elsewhere)[],
): void {
  let target: Target;
  beforeAll(async () => {
    target = await start();
  });
  afterAll(() => target.stop());

  for (const row of rows) {
    if (!("run" in row)) continue;
    test(`${row.id}: ${row.what}`, async () => {
      await row.run(target);
      await target.check();
    });
  }

  test(`every row of ${group} is tried, or its reason is given`, () => {
    const known = Array.from({ length: to - from + 1 }, (_, n) => `${group}${String(from + n).padStart(2, "0")}`);
    expect([...new Set(rows.map(({ id }) => id))].toSorted()).toEqual(known);
    for (const row of rows) if ("because" in row) expect(row.because.length).toBeGreaterThan(20);
  });
}
