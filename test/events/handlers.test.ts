import fc from "../properties.ts";
import { describe, expect, it } from "vitest";
import { Handlers } from "../../src/events/handlers.ts";

describe("Handlers", () => {
  it("finds the handlers of an event in the order they were added", () => {
    const handlers = new Handlers<string>();
    handlers.add("chat", "first");
    handlers.add("other", "elsewhere");
    handlers.add("chat", "second");
    expect(handlers.find("chat")).toEqual(["first", "second"]);
    expect(handlers.find("nobody")).toEqual([]);
  });

  it("keeps the order among exact names and patterns", () => {
    const handlers = new Handlers<string>();
    handlers.add("user:*", "pattern");
    handlers.add("user:joined", "exact");
    handlers.add("*", "everything");
    expect(handlers.find("user:joined")).toEqual(["pattern", "exact", "everything"]);
    expect(handlers.find("user:")).toEqual(["pattern", "everything"]);
    expect(handlers.find("user")).toEqual(["everything"]);
  });

  it("takes a handler away by the function that adding returned, once", () => {
    const handlers = new Handlers<string>();
    const remove = handlers.add("chat", "same");
    handlers.add("chat", "same");
    remove();
    remove();
    expect(handlers.find("chat")).toEqual(["same"]);
  });

  it("goes back to exact names when the last pattern is gone", () => {
    const handlers = new Handlers<string>();
    const remove = handlers.add("*", "everything");
    handlers.add("chat", "exact");
    remove();
    expect(handlers.find("chat")).toEqual(["exact"]);
    expect(handlers.find("other")).toEqual([]);
  });

  it.each(["a*b", "*a", "**", "a**", "user:*:joined"])("refuses the pattern %s", (pattern) => {
    expect(() => new Handlers().add(pattern, () => undefined)).toThrow(
      expect.objectContaining({ code: "option-invalid", message: expect.stringContaining(pattern) }),
    );
  });

  it("a handler that is added during a call is called the next time", () => {
    const handlers = new Handlers<() => void>();
    const calls: string[] = [];
    handlers.add("chat", () => {
      calls.push("first");
      handlers.add("chat", () => calls.push("added"));
    });
    for (const handler of handlers.find("chat")) handler();
    expect(calls).toEqual(["first"]);
    for (const handler of handlers.find("chat")) handler();
    expect(calls).toEqual(["first", "first", "added"]);
  });

  it.each(["chat", "*"])("a handler of %s that is removed during a call is still called this time", (pattern) => {
    const handlers = new Handlers<() => void>();
    const calls: string[] = [];
    handlers.add(pattern, () => {
      calls.push("first");
      removeSecond();
    });
    const removeSecond = handlers.add(pattern, () => calls.push("second"));
    for (const handler of handlers.find("chat")) handler();
    for (const handler of handlers.find("chat")) handler();
    expect(calls).toEqual(["first", "second", "first"]);
  });

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty", "newListener", "message"])(
    "N07: the event %s is a name like any other",
    (name) => {
      const handlers = new Handlers<string>();
      expect(handlers.find(name)).toEqual([]);
      handlers.add(name, "own");
      expect(handlers.find(name)).toEqual(["own"]);
    },
  );

  it("is, for any adding and removing, a list filtered by pattern", () => {
    const pattern = fc.constantFrom("a", "ab", "abc", "a*", "ab*", "*", "b");
    const step = fc.record({ pattern, remove: fc.boolean(), which: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const handlers = new Handlers<number>();
        const added: { pattern: string; id: number; remove: () => void }[] = [];
        for (const [id, { pattern, remove, which }] of steps.entries()) {
          if (remove && added.length > 0) added.splice(which % added.length, 1)[0]!.remove();
          else added.push({ pattern, id, remove: handlers.add(pattern, id) });
        }
        for (const event of ["a", "ab", "abc", "b", ""]) {
          const expected = added.filter(({ pattern }) =>
            pattern.endsWith("*") ? event.startsWith(pattern.slice(0, -1)) : pattern === event,
          );
          expect(handlers.find(event)).toEqual(expected.map(({ id }) => id));
        }
      }),
    );
  });
});
