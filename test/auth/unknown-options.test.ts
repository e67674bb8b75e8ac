import { describe, expect, test } from "vitest";
import { channelTokens, jwt } from "../../src/auth/index.ts";

const secret = "s".repeat(32);

describe("an option with a slip of the pen is refused, and no check is left out", () => {
  test.each(["audiance", "isuer", "algorithm", "secrets"])("%s", (name) => {
    const complaint = expect.objectContaining({ code: "option-invalid", message: `jwt: there is no option ${name}` });
    expect(() => jwt({ secret, [name]: "x" })).toThrow(complaint);
    expect(() => channelTokens({ secret, [name]: "x" })).toThrow(complaint);
  });

  test("isRevokd of jwt, and what is jwt's alone for channelTokens", () => {
    expect(() => jwt({ secret, ...{ isRevokd: () => true } })).toThrow("isRevokd");
    expect(() => channelTokens({ secret, ...{ from: "query" } })).toThrow("from");
  });

  test("all that jwt knows is taken", () => {
    expect(() =>
      jwt({ secret, from: { query: "token" }, userId: "sub", info: "info", isRevoked: () => false }),
    ).not.toThrow();
  });
});
