import { describe, expect, it } from "vitest";
import { InOrder } from "../../src/engine/in-order.ts";
import { gate, turn, type Gate } from "./support.ts";

class Desk {
  readonly log: string[] = [];
  readonly inOrder: InOrder = new InOrder({ high: () => this.log.push("HIGH"), low: () => this.log.push("LOW") });

  now(name: string): void {
    this.inOrder.run(() => void this.log.push(name));
  }

  later(name: string): Gate {
    const made = gate();
    this.inOrder.run(() => {
      this.log.push(name);
      return made.passed.then(() => void this.log.push(`/${name}`));
    });
    return made;
  }
}

describe("InOrder", () => {
  it("runs what finishes at once at once, and makes nothing wait", () => {
    const desk = new Desk();
    desk.now("a");
    desk.now("b");
    expect(desk.log).toEqual(["a", "b"]);
  });

  it("runs one after another while something is pending", async () => {
    const desk = new Desk();
    const first = desk.later("first");
    desk.now("a");
    const second = desk.later("second");
    desk.now("b");
    expect(desk.log).toEqual(["first"]);
    await first.open();
    expect(desk.log).toEqual(["first", "/first", "a", "second"]);
    await second.open();
    expect(desk.log).toEqual(["first", "/first", "a", "second", "/second", "b"]);
  });

  it("is synchronous again once nothing is pending", async () => {
    const desk = new Desk();
    await desk.later("first").open();
    desk.now("a");
    expect(desk.log).toEqual(["first", "/first", "a"]);
  });

  it("keeps the order of what is added while it works off the rest", async () => {
    const desk = new Desk();
    const first = desk.later("first");
    desk.inOrder.run(() => {
      desk.log.push("a");
      desk.now("added by a");
    });
    desk.now("b");
    await first.open();
    expect(desk.log).toEqual(["first", "/first", "a", "b", "added by a"]);
  });

  it("tells of high pressure when 64 wait, once, and of low pressure when they are done", async () => {
    const desk = new Desk();
    const first = desk.later("first");
    for (let count = 1; count <= 63; count += 1) desk.now("x");
    expect(desk.log).not.toContain("HIGH");
    desk.now("x");
    expect(desk.log).toEqual(["first", "HIGH"]);
    for (let count = 0; count < 100; count += 1) desk.now("x");
    expect(desk.log).toEqual(["first", "HIGH"]);
    await first.open();
    expect(desk.log.filter((line) => line === "x")).toHaveLength(164);
    expect(desk.log.at(-1)).toBe("LOW");
    expect(desk.log.filter((line) => line === "LOW")).toHaveLength(1);
  });

  it("tells of pressure again when it comes again", async () => {
    const desk = new Desk();
    for (let round = 0; round < 2; round += 1) {
      const first = desk.later("first");
      for (let count = 0; count < 64; count += 1) desk.now("x");
      await first.open();
    }
    expect(desk.log.filter((line) => line === "HIGH" || line === "LOW")).toEqual(["HIGH", "LOW", "HIGH", "LOW"]);
  });

  it("works off 100,000 without a deep stack", async () => {
    const desk = new Desk();
    const first = desk.later("first");
    for (let count = 0; count < 100_000; count += 1) desk.now("x");
    await first.open();
    await turn();
    expect(desk.log.filter((line) => line === "x")).toHaveLength(100_000);
  });
});
