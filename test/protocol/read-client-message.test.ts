import { inspect } from "node:util";
import fc from "../properties.ts";
import { describe, expect, it } from "vitest";
import { CarillonError } from "../../src/errors/carillon-error.ts";
import { readClientMessage, refOf } from "../../src/protocol/read-client-message.ts";
import { clientVectors, serverVectors } from "./vectors.ts";

type Kind = "text" | "ref" | "flag" | "id";

/** Every checked field of every message that a client may send; optional ones have a `?`. */
const fields: Readonly<Record<string, Readonly<Record<string, Kind | `${Kind}?`>>>> = {
  connect: { token: "text?", resume: "flag?", session: "text?", received: "ref?" },
  subscribe: { ref: "ref", channel: "text", since: "text?", token: "text?" },
  unsubscribe: { ref: "ref", channel: "text" },
  publish: { ref: "ref?", channel: "text", event: "text", echo: "flag?", id: "id?", stateKey: "text?" },
  send: { event: "text" },
  request: { ref: "ref", event: "text" },
  response: { ref: "ref" },
  error: { ref: "ref", code: "text", message: "text" },
  history: { ref: "ref", channel: "text", after: "text?", before: "text?", limit: "ref?" },
  ack: { received: "ref" },
  whisper: { channel: "text", event: "text" },
  refresh: { ref: "ref", token: "text" },
  ping: {},
};

const valid: Readonly<Record<Kind, unknown>> = { text: "x", ref: 1, flag: true, id: "x" };

/** Also what is not JSON, because MessagePack could say it. */
const values: readonly unknown[] = [
  null,
  true,
  "text",
  "",
  "1",
  0,
  -1,
  1.5,
  2 ** 53,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1n,
  [],
  ["text"],
  {},
  { toString: () => "text" },
  Uint8Array.of(1),
  Object("text"),
];

const fits: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === "string",
  ref: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  flag: (value) => typeof value === "boolean",
  id: (value) => typeof value === "string" && /^[\w-]{1,64}$/.test(value),
};

const wrong = Object.entries(fields).flatMap(([type, ofType]) =>
  Object.entries(ofType).flatMap(([field, kindOf]) => {
    const kind = kindOf.replace("?", "") as Kind;
    const unfit = values.filter((value) => !fits[kind](value));
    if (!kindOf.endsWith("?")) unfit.push(undefined);
    return unfit.map((value) => ({ type, field, value, shown: inspect(value) }));
  }),
);

function complete(type: string): Record<string, unknown> {
  const entries = Object.entries(fields[type]!).map(([name, kind]) => [name, valid[kind.replace("?", "") as Kind]]);
  return { type, ...Object.fromEntries(entries) };
}

describe("readClientMessage", () => {
  it.each(Object.keys(fields))("takes a complete %s", (type) => {
    expect(readClientMessage(complete(type))).toEqual({ data: undefined, ...complete(type) });
  });

  it.each(wrong)(
    "J16: refuses $type with $field: $shown, naming the field and echoing nothing",
    ({ type, field, value }) => {
      const message = { ...complete(type), [field]: value };
      const thrown = errorOf(() => readClientMessage(message));
      expect(thrown.code).toBe("bad-request");
      expect(thrown.message).toMatch(
        new RegExp(`^"${field}" must be (a string|true or false|an integer .*|1 to 64 letters, digits, - or _)$`),
      );
      expect(thrown.message.length).toBeLessThanOrEqual(128);
    },
  );

  it.each(Object.keys(fields))("J16: %s is whole without its optional fields", (type) => {
    const optional = Object.entries(fields[type]!).filter(([, kind]) => kind.endsWith("?"));
    const message = { ...complete(type), ...Object.fromEntries(optional.map(([name]) => [name, undefined])) };
    const read = readClientMessage(message);
    for (const [name] of optional) expect(read).not.toHaveProperty(name);
  });

  it.each(Object.keys(fields))("N25: drops the fields of %s that it does not know", (type) => {
    const message = { ...complete(type), from: { id: "forged" }, time: 1, temporary: true };
    expect(readClientMessage(message)).toEqual(readClientMessage(complete(type)));
  });

  it("N11: drops what only the server may say about a publication", () => {
    const forged = {
      from: { id: "c-2", user: "root" },
      user: "root",
      position: "e.1.t",
      time: 0,
      except: "c-1",
      batch: true,
    };
    const read = readClientMessage({ type: "publish", channel: "c", event: "e", data: 1, ...forged });
    expect(read).toEqual({ type: "publish", channel: "c", event: "e", data: 1 });
  });

  it.each([null, undefined, true, 0, "", "ping", [], [{ type: "ping" }], 1n, () => ({ type: "ping" })])(
    "J11: refuses %s, which is no object",
    (value) => {
      expect(errorOf(() => readClientMessage(value))).toMatchObject({
        code: "bad-request",
        message: "a message is an object",
      });
    },
  );

  it("J11: refuses an object without a type", () => {
    expect(errorOf(() => readClientMessage({}))).toMatchObject({ code: "bad-request", message: '"type" is missing' });
  });

  it.each([null, 1, true, [], {}, ["ping"], Object("ping")])("J16: refuses the type %j, which is no text", (type) => {
    expect(errorOf(() => readClientMessage({ type })).code).toBe("bad-request");
  });

  it.each(["nonsense", "", "Ping", "ping ", "shout", "renew", "toString", "constructor", "__proto__"])(
    "N25: does not know the type %j",
    (type) => {
      expect(errorOf(() => readClientMessage({ type })).code).toBe("unknown-type");
    },
  );

  it("N24: does not know the messages that only a server sends", () => {
    const own = new Set(Object.keys(fields));
    const foreign = serverVectors.filter(({ message }) => !own.has(message.type));
    expect(foreign.length).toBeGreaterThan(10);
    for (const { message } of foreign) expect(errorOf(() => readClientMessage(message)).code).toBe("unknown-type");
  });

  it.each([
    [0, true],
    [1, true],
    [Number.MAX_SAFE_INTEGER, true],
    [Number.MAX_SAFE_INTEGER + 1, false],
    [-1, false],
    [1.5, false],
    [JSON.parse("1e400"), false],
    [JSON.parse("123456789012345678901234567890"), false],
    [JSON.parse("1.0"), true],
    [JSON.parse("-0"), true],
  ])("J08: the ref %s is accepted: %s", (ref, accepted) => {
    const read = (): unknown => readClientMessage({ type: "subscribe", ref, channel: "c" });
    if (accepted) expect(read()).toEqual({ type: "subscribe", ref, channel: "c" });
    else expect(errorOf(read).code).toBe("bad-request");
    expect(refOf({ ref })).toBe(accepted ? ref : undefined);
  });

  it.each(['{"type":"publish","channel":"c","event":"e","data":%s}', '{"type":"send","event":"e","x":%s,"data":%s}'])(
    "J05, J06: prototype names in %s stay data, and nothing is polluted",
    (frame) => {
      for (const trick of [
        '{"__proto__":{"polluted":1}}',
        '[{"a":{"__proto__":{"polluted":1}}}]',
        '{"constructor":{"prototype":{"polluted":1}}}',
      ]) {
        const value = JSON.parse(frame.replaceAll("%s", trick));
        const read = readClientMessage(value) as { data: unknown };
        expect(JSON.stringify(read.data)).toBe(trick);
        expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
        expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
      }
    },
  );

  it("J05: a type, channel or token in the prototype-to-be of a message is not its own", () => {
    const trick = JSON.parse('{"__proto__":{"type":"connect","token":"stolen"}}');
    expect(errorOf(() => readClientMessage(trick)).code).toBe("bad-request");
    const connect = JSON.parse('{"type":"connect","__proto__":{"token":"stolen"}}');
    expect(readClientMessage(connect)).toEqual({ type: "connect" });
  });

  it("throws nothing but CarillonErrors, and returns nothing but known fields, for any value", () => {
    const names = ["type", "ref", "channel", "event", "data", "echo", "token", "code", "message"];
    const type = fc.oneof(fc.constantFrom(...Object.keys(fields)), fc.anything());
    const message = fc.oneof(
      fc.anything(),
      fc.record(Object.fromEntries(names.map((name) => [name, name === "type" ? type : fc.anything()])), {
        requiredKeys: [],
      }),
    );
    fc.assert(
      fc.property(message, (value) => {
        try {
          expect(names).toEqual(expect.arrayContaining(Object.keys(readClientMessage(value))));
        } catch (error) {
          if (!(error instanceof CarillonError)) throw error;
          expect(["bad-request", "unknown-type"]).toContain(error.code);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("is run over every message of the golden vectors", () => {
    expect(new Set(clientVectors.map(({ message }) => message.type))).toEqual(new Set(Object.keys(fields)));
  });
});

describe("refOf", () => {
  it.each([undefined, null, 1, "x", [], {}, { ref: "1" }, { ref: null }, { ref: [1] }])("finds none in %j", (value) => {
    expect(refOf(value)).toBeUndefined();
  });

  it("finds the ref of a message that is broken otherwise", () => {
    expect(refOf({ type: 7, ref: 3 })).toBe(3);
  });
});

function errorOf(run: () => unknown): CarillonError {
  try {
    run();
  } catch (error) {
    if (error instanceof CarillonError) return error;
    throw error;
  }
  throw new Error("it did not throw");
}
