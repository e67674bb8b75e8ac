import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Presence } from "../../src/engine/presence.ts";

describe("Presence", () => {
  it("N21: a user joins with its first connection and leaves with its last", () => {
    const presence = new Presence();
    expect(presence.join({ user: "ada", info: 1 })).toBe(true);
    expect(presence.join({ user: "ada", info: 2 })).toBe(false);
    expect(presence.leave("ada")).toBeUndefined();
    expect(presence.members()).toEqual([{ user: "ada", info: 1 }]);
    expect(presence.leave("ada")).toEqual({ user: "ada", info: 1 });
    expect(presence.members()).toEqual([]);
  });

  it("leaving twice, or without having been there, is harmless", () => {
    const presence = new Presence();
    expect(presence.leave("nobody")).toBeUndefined();
    presence.join({ user: "ada" });
    presence.leave("ada");
    expect(presence.leave("ada")).toBeUndefined();
  });

  it("lists members in the order they came", () => {
    const presence = new Presence();
    for (const user of ["c", "a", "b"]) presence.join({ user });
    presence.leave("c");
    presence.join({ user: "c" });
    expect(presence.members().map(({ user }) => user)).toEqual(["a", "b", "c"]);
  });

  it.each(["__proto__", "constructor", "toString"])("%s is a user like any other", (user) => {
    const presence = new Presence();
    expect(presence.leave(user)).toBeUndefined();
    expect(presence.join({ user })).toBe(true);
    expect(presence.members()).toEqual([{ user }]);
  });

  it("is, for any coming and going, who has more joins than leaves", () => {
    const step = fc.record({ user: fc.constantFrom("a", "b", "c"), join: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const presence = new Presence();
        const model = new Map<string, number>();
        for (const { user, join } of steps) {
          const count = model.get(user) ?? 0;
          if (join) expect(presence.join({ user })).toBe(count === 0);
          else expect(presence.leave(user) !== undefined).toBe(count === 1);
          model.set(user, Math.max(0, join ? count + 1 : count - 1));
        }
        const there = [...model].filter(([, count]) => count > 0).map(([user]) => user);
        expect(
          presence
            .members()
            .map(({ user }) => user)
            .toSorted(),
        ).toEqual(there.toSorted());
      }),
    );
  });
});
