import { describe, expect, test } from "vitest";
import { OutboundBudget, type Debtor } from "../../src/transports/outbound-budget.ts";

function debtors(count: number): { readonly all: readonly Debtor[]; readonly shed: readonly number[] } {
  const shed: number[] = [];
  return { all: Array.from({ length: count }, (_, index) => ({ shed: () => void shed.push(index) })), shed };
}

describe("OutboundBudget", () => {
  test("nobody is shed at the limit, and the slowest at one byte past it", () => {
    const budget = new OutboundBudget(100);
    const { all, shed } = debtors(3);
    budget.owe(all[0]!, 20);
    budget.owe(all[1]!, 50);
    budget.owe(all[2]!, 30);
    expect(shed).toEqual([]);
    budget.owe(all[0]!, 21);
    expect(shed).toEqual([1]);
    expect(budget.owedBytes).toBe(51);
  });

  test("what is owed replaces what was owed before, and ends with 0", () => {
    const budget = new OutboundBudget(100);
    const { all, shed } = debtors(2);
    for (const bytes of [90, 10, 80]) budget.owe(all[0]!, bytes);
    budget.owe(all[0]!, 0);
    budget.owe(all[0]!, 0);
    budget.owe(all[1]!, 100);
    expect(shed).toEqual([]);
    expect(budget.owedBytes).toBe(100);
  });

  test("as many are shed as it takes", () => {
    const budget = new OutboundBudget(100);
    const { all, shed } = debtors(4);
    for (const [index, bytes] of [30, 40, 30].entries()) budget.owe(all[index]!, bytes);
    budget.owe(all[3]!, 99);
    expect(shed).toEqual([3]);
    budget.owe(all[3]!, 39);
    expect(shed).toEqual([3, 1]);
  });
});
