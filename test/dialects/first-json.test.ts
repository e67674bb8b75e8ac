import fc from "../properties.ts";
import { describe, expect, test } from "vitest";
import { firstJson } from "../../src/dialects/first-json.ts";

describe("the first JSON value of a text", () => {
  test.each([
    ['{"a":1}', { a: 1 }],
    ['{"a":1}{"b":2}', { a: 1 }],
    ['{"a":1}\n{"b":2}', { a: 1 }],
    [' \n{"a":"}"} rest', { a: "}" }],
    ['{"a":"\\"}"}x', { a: '"}' }],
    ["[1,[2]],3", [1, [2]]],
    ['"text" more', "text"],
    ['"a\\"b"c', 'a"b'],
    ["12 13", 12],
    ["null", null],
    ["true\tfalse", true],
    ["1{", 1],
  ])("J12, AO-16, GWS-42: of %j", (text, value) => {
    expect(firstJson(text)).toEqual(value);
  });

  test.each(["", "  ", "{", '{"a":', "}", '"open', "nul", "{bad}", "[1"])("%j is none", (text) => {
    expect(() => firstJson(text)).toThrow();
  });

  test("whatever follows it, it is what JSON.parse makes of it alone", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom("", " ", "\n{}", '  "x"', " [", " }"), (value, rest) => {
        const text = JSON.stringify(value);
        expect(firstJson(text + rest)).toEqual(JSON.parse(text));
      }),
      { seed: 20 },
    );
  });

  test("J01: a million brackets are refused in milliseconds", () => {
    const started = performance.now();
    expect(() => firstJson("[".repeat(1_000_000))).toThrow("nested");
    expect(performance.now() - started).toBeLessThan(200);
  });
});
