import { describe, expect, it } from "vitest";
import { chart } from "../../bench/chart.ts";
import { cell, workload } from "./cells.ts";

const servers = ["carillon", "ws", "floor"];
const cells = [cell("W16", "carillon", 0.5), cell("W16", "ws", 4), cell("W16", "floor", 0.25)];

describe("the chart", () => {
  const svg = chart(cells, servers, [workload("W16"), workload("W1")]);

  it("puts the cheapest server on top", () => {
    const labels = [...svg.matchAll(/text-anchor="end"[^>]*>([^<]+)</g)].map(([, label]) => label);
    expect(labels).toEqual(["floor", "carillon", "ws"]);
  });

  it("draws bars as long as the costs, and the longest over the whole width", () => {
    const lengths = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, length]) => Number(length));
    expect(lengths[2]! / lengths[1]!).toBeCloseTo(8, 1);
    expect(lengths[1]! / lengths[0]!).toBeCloseTo(2, 1);
    expect(lengths[2]).toBe(450);
  });

  it("says what each costs beside Carillon", () => {
    expect(svg).toContain("4.00 µs, 8.00×");
    expect(svg).toContain(">0.500 µs<");
  });

  it("has no panel for a workload without figures, and follows the reader's colours", () => {
    expect(svg).not.toContain("W1:");
    expect(svg).toContain("prefers-color-scheme: dark");
    expect(svg.trimEnd().endsWith("</svg>")).toBe(true);
  });
});
