import { describe, expect, test } from "vitest";
import { SeededRandom } from "../../load/programs/random.ts";
import { Rules } from "./rules.ts";

const numbers = (seed = 1): Rules<number, string> => new Rules(new SeededRandom(seed));

describe("rules", () => {
  test("the first one that fits acts, and no other", () => {
    const rules = numbers();
    const one = rules.on(1, "one");
    const again = rules.on(1, "again");
    expect(rules.take((match) => match === 1)).toBe("one");
    expect(rules.take((match) => match === 2)).toBeUndefined();
    expect([one.hits, again.hits]).toEqual([1, 0]);
  });

  test("one acts so many times from the so manieth on, and makes room for the next", () => {
    const rules = numbers();
    rules.on(1, "twice from the third", { from: 3, times: 2 });
    rules.on(1, "else");
    const taken = Array.from({ length: 6 }, () => rules.take(() => true));
    const twice = "twice from the third";
    expect(taken).toEqual(["else", "else", twice, twice, "else", "else"]);
  });

  test("chance comes from the seed, the same each time", () => {
    const taken = (seed: number): readonly unknown[] => {
      const rules = numbers(seed);
      rules.on(1, "hit", { chance: 0.5 });
      return Array.from({ length: 64 }, () => rules.take(() => true));
    };
    expect(taken(3)).toEqual(taken(3));
    expect(taken(3)).not.toEqual(taken(4));
    const hits = taken(3).filter(Boolean).length;
    expect(hits).toBeGreaterThan(16);
    expect(hits).toBeLessThan(48);
  });

  test("what is removed acts no more", () => {
    const rules = numbers();
    rules.on(1, "gone").remove();
    rules.on(1, "cleared");
    rules.clear();
    expect(rules.isEmpty).toBe(true);
    expect(rules.take(() => true)).toBeUndefined();
  });
});
