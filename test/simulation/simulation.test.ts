import { availableParallelism } from "node:os";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { hunt, inParallel } from "./hunt.ts";
import { mutants } from "./mutants.ts";
import { mutated } from "./mutation.ts";
import { simulatePresence } from "./presence/simulate.ts";
import { describePresenceFailure, describeShrunk } from "./report.ts";
import { scheduleOf, simulate } from "./simulate.ts";
import { shrink } from "./shrink.ts";

const seeds = Array.from({ length: 60 }, (_, index) => index + 1);

describe("simulation", () => {
  test(
    "60 seeds of 60 virtual seconds keep every promise, and every 20th goes the same way twice",
    { timeout: 120_000 },
    async () => {
      let heard = 0;
      let gaps = 0;
      for (const seed of seeds) {
        const outcome = await simulate(seed);
        if (outcome.failure !== undefined) expect.fail(describeShrunk(await shrink(outcome, 30_000)));
        if (seed % 20 === 0) expect((await simulate(seed)).hash).toBe(outcome.hash);
        heard += outcome.heard;
        gaps += outcome.gaps;
      }
      // A world in which nothing happens keeps all promises.
      expect(heard).toBeGreaterThan(10_000);
      expect(gaps).toBeGreaterThan(100);
    },
  );

  test("another seed is another world, and without its schedule nothing is heard", async () => {
    const [one, other, empty] = [await simulate(1), await simulate(2), await simulate(1, { only: [] })];
    expect(one.hash).not.toBe(other.hash);
    expect(one.heard).toBeGreaterThan(0);
    expect(empty).toMatchObject({ heard: 0, failure: undefined });
    expect(scheduleOf(1)).toEqual(one.schedule);
  });
});

describe("presence in the simulation", () => {
  test(
    "12 seeds of 200 users and 60 virtual seconds: everybody knows just who is there, and nobody hears a secret",
    { timeout: 120_000 },
    async () => {
      let moves = 0;
      let heard = 0;
      for (const seed of seeds.slice(0, 12)) {
        const outcome = await simulatePresence(seed);
        if (outcome.failure !== undefined) expect.fail(describePresenceFailure(outcome));
        if (seed % 6 === 0) expect((await simulatePresence(seed)).hash).toBe(outcome.hash);
        moves += outcome.moves;
        heard += outcome.heard;
      }
      // Where nobody comes or goes, and nobody speaks, all is well.
      expect(moves).toBeGreaterThan(100_000);
      expect(heard).toBeGreaterThan(10_000);
    },
  );
});

describe("the mutation gate", () => {
  test("every planted bug has its place in the source", () => {
    for (const mutant of mutants) {
      const source = readFileSync(new URL(`../../src/${mutant.file}`, import.meta.url), "utf8");
      expect(mutated(source, mutant)).not.toBe(source);
    }
    expect(mutants.length).toBeGreaterThanOrEqual(15);
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });

  test("every planted bug is found at its seed, which is one of the first 200", { timeout: 120_000 }, async () => {
    const found = await inParallel(mutants, availableParallelism(), (mutant) => hunt(mutant, mutant.seed, 1));
    const missed = mutants.filter((_, index) => found[index] === undefined).map(({ name }) => name);
    expect(missed).toEqual([]);
    for (const { seed } of mutants) expect(seed).toBeLessThanOrEqual(200);
  });
});
