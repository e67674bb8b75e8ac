import { describe, expect, it } from "vitest";
import { cellOf } from "../../bench/results.ts";
import { comparison, figure, growth, times } from "../../bench/table.ts";
import { workloads } from "../../bench/workloads.ts";
import { cell, measurement, workload } from "./cells.ts";

describe("the table", () => {
  it("shows each cost beside Carillon's in the same workload", () => {
    const cells = [
      cell("W1", "carillon", 4),
      cell("W1", "ws", 4.4),
      cell("W16", "carillon", 0.25),
      cell("W16", "ws", 4),
    ];
    expect(comparison(cells, ["carillon", "ws"], workloads).split("\n")).toEqual([
      "| server   | W1, µs       | W16, µs      |",
      "|----------|--------------|--------------|",
      "| carillon | 4.00         | 0.250        |",
      "| ws       | 4.40 (1.10×) | 4.00 (16.0×) |",
    ]);
  });

  it("leaves empty what was not measured, and marks what the generator limited", () => {
    const limited = cellOf(workload("W1"), "floor", [measurement({ cpuUs: 2, limited: true })]);
    const cells = [cell("W1", "carillon", 4), limited, cell("W6", "carillon", 1)];
    expect(comparison(cells, ["carillon", "floor"], workloads).split("\n").at(-1)).toBe(
      "| floor    | 2.00* (0.50×) |        |",
    );
  });

  it("shows Carillon's growth beside the workload that it grew from", () => {
    const cells = [cell("W16", "carillon", 0.5), cell("members", "carillon", 0.55), cell("mixed", "carillon", 0.6)];
    expect(growth(cells, workloads).split("\n").slice(2)).toEqual([
      "| mixed    | W16, every other in MessagePack | 0.600 | 1.20× W16 |",
      "| members  | W16 with 10,000 subscribers     | 0.550 | 1.10× W16 |",
    ]);
    expect(growth([], workloads)).toBe("");
  });

  it.each([
    [0.2071, "0.207"],
    [4.3149, "4.31"],
    [13.84, "13.8"],
    [439.2, "439"],
    [12_698, "12,698"],
    [Number.NaN, ""],
  ])("gives %d three figures that count", (value, shown) => {
    expect(figure(value)).toBe(shown);
  });

  it("gives ratios fewer decimals the larger they are", () => {
    expect([0.5, 1.234, 16.04, 123.4].map(times)).toEqual(["0.50×", "1.23×", "16.0×", "123×"]);
  });
});
