import { describe, expect, it } from "vitest";
import { cellOf, keptOf, median } from "../../bench/results.ts";
import { cell, measurement, workload } from "./cells.ts";

describe("a cell", () => {
  it("has the median, the least and the most of its runs", () => {
    expect(cell("W16", "ws", 5, 1, 3)).toMatchObject({ median: 3, least: 1, most: 5 });
  });

  it("takes the middle of two middles", () => {
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it("takes the value that its workload is about", () => {
    const runs = [measurement({ cpuUs: 1, p99Us: 7, kbPerConnection: 9 })];
    expect(cellOf(workload("W1"), "ws", runs).median).toBe(1);
    expect(cellOf(workload("paced"), "ws", runs).median).toBe(7);
    expect(cellOf(workload("idle"), "ws", runs).median).toBe(9);
  });

  it("is limited by the generator when most of its runs were", () => {
    const runs = [true, true, false].map((limited) => measurement({ limited }));
    expect(cellOf(workload("W1"), "floor", runs).isLimited).toBe(true);
    expect(cellOf(workload("W1"), "floor", runs.slice(1)).isLimited).toBe(false);
  });
});

describe("what is kept of a cell", () => {
  it("is its median, and of each run the figures that tell whether to believe it", () => {
    expect(keptOf(cell("W1", "ws", 1, 2, 3))).toMatchObject({ median: 2, least: 1, most: 3 });
    const { runs } = keptOf(cell("W1", "ws", 1, 2)) as { readonly runs: readonly object[] };
    expect(runs).toHaveLength(2);
    expect(runs[0]).toMatchObject({ rate: 1_000, serverShare: 1, generatorShare: 0.5, limited: false });
    expect(runs[0]).not.toHaveProperty("connections");
  });
});
