import { afterAll, beforeAll, expect, test } from "vitest";
import { rowsOf } from "./catalogue.ts";
import { usedBytes } from "./memory.ts";
import { Target } from "./target.ts";

/** One hostile input, and what has to come of it. */
export interface Row {
  readonly id: string;
  readonly what: string;
  readonly run: (target: Target) => Promise<void> | void;
}

/** Tries rows of one group on one server, one after another. */
export function hostile(
  { group, start = () => Target.start() }: { readonly group: string; readonly start?: () => Promise<Target> },
  rows: readonly Row[],
): void {
  let target: Target;
  let usedBefore = Infinity;
  beforeAll(async () => {
    target = await start();
  });
  afterAll(() => target.stop());

  for (const [at, { id, what, run }] of rows.entries()) {
    test(`${id}: ${what}`, async () => {
      await run(target);
      await target.check();
      // The first row brings in code that stays.
      if (at === 0) usedBefore = await usedBytes();
    });
  }

  test(`the rows of ${group} leave no memory behind`, async () => {
    expect((await usedBytes()) - usedBefore).toBeLessThan(8 * 2 ** 20);
  });

  test(`others are served at once, whatever ${group} tries`, () => {
    // One wait may be the machine's; half of them are not.
    const waits = target.waits.toSorted((a, b) => a - b);
    expect(waits[waits.length >> 1]).toBeLessThan(50);
  });

  test(`every row is one of ${group}`, () => {
    expect(rowsOf(group)).toEqual(expect.arrayContaining(rows.map(({ id }) => id)));
  });
}
