import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { CarillonError } from "../../src/errors/carillon-error.ts";
import { redactFacts, redactText, redacting } from "../../src/server/redact.ts";
import { createTestServer } from "../../src/testing/index.ts";

describe("text", () => {
  test.each([
    ["GET /carillon?token=canary&name=Ada", "GET /carillon?token=[redacted]&name=Ada"],
    ["/a?access_token=canary", "/a?access_token=[redacted]"],
    ["Authorization: Bearer canary.a-b_c", "Authorization: Bearer [redacted]"],
    ['refused {"token":"canary","ref":1}', 'refused {"token":"[redacted]","ref":1}'],
    ["refused {token: 'canary'}", "refused {token: '[redacted]'}"],
    ["Cookie: a=canary; b=canary", "Cookie: [redacted]"],
    ["Set-Cookie: a=canary; Path=/", "Set-Cookie: [redacted]"],
    ["jwt eyJhbGciOi.eyJzdWIi.c2ln is bad", "jwt [redacted] is bad"],
    ["password=canary secret: canary", "password=[redacted] secret: [redacted]"],
  ])("%s", (text, safe) => {
    expect(redactText(text)).toBe(safe);
  });

  test.each(["the token has expired; get a fresh one", "the credentials were refused", "a cookie jar", "eyJ is short"])(
    "%s: stays as it is",
    (text) => {
      expect(redactText(text)).toBe(text);
    },
  );

  test("commands no terminal, and as a message is one line", () => {
    const said = "a\u001b[2J\u009b2Jb\u0000\u007f\r\n\tc\u2028d";
    expect(redactText(said)).toBe(String.raw`a\u001b[2J\u009b2Jb\u0000\u007f\u000d` + "\n\tc\u2028d");
    const lines: unknown[] = [];
    const write = (facts: object, message: string): void => void lines.push(message, facts);
    const logger = redacting({ info: write, warn: write, error: write });
    logger.warn({ said }, said);
    expect(lines).toEqual([
      String.raw`a\u001b[2J\u009b2Jb\u0000\u007f\u000d\u000a\u0009c\u2028d`,
      { said: redactText(said) },
    ]);
  });

  test("takes no longer than its length is worth", () => {
    const start = performance.now();
    redactText("token=".repeat(20_000) + "cookie".repeat(20_000) + "eyJ".repeat(20_000));
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

describe("facts", () => {
  test("under names of secrets are hidden, at any place and in any spelling", () => {
    const headers = { cookie: "canary", "Set-Cookie": ["canary"], authorization: "canary", host: "a" };
    const safe = redactFacts({ token: "canary", access_token: { a: "canary" }, list: [{ headers }], count: 1 });
    const hidden = "[redacted]";
    expect(safe).toEqual({
      token: hidden,
      access_token: hidden,
      list: [{ headers: { cookie: hidden, "Set-Cookie": hidden, authorization: hidden, host: "a" } }],
      count: 1,
    });
  });

  test("that are errors keep their kind, their place and their causes, without what is secret", () => {
    const cause = Object.assign(new TypeError("no user for token=canary"), { token: "canary", attempts: 2 });
    const error = new CarillonError("internal", { message: "Bearer canary", cause });
    const { error: safe } = redactFacts({ error }) as { readonly error: CarillonError };
    expect(safe).toBeInstanceOf(CarillonError);
    expect(safe).toMatchObject({ code: "internal", message: "Bearer [redacted]" });
    expect(safe.cause).toBeInstanceOf(TypeError);
    expect(safe.cause).toMatchObject({ message: "no user for token=[redacted]", attempts: 2, token: "[redacted]" });
    expect(safe.stack).toContain("redact.test.ts");
    expect(inspect(safe, { depth: 9, showHidden: true })).not.toContain("canary");
    expect([error.message, cause.token]).toEqual(["Bearer canary", "canary"]);
  });

  test("are looked at to a depth of six, and hidden below", () => {
    const nested = (depth: number): object => (depth === 0 ? { end: "a" } : { in: nested(depth - 1) });
    expect(JSON.stringify(redactFacts(nested(5)))).toContain('"end":"a"');
    expect(JSON.stringify(redactFacts(nested(6)))).not.toContain('"end"');
  });

  test("of all kinds are read as what they are", () => {
    class Attempt {
      readonly token = "canary";
      readonly at = new Date(0);
    }
    const shared = { ok: true };
    expect(
      redactFacts({
        headers: new Headers({ cookie: "canary", host: "a" }),
        map: new Map([["token", "canary"]]),
        set: new Set(["token=canary"]),
        url: new URL("http://a/?token=canary"),
        bytes: Buffer.from("canary"),
        attempt: new Attempt(),
        twice: [shared, shared],
      }),
    ).toEqual({
      headers: { cookie: "[redacted]", host: "a" },
      map: { token: "[redacted]" },
      set: ["token=[redacted]"],
      url: "http://a/?token=[redacted]",
      bytes: "[6 bytes]",
      attempt: { token: "[redacted]", at: new Date(0) },
      twice: [shared, shared],
    });
  });

  test("that cannot be read are hidden, and nothing is thrown", () => {
    const broken = {
      get a(): string {
        throw new Error("not here");
      },
    };
    expect(redactFacts({ broken, b: 1 })).toEqual({ broken: "[redacted]", b: 1 });
  });

  test("that are in a circle come to an end", () => {
    const facts: Record<string, unknown> = {};
    facts["self"] = facts;
    expect(JSON.stringify(redactFacts(facts))).toContain("[redacted]");
  });
});

describe("a logger", () => {
  test("of every level is told only what is safe", () => {
    const told: unknown[] = [];
    const tell = (facts: object, message: string): unknown => told.push([facts, message]);
    const logger = redacting({ info: tell, warn: tell, error: tell });
    for (const level of ["info", "warn", "error"] as const) logger[level]({ token: "canary" }, "token=canary");
    expect(told).toEqual([1, 2, 3].map(() => [{ token: "[redacted]" }, "token=[redacted]"]));
  });

  test("of a server is never told the token that a hook threw", async () => {
    const told: unknown[] = [];
    const tell = (facts: object, message: string): unknown => told.push(facts, message);
    const { client, close } = createTestServer({
      logger: { info: tell, warn: tell, error: tell },
      authenticate: ({ token }) => {
        throw new Error(`no user for token=${token}`);
      },
    });
    await expect(client({ token: "canary", reconnect: false }).connect()).rejects.toThrow();
    expect(inspect(told, { depth: 9 })).toContain("token=[redacted]");
    expect(inspect(told, { depth: 9, showHidden: true })).not.toContain("canary");
    await close();
  });
});
