import { describe, expect, it } from "vitest";
import { jwt, type TokenPlace } from "../../src/auth/index.ts";
import { attemptWith, clock, good, secret, signed } from "./support.ts";

const token = signed(good);

function isLetIn(from: TokenPlace, request: Parameters<typeof attemptWith>[1], message?: string): Promise<boolean> {
  return jwt({ secret, clock, from })(attemptWith(message, request)).then(
    () => true,
    () => false,
  );
}

describe("where a token is looked for", () => {
  it("is a header, with or without the word Bearer", async () => {
    const from = { header: "Authorization" };
    expect(await isLetIn(from, { headers: { authorization: `Bearer ${token}` } })).toBe(true);
    expect(await isLetIn(from, { headers: { authorization: token } })).toBe(true);
    expect(await isLetIn(from, { headers: { authorization: `Basic ${token}` } })).toBe(false);
    expect(await isLetIn(from, { headers: { authorization: `Bearer ${token}, Bearer ${token}` } })).toBe(false);
  });

  it("is a cookie among others, by its whole name", async () => {
    const from = { cookie: "session" };
    expect(await isLetIn(from, { headers: { cookie: `a=b; session=${token}; c=d` } })).toBe(true);
    expect(await isLetIn(from, { headers: { cookie: `xsession=${token}` } })).toBe(false);
    expect(await isLetIn(from, { headers: { cookie: `session=x; session=${token}` } })).toBe(false);
    expect(await isLetIn(from, {})).toBe(false);
  });

  it("A13: is the query only where that was asked for", async () => {
    const request = { query: `?token=${token}` };
    expect(await isLetIn({ query: "token" }, request)).toBe(true);
    expect(await isLetIn("message", request)).toBe(false);
    expect(await isLetIn({ query: "token" }, { query: `?token=x&token=${token}` })).toBe(false);
  });

  it("is no other place than the one that was given", async () => {
    expect(await isLetIn({ cookie: "session" }, {}, token)).toBe(false);
    expect(await isLetIn("message", { headers: { authorization: `Bearer ${token}` } })).toBe(false);
    expect(await isLetIn("message", {}, token)).toBe(true);
  });
});
