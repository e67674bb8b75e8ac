import fc from "../properties.ts";
import { describe, expect, it } from "vitest";
import { checkChannelName, checkEventName } from "../../src/engine/names.ts";

const both = [
  ["channel", checkChannelName],
  ["event", checkEventName],
] as const;

describe.each(both)("the name of a %s", (kind, check) => {
  const refused = expect.objectContaining({ code: `${kind}-name-invalid` });

  it.each([
    ["one byte", "a"],
    ["200 bytes", "a".repeat(200)],
    ["200 bytes of two each", "é".repeat(100)],
    ["198 bytes of three each", "€".repeat(66)],
    ["200 bytes of four each", "🙂".repeat(50)],
    ["mixed to 200 bytes", `${"🙂".repeat(49)}€a`],
  ])("L7: may have %s", (_, name) => {
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
    expect(() => check(name)).not.toThrow();
  });

  it.each([
    ["no byte", ""],
    ["201 bytes", "a".repeat(201)],
    ["201 bytes, the last character of two", `${"a".repeat(199)}é`],
    ["201 bytes of three each", "€".repeat(67)],
    ["201 bytes, four for each but one", `${"🙂".repeat(50)}a`],
    ["N06: 200 emoji", "🙂".repeat(200)],
    ["a megabyte", "a".repeat(1_000_000)],
  ])("L7, J17: may not have %s", (_, name) => {
    expect(() => check(name)).toThrow(refused);
  });

  it("N06: has no control characters, wherever they are", () => {
    const controls = [
      ...Array.from({ length: 0x20 }, (_, code) => code),
      ...Array.from({ length: 0x21 }, (_, code) => 0x7f + code),
    ];
    for (const code of controls) {
      const char = String.fromCharCode(code);
      for (const name of [char, `a${char}`, `${char}a`, `a${char}b`]) expect(() => check(name)).toThrow(refused);
    }
    expect(() => check("a\r\nPUB x 1")).toThrow(refused);
  });

  it.each(["\ud800", "\udc00", "a\ud83d", "\ude42a", "\ude42\ud83d", "🙂\ud83d"])(
    "J09: has no lone surrogates (%j)",
    (name) => {
      expect(() => check(name)).toThrow(refused);
    },
  );

  it.each([
    ..."__proto__ constructor prototype toString hasOwnProperty . .. * > a.* {tag} [a-z] ? newListener message".split(
      " ",
    ),
    " ",
    "a b",
    "\u00a0",
    "\u202e",
    "\u200b",
    "\ufeff",
    "İ",
    "Private-x",
    "%s%n",
    "<script>",
    "\ufffd",
  ])("N06, N07, J17: is opaque otherwise (%j)", (name) => {
    expect(() => check(name)).not.toThrow();
  });

  it("is legal, for any text, exactly by its bytes and characters", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 210 }),
      fc.string({ unit: fc.constantFrom("a", "é", "€", "🙂"), minLength: 45, maxLength: 210 }),
      fc.string({ unit: fc.constantFrom("a", "\ud83d", "\ude42") }),
    );
    fc.assert(
      fc.property(text, (name) => {
        const bytes = Buffer.byteLength(name);
        const controls = [...name].some((char) => char < " " || (char >= "\u007f" && char <= "\u009f"));
        // Node writes three bytes for a lone surrogate, as for the replacement character.
        const isLegal = bytes >= 1 && bytes <= 200 && !controls && name.isWellFormed();
        let passed = true;
        try {
          check(name);
        } catch {
          passed = false;
        }
        expect(passed).toBe(isLegal);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("reserved names", () => {
  it.each(["connect", "disconnect", "error", "gap"])("N07: no event may be called %s, but a channel may", (name) => {
    expect(() => checkEventName(name)).toThrow(expect.objectContaining({ code: "event-name-invalid" }));
    expect(() => checkChannelName(name)).not.toThrow();
  });

  it.each(["Connect", "connect ", "connected", "errors"])("an event may be called %j", (name) => {
    expect(() => checkEventName(name)).not.toThrow();
  });
});
