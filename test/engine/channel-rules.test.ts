import { describe, expect, it } from "vitest";
import { ChannelRules, type ChannelAttempt } from "../../src/engine/channel-rules.ts";

const attempt = {} as ChannelAttempt;

const ordinary = {
  authorize: undefined,
  publish: "subscribers",
  owner: undefined,
  ownerLeaves: "keep",
  whispers: false,
  presence: false,
  history: undefined,
};

describe("ChannelRules", () => {
  it("without a rule: everyone may subscribe, subscribers may publish, nobody is told who is there", () => {
    expect(new ChannelRules({}).of("lobby")).toEqual(ordinary);
  });

  it("N04: private-* is forbidden to everyone by default", async () => {
    const { authorize } = new ChannelRules({}).of("private-x");
    expect(await authorize!(attempt)).toBe(false);
  });

  it("N04: private-* stays forbidden when a rule says other things about it", async () => {
    for (const pattern of ["*", "private-*", "private-x"]) {
      const rule = new ChannelRules({ [pattern]: { publish: "anyone", presence: true } }).of("private-x");
      expect(rule).toMatchObject({ publish: "anyone", presence: "users" });
      expect(await rule.authorize!(attempt)).toBe(false);
    }
  });

  it("presence-* has presence by default, unless a rule says otherwise", () => {
    expect(new ChannelRules({}).of("presence-x").presence).toBe("users");
    expect(new ChannelRules({ "presence-*": { publish: "server" } }).of("presence-x").presence).toBe("users");
    expect(new ChannelRules({ "presence-*": { presence: false } }).of("presence-x").presence).toBe(false);
    expect(new ChannelRules({ "*": { presence: true } }).of("lobby").presence).toBe("users");
  });

  it.each(["users", "connections"] as const)("presence may be of %s", (presence) => {
    expect(new ChannelRules({ lobby: { presence } }).of("lobby").presence).toBe(presence);
  });

  it.each(["user", "", 1, null])("presence is refused when it is %j", (presence) => {
    expect(() => new ChannelRules({ lobby: { presence: presence as unknown as true } })).toThrow(
      expect.objectContaining({ code: "option-invalid", message: expect.stringContaining('presence of "lobby"') }),
    );
  });

  it.each([
    "Private-x",
    "PRIVATE-x",
    "\u200bprivate-x",
    "private\u2010x",
    "/private-x",
    "presence-private-x",
    "privat-x",
    " private-x",
  ])("N08: %j has no special prefix", (name) => {
    expect(new ChannelRules({}).of(name).authorize).toBeUndefined();
  });

  it.each(["private-", "private-presence-x", "private-x\u200b"])("N08: %j has the prefix private-", (name) => {
    expect(new ChannelRules({}).of(name).authorize).toBeTypeOf("function");
  });

  it("the exact name wins, then the longest pattern, whatever their order", () => {
    const rules = {
      "*": { publish: "server" },
      "feed-*": { publish: "anyone" },
      "feed-news-*": { publish: "subscribers" },
      "feed-news-eu": { publish: "server" },
    } as const;
    for (const entries of [Object.entries(rules), Object.entries(rules).toReversed()]) {
      const of = (name: string): string => new ChannelRules(Object.fromEntries(entries)).of(name).publish;
      expect(of("feed-news-eu")).toBe("server");
      expect(of("feed-news-us")).toBe("subscribers");
      expect(of("feed-news-")).toBe("subscribers");
      expect(of("feed-news")).toBe("anyone");
      expect(of("feed-")).toBe("anyone");
      expect(of("feed")).toBe("server");
    }
  });

  it("a shorter exact name wins over a longer pattern of another channel only where it is meant", () => {
    const rules = new ChannelRules({ a: { publish: "server" }, "a*": { publish: "anyone" } });
    expect([rules.of("a").publish, rules.of("ab").publish]).toEqual(["server", "anyone"]);
  });

  it("one rule applies, not a mixture", () => {
    const rules = new ChannelRules({ "feed-*": { presence: true }, "feed-x": { publish: "anyone" } });
    expect(rules.of("feed-x")).toEqual({
      authorize: undefined,
      publish: "anyone",
      owner: undefined,
      ownerLeaves: "keep",
      whispers: false,
      presence: false,
      history: undefined,
    });
  });

  it.each(["a*b", "*a", "a**"])("refuses the pattern %s", (pattern) => {
    expect(() => new ChannelRules({ [pattern]: {} })).toThrow(
      expect.objectContaining({ code: "option-invalid", message: expect.stringContaining(`"${pattern}"`) }),
    );
  });

  it.each(["__proto__", "constructor", "toString"])("N06: %s is a channel without a rule", (name) => {
    expect(new ChannelRules({}).of(name)).toEqual(ordinary);
  });
});

describe("history", () => {
  it("is kept where the rule says so, and nowhere else", () => {
    const history = { size: 10, ttlMs: 1_000 };
    const rules = new ChannelRules({ "feed-*": { history }, "presence-*": {} });
    expect(rules.of("feed-a").history).toBe(history);
    expect([rules.of("presence-a").history, rules.of("other").history]).toEqual([undefined, undefined]);
  });

  it.each([
    [1, 1],
    [100_000, 2 ** 31 - 1],
  ])("may be of the size %i for %i ms", (size, ttlMs) => {
    expect(new ChannelRules({ a: { history: { size, ttlMs } } }).of("a").history).toEqual({ size, ttlMs });
  });

  it.each([
    ["size", { size: 0, ttlMs: 1 }],
    ["size", { size: 100_001, ttlMs: 1 }],
    ["size", { size: 1.5, ttlMs: 1 }],
    ["size", { ttlMs: 1 }],
    ["ttlMs", { size: 1, ttlMs: 0 }],
    ["ttlMs", { size: 1, ttlMs: 2 ** 31 }],
    ["ttlMs", { size: 1, ttlMs: Number.NaN }],
    ["ttlMs", { size: 1 }],
  ])("is refused for the %s of %j", (name, history) => {
    expect(() => new ChannelRules({ a: { history: history as { size: number; ttlMs: number } } })).toThrow(
      expect.objectContaining({ code: "option-invalid", message: expect.stringContaining(`history.${name} of "a"`) }),
    );
  });
});
