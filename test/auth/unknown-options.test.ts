import { describe, expect, test } from "vitest";
import { channelTokens, jwt } from "../../src/auth/index.ts";

const secret = "s".repeat(32);

describe("an option with a slip of the pen is refused, and no check is left out", () => {
  test.each(["audiance", "isuer", "algorithm", "secrets"])("%s", (name) => {
    const complaint = (factory: string): unknown =>
      expect.objectContaining({ code: "option-invalid", message: `${factory}: there is no option ${name}` });
    expect(() => jwt({ secret, [name]: "x" })).toThrow(complaint("jwt"));
    expect(() => channelTokens({ secret, [name]: "x" })).toThrow(complaint("channelTokens"));
  });

  test("isRevokd of jwt, and what is jwt's alone for channelTokens", () => {
    expect(() => jwt({ secret, ...{ isRevokd: () => true } })).toThrow("isRevokd");
    expect(() => channelTokens({ secret, ...{ from: "query" } })).toThrow("from");
  });

  test.each(["s".repeat(31), new Uint8Array(31), 32 as never])(
    "a secret of %o is too short, and one more byte is not",
    (short) => {
      const complaint = "secret must have 32 bytes for HS256";
      expect(() => jwt({ secret: short })).toThrow(`jwt: ${complaint}`);
      expect(() => channelTokens({ secret: short })).toThrow(`channelTokens: ${complaint}`);
      expect(() => channelTokens({ secret: new Uint8Array(32) })).not.toThrow();
    },
  );

  test("all that jwt knows is taken", () => {
    expect(() =>
      jwt({ secret, from: { query: "token" }, userId: "sub", info: "info", isRevoked: () => false }),
    ).not.toThrow();
  });
});
