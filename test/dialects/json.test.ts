import fc from "../properties.ts";
import { describe, expect, it } from "vitest";
import { parseJson } from "../../src/dialects/json.ts";

const tooDeep = expect.objectContaining({
  code: "bad-request",
  message: expect.stringContaining("the JSON is nested deeper than 3"),
});
const tooMany = expect.objectContaining({ code: "bad-request", message: "the JSON has more than 10000 tokens" });

describe("parseJson", () => {
  it.each([
    ["objects", '{"a":', "}", 32],
    // The outermost is the list of messages.
    ["lists", "[", "]", 33],
    ["lists behind a space", " [", "]", 33],
  ])("J01, J02: takes %s as deep as it may be and refuses one more", (_, open, close, deepest) => {
    const nested = (depth: number): string => open.repeat(depth) + "1" + close.repeat(depth);
    expect(parseJson(nested(deepest))).toEqual(JSON.parse(nested(deepest)));
    expect(() => parseJson(nested(deepest + 1))).toThrow(tooDeep);
    expect(() => parseJson(open.repeat(10_000))).toThrow(tooDeep);
  });

  it("J01: a million brackets are refused in milliseconds, without being parsed", () => {
    for (const text of ["[".repeat(1_000_000), '{"a":'.repeat(200_000), "[[]".repeat(300_000)]) {
      const start = performance.now();
      expect(() => parseJson(text)).toThrow(tooDeep);
      expect(performance.now() - start).toBeLessThan(100);
    }
  });

  it("depth is of what is open, not of what there is", () => {
    const text = `[${Array.from({ length: 100 }, () => `[[{"a":[]}]]`).join(",")}]`;
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ["brackets", "[".repeat(100)],
    ["braces behind an escaped quote", `\\"${"{".repeat(100)}`],
    ["brackets behind escaped backslashes", `${"\\\\".repeat(5)}${"[".repeat(100)}`],
    ["commas and colons", ",:".repeat(20_000)],
  ])("what is in a string does not count: %s", (_, content) => {
    const text = `["${content}"]`;
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  it("a string ends at its quote: brackets behind a backslash that is escaped itself count", () => {
    expect(() => parseJson(`["\\\\",${"[".repeat(33)}`)).toThrow(tooDeep);
    expect(() => parseJson(`{"a\\\\":${"[".repeat(33)}`)).toThrow(tooDeep);
  });

  it("J03: takes 10,000 tokens and refuses one more", () => {
    // A list of n numbers has a bracket and n - 1 commas.
    const numbers = (count: number): string => `[${Array.from({ length: count }, () => "1").join(",")}]`;
    expect(parseJson(numbers(10_000))).toHaveLength(10_000);
    expect(() => parseJson(numbers(10_001))).toThrow(tooMany);
    // Of n keys: a brace, n strings, n colons, n - 1 commas.
    const keys = (count: number): string => `{${Array.from({ length: count }, (_, key) => `"${key}":1`).join(",")}}`;
    expect(Object.keys(parseJson(keys(3_333)) as object)).toHaveLength(3_333);
    expect(() => parseJson(keys(3_334))).toThrow(tooMany);
  });

  it("J03, J04: two megabytes of keys are refused in milliseconds", () => {
    const keys = Array.from({ length: 200_000 }, (_, key) => `"${key}":1`).join(",");
    // Multiples of 2¹⁶ are what integer-like keys collide with (CVE-2026-21717).
    const colliding = Array.from({ length: 131_072 }, (_, key) => `"${key * 65_536}":1`).join(",");
    for (const text of [`{${keys}}`, `{${colliding}}`]) {
      const start = performance.now();
      expect(() => parseJson(text)).toThrow(tooMany);
      expect(performance.now() - start).toBeLessThan(100);
    }
  });

  it.each(["\ufeff{}", "[1,]", "{} // comment", "/* */{}", "{'a':1}", "\u0000", "{}{}", "{}\n{}", ""])(
    "J10, J12: leaves it to JSON.parse to refuse %j",
    (text) => {
      expect(() => parseJson(text)).toThrow(SyntaxError);
      expect(() => parseJson(`${" ".repeat(40)}${text}`)).toThrow(SyntaxError);
    },
  );

  it("J13: escapes and backslashes take linear time", () => {
    const escapes = `"${String.raw`\u0041`.repeat(10_922)}"`;
    expect(parseJson(escapes)).toBe("A".repeat(10_922));
    const backslashes = `"${"\\".repeat(65_536)}`;
    const start = performance.now();
    expect(() => parseJson(backslashes)).toThrow(SyntaxError);
    expect(performance.now() - start).toBeLessThan(100);
  });

  it.each([
    ["one long string", (size: number) => `"${"a".repeat(size)}"`],
    ["backslashes", (size: number) => `"${"\\\\".repeat(size / 2)}"`],
    ["strings that never end", (size: number) => '"\\"'.repeat(size / 3)],
    ["white space", (size: number) => " ".repeat(size)],
    ["closing brackets", (size: number) => "]".repeat(size)],
    ["digits", (size: number) => "1".repeat(size)],
  ])("takes at most twice the time, more or less, for twice the text: %s", (_, make) => {
    const [small, large] = [make(200_000), make(400_000)];
    const timeOf = (text: string): number => {
      let best = Number.POSITIVE_INFINITY;
      for (let run = 0; run < 7; run += 1) {
        const start = performance.now();
        try {
          parseJson(text);
        } catch {
          // Refused or not, it took its time.
        }
        best = Math.min(best, performance.now() - start);
      }
      return best;
    };
    timeOf(small);
    // Quadratic would be 4; half a millisecond is forgiven for what is too fast to measure.
    expect(timeOf(large)).toBeLessThan(3 * timeOf(small) + 0.5);
  });

  it("gives for any JSON what JSON.parse gives", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("throws for any text either its own refusal or a SyntaxError", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[[\]{}",:\\a1 ]{0,200}$/));
    fc.assert(
      fc.property(text, (value) => {
        try {
          parseJson(value);
        } catch (error) {
          if (!(error instanceof SyntaxError)) expect(error).toMatchObject({ code: "bad-request" });
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
