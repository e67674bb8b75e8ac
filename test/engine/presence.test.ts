import fc from "../properties.ts";
import { describe, expect, it } from "vitest";
import { Presence } from "../../src/engine/presence.ts";

describe("Presence", () => {
  it("N21: a user joins with its first connection and leaves with its last", () => {
    const presence = new Presence();
    expect(presence.join("1", { user: "ada", info: 1 })).toEqual({
      member: { user: "ada", info: 1 },
      connection: "1",
      isFirst: true,
    });
    expect(presence.join("2", { user: "ada", info: 2 })).toMatchObject({ connection: "2", isFirst: false });
    expect(presence.leave("1")).toMatchObject({ connection: "1", isLast: false });
    expect(presence.members()).toEqual([{ user: "ada", info: 1 }]);
    expect(presence.leave("2")).toEqual({ member: { user: "ada", info: 1 }, connection: "2", isLast: true });
    expect(presence.members()).toEqual([]);
  });

  it("shows each connection by itself where the rule says so, with its id and what was said of it", () => {
    const presence = new Presence("connections");
    expect(presence.join("1", { user: "ada", info: 1 }).member).toEqual({ user: "ada", id: "1", info: 1 });
    expect(presence.join("2", { user: "ada" })).toEqual({
      member: { user: "ada", id: "2" },
      connection: "2",
      isFirst: false,
    });
    expect(presence.members()).toEqual([
      { user: "ada", id: "1", info: 1 },
      { user: "ada", id: "2" },
    ]);
    expect(presence.leave("1")).toEqual({ member: { user: "ada", id: "1", info: 1 }, connection: "1", isLast: false });
    expect(presence.leave("2")).toMatchObject({ member: { user: "ada", id: "2" }, isLast: true });
    expect(presence.members()).toEqual([]);
  });

  it.each(["users", "connections"] as const)("lists users and connections as a dialect wants them, with %s", (kind) => {
    const presence = new Presence(kind);
    for (const connection of ["1", "2"]) presence.join(connection, { user: "ada" });
    expect(presence.members("users")).toEqual([{ user: "ada" }]);
    expect(presence.members("connections")).toEqual([
      { user: "ada", id: "1" },
      { user: "ada", id: "2" },
    ]);
  });

  it("leaving twice, or without having been there, is harmless", () => {
    const presence = new Presence();
    expect(presence.leave("1")).toBeUndefined();
    presence.join("1", { user: "ada" });
    presence.join("2", { user: "ada" });
    presence.leave("1");
    expect(presence.leave("1")).toBeUndefined();
    expect(presence.members()).toEqual([{ user: "ada" }]);
  });

  it("lists members in the order they came", () => {
    const presence = new Presence();
    for (const user of ["c", "a", "b"]) presence.join(user, { user });
    presence.leave("c");
    presence.join("c", { user: "c" });
    expect(presence.members().map(({ user }) => user)).toEqual(["a", "b", "c"]);
  });

  it.each(["__proto__", "constructor", "toString"])("%s is a user like any other", (user) => {
    const presence = new Presence();
    expect(presence.leave(user)).toBeUndefined();
    expect(presence.join(user, { user }).isFirst).toBe(true);
    expect(presence.members()).toEqual([{ user }]);
  });

  it("is, for any coming and going, those whose connections are there", () => {
    const step = fc.record({ connection: fc.constantFrom("a1", "a2", "b1", "b2", "c1"), join: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const presence = new Presence();
        const model = new Set<string>();
        const isThere = (user: string): boolean => [...model].some((one) => one.startsWith(user));
        for (const { connection, join } of steps) {
          const user = connection[0]!;
          const wasThere = isThere(user);
          if (join && !model.has(connection)) {
            model.add(connection);
            expect(presence.join(connection, { user }).isFirst).toBe(!wasThere);
          } else if (!join) {
            const had = model.delete(connection);
            expect(presence.leave(connection)?.isLast).toBe(had ? !isThere(user) : undefined);
          }
        }
        const there = [...new Set(Array.from(model, (one) => one.slice(0, 1)))];
        const users = presence.members().map(({ user }) => user);
        expect(users.toSorted()).toEqual(there.toSorted());
        expect(presence.members("connections")).toHaveLength(model.size);
      }),
    );
  });
});
