import { describe, expect, it } from "vitest";
import { exceedsBytes } from "../../src/engine/payload-size.ts";
import type { Publication } from "../../src/engine/publication.ts";

const of = (...payloads: readonly unknown[]): readonly Publication[] =>
  payloads.map((data) => ({ channel: "c", event: "e", data, id: "1", time: 0 }));

describe("the estimate of how long payloads are", () => {
  it.each<[string, readonly unknown[], number]>([
    ["nothing", [], 0],
    ["text with its quotes", ["x".repeat(98)], 100],
    ["several together", ["x".repeat(48), "x".repeat(48)], 100],
    ["bytes as base64", [new Uint8Array(3_000)], 4_002],
    ["what is in lists and objects", [[{ long: ["x".repeat(98)] }]], 100 + 4 * 3 + 8],
  ])("counts %s", (_, payloads, bytes) => {
    expect(exceedsBytes(of(...payloads), bytes)).toBe(false);
    if (bytes > 0) expect(exceedsBytes(of(...payloads), bytes - 1)).toBe(true);
  });

  it("is near what JSON makes of ordinary payloads", () => {
    const data = Array.from({ length: 100 }, (_, id) => ({
      id,
      name: `name ${id}`,
      tags: ["a", "b"],
      at: null,
      on: true,
    }));
    const { length } = JSON.stringify(data);
    expect(exceedsBytes(of(data), Math.floor(length * 0.7))).toBe(true);
    expect(exceedsBytes(of(data), Math.ceil(length * 1.5))).toBe(false);
  });

  it("ends for what is too deep or never ends", () => {
    let deep: unknown = [];
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(exceedsBytes(of(deep), 1_048_576)).toBe(false);
    const endless: unknown[] = [];
    endless.push(endless);
    expect(exceedsBytes(of(endless), 1_048_576)).toBe(true);
  });
});
