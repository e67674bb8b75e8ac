import { describe, expect, test } from "vitest";
import { fieldOf, isObject, jsonPayload } from "../../src/dialects/payload.ts";

test("bytes are base64 text in JSON; everything else is what it is", () => {
  const list = [1];
  expect(jsonPayload(new Uint8Array([255, 0]))).toBe("/wA=");
  expect(jsonPayload(list)).toBe(list);
  expect(jsonPayload(undefined)).toBe(undefined);
});

test("an object is neither a list nor null", () => {
  expect([{}, Object.create(null), [], null, "x", 1].map(isObject)).toEqual([true, true, false, false, false, false]);
});

describe("a field whose name may be spelled in capitals", () => {
  test.each([
    ['{"event":1}', 1],
    ['{"Event":1}', 1],
    ['{"EVENT":1,"event":2}', 2],
    ['{"event":2,"EVENT":1}', 2],
    ['{"Event":1,"EVENT":3}', 3],
    ['{"other":1}', undefined],
  ])("in %s", (text, value) => {
    expect(fieldOf(JSON.parse(text) as Record<string, unknown>, "event")).toBe(value);
  });

  test("is never one that the object inherits", () => {
    expect(fieldOf({}, "constructor")).toBe(undefined);
    expect(fieldOf(JSON.parse('{"__proto__":5}') as Record<string, unknown>, "__proto__")).toBe(5);
  });
});
