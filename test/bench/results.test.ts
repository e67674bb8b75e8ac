import { describe, expect, it } from "vitest";
import { cellOf, cellsAsJson, median } from "../../bench/results.ts";
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

describe("the results' JSON", () => {
  it("has a line for each cell, and of each run what is worth keeping", () => {
    const json = cellsAsJson([cell("W1", "ws", 1, 2, 3), cell("W1", "bun", 1)]);
    expect(json.split("\n")).toHaveLength(4);
    const [first] = JSON.parse(json) as [{ median: number; runs: readonly object[] }];
    expect(first.median).toBe(2);
    expect(first.runs[2]).toMatchObject({ cpuUs: 3, rate: 1_000, limited: false });
  });
});
