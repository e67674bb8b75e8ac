import { describe, expect, it } from "vitest";
import { describe as told, guards, judge, type Guard } from "../../bench/guards.ts";
import { quickRivals, rivals } from "../../bench/rivals.ts";
import { quickWorkloads, workloads } from "../../bench/workloads.ts";
import { cell } from "./cells.ts";

const guard: Guard = { workload: "W16", rival: "ws", atMost: 0.2, reason: "one write per socket and turn" };

describe("the guards", () => {
  it("hold as long as Carillon's share of the rival's cost is small enough", () => {
    const verdicts = judge([cell("W16", "carillon", 0.5), cell("W16", "ws", 5)], ["W16"], ["ws"], [guard]);
    expect(verdicts).toEqual([{ guard, ratio: 0.1, holds: true }]);
  });

  it("fail beyond it, however fast both are", () => {
    const [verdict] = judge([cell("W16", "carillon", 0.05), cell("W16", "ws", 0.1)], ["W16"], ["ws"], [guard]);
    expect(verdict).toMatchObject({ ratio: 0.5, holds: false });
    expect(told(verdict!)).toBe("FAIL W16: 0.50 of ws's cost, at most 0.20 (one write per socket and turn)");
  });

  it("judge by medians", () => {
    const cells = [cell("W16", "carillon", 9, 0.5, 0.4), cell("W16", "ws", 5, 5, 0.1)];
    expect(judge(cells, ["W16"], ["ws"], [guard])).toMatchObject([{ ratio: 0.1, holds: true }]);
  });

  it("fail without a figure of Carillon, and hold without one of the rival", () => {
    expect(judge([cell("W16", "ws", 1)], ["W16"], ["ws"], [guard])).toMatchObject([{ ratio: undefined, holds: false }]);
    const [verdict] = judge([cell("W16", "carillon", 1)], ["W16"], ["ws"], [guard]);
    expect(verdict).toMatchObject({ ratio: undefined, holds: true });
    expect(told(verdict!)).toContain("no figure beside ws");
  });

  it("say nothing about what was not to be measured", () => {
    expect(judge([cell("W16", "ws", 1)], ["W1"], ["ws"], [guard])).toEqual([]);
    expect(judge([cell("W16", "ws", 1)], ["W16"], ["bun"], [guard])).toEqual([]);
  });

  it("compare Carillon with itself in another workload", () => {
    const own = { workload: "go-ws", rival: "carillon", beside: "W16", atMost: 1.2, reason: "encoded once" };
    const cells = [cell("W16", "carillon", 1), cell("go-ws", "carillon", 1.5)];
    const [verdict] = judge(cells, ["W16", "go-ws"], ["carillon"], [own]);
    expect(verdict).toEqual({ guard: own, ratio: 1.5, holds: false });
    expect(told(verdict!)).toBe("FAIL go-ws: 1.50 of W16's cost, at most 1.20 (encoded once)");
    expect(judge(cells, ["go-ws"], ["carillon"], [own])).toEqual([]);
    const disturbed = [cell("W16", "carillon", 2, 1, 2), cell("go-ws", "carillon", 9, 9, 1.1)];
    expect(judge(disturbed, ["W16", "go-ws"], ["carillon"], [own])).toMatchObject([{ ratio: 1.1, holds: true }]);
  });

  it("are about what the quick run measures", () => {
    for (const { workload, rival, beside = workload } of guards) {
      expect(quickWorkloads).toContain(workload);
      expect(quickWorkloads).toContain(beside);
      expect(quickRivals).toContain(rival);
    }
    expect(workloads.map(({ name }) => name)).toEqual(expect.arrayContaining([...quickWorkloads]));
    expect(rivals.map(({ name }) => name)).toEqual(expect.arrayContaining([...quickRivals]));
  });
});
