import { describe, expect, it } from "vitest";
import { systemRandom } from "../../src/platform/random.ts";

const uuid = (): string => systemRandom.uuid();

describe("a UUID", () => {
  it("has the form of version 4 (RFC 9562, section 5.4)", () => {
    for (let count = 0; count < 100; count += 1) {
      expect(uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });

  it("is never the same", () => {
    expect(new Set(Array.from({ length: 10_000 }, uuid)).size).toBe(10_000);
  });

  it("has no other bit that stays the same", () => {
    const all = Array.from({ length: 1_000 }, () => uuid().replaceAll("-", ""));
    for (let index = 0; index < 32; index += 1) {
      const digits = new Set(all.map((text) => text[index]));
      expect(digits.size).toBe(index === 12 ? 1 : index === 16 ? 4 : 16);
    }
  });
});

describe("a random number", () => {
  it("is at least 0 and less than 1", () => {
    for (let count = 0; count < 1_000; count += 1) {
      const number = systemRandom.next();
      expect(number).toBeGreaterThanOrEqual(0);
      expect(number).toBeLessThan(1);
    }
  });
});
