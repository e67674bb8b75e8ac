import { describe, expect, it } from "vitest";
import { CarillonError, toCarillonError } from "../../src/errors/carillon-error.ts";
import { closeCodes, mayReconnect } from "../../src/errors/close-codes.ts";
import { errorCodes, type ErrorCode } from "../../src/errors/codes.ts";

const codes = Object.keys(errorCodes) as ErrorCode[];

describe("CarillonError", () => {
  it.each(codes)("%s takes its sentence and its permanence from the table", (code) => {
    const error = new CarillonError(code);
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe("CarillonError");
    expect(error).toMatchObject({ code, ...errorCodes[code] });
  });

  it("may have a more exact sentence, details and a cause", () => {
    const cause = new Error("because");
    const error = new CarillonError("forbidden", { message: "the game has started", details: { at: 7 }, cause });
    expect(error.message).toBe("the game has started");
    expect(error.details).toEqual({ at: 7 });
    expect(error.cause).toBe(cause);
  });

  it("has no cause and no details unless they were given", () => {
    const error = new CarillonError("timeout");
    expect(Object.hasOwn(error, "cause")).toBe(false);
    expect(error.details).toBeUndefined();
  });

  it("keeps a cause of undefined, because something was thrown", () => {
    expect(Object.hasOwn(new CarillonError("internal", { cause: undefined }), "cause")).toBe(true);
  });
});

describe("toCarillonError", () => {
  it("keeps a CarillonError as it is", () => {
    const error = new CarillonError("rate-limited");
    expect(toCarillonError(error, "internal")).toBe(error);
  });

  it.each([new Error("secret"), "text", undefined, null, { code: "forbidden" }])(
    "hides %s behind the code",
    (cause) => {
      const error = toCarillonError(cause, "internal");
      expect(error).toMatchObject({ code: "internal", message: errorCodes.internal.message });
      expect(error.cause).toBe(cause);
    },
  );
});

describe("the table of error codes", () => {
  it.each(codes)("%s is in kebab case and has one sentence without a full stop", (code) => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(errorCodes[code].message).toMatch(/^[^A-Z.].*[^.]$/);
  });
});

describe("the table of close codes", () => {
  const rows = Object.entries(closeCodes);

  it("has every number once", () => {
    expect(new Set(rows.map(([, { code }]) => code)).size).toBe(rows.length);
  });

  it.each(rows)("%s says about reconnecting what its number says", (_, { code, reconnect }) => {
    expect(mayReconnect(code)).toBe(reconnect);
  });

  it.each(rows)("%s has a meaning that fits a close frame", (_, { meaning }) => {
    expect(Buffer.byteLength(meaning)).toBeLessThanOrEqual(123);
  });

  it.each([
    [1000, false],
    [1001, true],
    [1005, true],
    [1006, true],
    [3000, true],
    [4399, true],
    [4400, false],
    [4499, false],
    [4500, true],
    [4999, true],
  ])("%i, known or not: reconnect is %s", (code, reconnect) => {
    expect(mayReconnect(code)).toBe(reconnect);
  });
});
