import { encode as encodeMsgpack, ExtData } from "@msgpack/msgpack";
import fc from "../properties.ts";
import { describe, expect, it } from "vitest";
import { parseJson } from "../../src/dialects/json.ts";
import { CarillonError } from "../../src/errors/carillon-error.ts";
import { createJsonCodec, type Codec, type CodecFrame } from "../../src/protocol/codec.ts";
import { maxMessagesPerFrame, type PublishMessage } from "../../src/protocol/messages.ts";
import { createMsgpackCodec } from "../../src/protocol/msgpack.ts";

const json = createJsonCodec();
const msgpack = createMsgpackCodec();
const ping = { type: "ping" } as const;

const badRequest = (message?: string): unknown =>
  expect.objectContaining({ code: "bad-request", ...(message !== undefined && { message }) });

function publishing(data: unknown): PublishMessage {
  return { type: "publish", channel: "c", event: "e", data };
}

/** A list in a list in a list: so many, the message's own map not counted. */
function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

describe.each<[string, Codec, (value: unknown) => CodecFrame]>([
  ["JSON", json, (value) => JSON.stringify(value)],
  ["MessagePack", msgpack, (value) => encodeMsgpack(value)],
])("the %s codec", (_, codec, raw) => {
  it("reads several messages of one frame in order", () => {
    expect(codec.decode(raw([{ type: "a" }, { type: "b" }]))).toEqual([{ type: "a" }, { type: "b" }]);
  });

  it("N26: reads 1 to 256 messages of one frame, and neither 0 nor 257", () => {
    for (const count of [1, maxMessagesPerFrame]) {
      expect(codec.decode(raw(Array.from({ length: count }, () => ping)))).toHaveLength(count);
    }
    for (const count of [0, maxMessagesPerFrame + 1]) {
      const frame = raw(Array.from({ length: count }, () => ping));
      expect(() => codec.decode(frame)).toThrow(badRequest("a frame holds 1 to 256 messages"));
    }
    expect(maxMessagesPerFrame).toBe(256);
  });

  it("N26: leaves a list within the list to the field checks", () => {
    expect(codec.decode(raw([[ping]]))).toEqual([[ping]]);
  });

  it.each([null, true, 0, "", {}, 1.5])("J11: reads %j, which is for the field checks to refuse", (value) => {
    expect(codec.decode(raw(value))).toEqual([value]);
  });

  it("leaves out fields that are undefined", () => {
    expect(codec.decode(codec.encode({ type: "send", event: "e", data: undefined }))).toStrictEqual([
      { type: "send", event: "e" },
    ]);
  });

  it("does not change the message that it encodes", () => {
    const message = Object.freeze(publishing(Uint8Array.of(1)));
    codec.encode(message);
    expect(message).toStrictEqual(publishing(Uint8Array.of(1)));
  });

  it("J14, J15: takes keys such as then and toJSON for data, and calls nothing", () => {
    const data = { then: "x", toJSON: 1, toString: null, hasOwnProperty: [], length: 4 };
    expect(codec.decode(codec.encode(publishing(data)))).toEqual([publishing(data)]);
  });

  it("J18: text comes through as it is", () => {
    const data = ["<script>", "'; DROP TABLE x; --", "${a}", "%s%n", "\u2028", "\u202e", "\u0000"];
    expect(codec.decode(codec.encode(publishing(data)))).toEqual([publishing(data)]);
  });

  it("gives back what was encoded, for any JSON value", () => {
    fc.assert(
      fc.property(jsonValue(), (data) => {
        expect(codec.decode(codec.encode(publishing(data)))).toEqual([publishing(data)]);
      }),
    );
  });

  it("gives back bytes as bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
        const [message] = codec.decode(codec.encode(publishing(data))) as [PublishMessage];
        expect(message.data).toBeInstanceOf(Uint8Array);
        expect([...(message.data as Uint8Array)]).toEqual([...data]);
      }),
    );
  });

  it("gives back 100,000 bytes as bytes", () => {
    const data = Uint8Array.from({ length: 100_000 }, (_, index) => index * 7);
    expect(codec.decode(codec.encode(publishing(data)))).toEqual([publishing(data)]);
  });

  it("J19: throws nothing but a CarillonError, whatever the frame", () => {
    fc.assert(
      fc.property(anyFrame(), (frame) => {
        try {
          codec.decode(frame);
        } catch (error) {
          expect(error).toBeInstanceOf(CarillonError);
          expect((error as CarillonError).code).toBe("bad-request");
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("J19: throws nothing but a CarillonError for a frame that was valid before a byte changed", () => {
    const valid = codec.encode(publishing({ list: [1, "text", null, { a: 1.5 }], bytes: "AQID" }));
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 255 }), (position, byte) => {
        const bytes = Buffer.from(valid as string);
        bytes[position % bytes.length] = byte;
        try {
          codec.decode(typeof valid === "string" ? bytes.toString() : new Uint8Array(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(CarillonError);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe.each<[string, Codec]>([
  ["JSON", json],
  ["MessagePack", msgpack],
])("frames that are joined, in %s", (_, codec) => {
  it.each([1, 2, 15, 16, 17, 255, 256])("%d messages are read in order", (count) => {
    const messages = Array.from({ length: count }, (_none, index) =>
      publishing(index % 3 ? index : new Uint8Array([index])),
    );
    const joined = codec.join(messages.map((message) => codec.encode(message)));
    expect(codec.decode(joined)).toEqual(messages);
  });

  it("one message too many cannot be read", () => {
    const frames = Array.from({ length: maxMessagesPerFrame + 1 }, () => codec.encode(ping));
    expect(() => codec.decode(codec.join(frames))).toThrow(badRequest());
  });
});

describe("the JSON codec", () => {
  it("refuses a binary frame", () => {
    expect(() => json.decode(Buffer.from('{"type":"ping"}'))).toThrow(badRequest("expected a text frame"));
  });

  it.each([
    "\ufeff{}",
    "{,}",
    '{"a":1,}',
    "[1,]",
    "{} // comment",
    "/**/{}",
    "{'a':1}",
    "\u0000",
    '{"a":"\u0000"}',
    "{}{}",
    "{}\n{}",
    "",
    "{",
    "NaN",
    "Infinity",
    "undefined",
    "01",
    "'ping'",
    "\u00a0{}",
  ])("J10, J12: refuses %j, which is not JSON", (text) => {
    expect(() => json.decode(text)).toThrow(badRequest("the frame is not JSON"));
  });

  it("keeps what a stricter parser says", () => {
    const strict = createJsonCodec(parseJson);
    expect(() => strict.decode("{".repeat(33))).toThrow(badRequest("the JSON is nested deeper than 32"));
    expect(() => strict.decode("{".repeat(32))).toThrow(badRequest("the frame is not JSON"));
  });

  it("J07: the last of two equal keys counts", () => {
    expect(json.decode('{"type":"send","event":"a","event":"b"}')).toEqual([{ type: "send", event: "b" }]);
  });

  it("J09: a lone surrogate in data is passed on as an escape", () => {
    const frame = json.encode(publishing("\ud800"));
    expect(frame).toContain(String.raw`"\ud800"`);
    expect(json.decode(frame)).toEqual([publishing("\ud800")]);
  });

  it.each(["AQID", "AQID/w==", "", "AA==", "+/+/"])("reads %j as bytes", (text) => {
    const [message] = json.decode(JSON.stringify({ type: "send", event: "e", bytes: text })) as [{ data: Uint8Array }];
    expect(Buffer.from(message.data).toString("base64")).toBe(text);
    expect(message).not.toHaveProperty("bytes");
  });

  it.each([
    ["missing padding", "AQID/w"],
    ["too much padding", "AQID===="],
    ["bits that are not used", "AQID/x=="],
    ["white space", "AQ ID"],
    ["a line break", "AQID\n"],
    ["the URL alphabet", "-_-_"],
    ["other text", "é"],
    ["a number", 5],
    ["null", null],
    ["a list", [1, 2]],
    ["an object", {}],
  ])("refuses bytes with %s", (_, bytes) => {
    expect(() => json.decode(JSON.stringify({ type: "send", event: "e", bytes }))).toThrow(
      badRequest(`"bytes" must be base64 text`),
    );
  });

  it("refuses data and bytes together, also when data is null", () => {
    for (const data of [1, null]) {
      const frame = JSON.stringify({ type: "send", event: "e", data, bytes: "AQID" });
      expect(() => json.decode(frame)).toThrow(badRequest(`either "data" or "bytes"`));
    }
  });

  it("never takes text in data for bytes", () => {
    expect(json.decode('{"type":"send","event":"e","data":{"bytes":"AQID"}}')).toEqual([
      { type: "send", event: "e", data: { bytes: "AQID" } },
    ]);
  });

  it("J05, J06: keys such as __proto__ stay data and change no prototype", () => {
    const [message] = json.decode(
      '{"type":"send","event":"e","__proto__":{"polluted":1},"data":{"__proto__":{"polluted":1}}}',
    );
    expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
    expect(Object.getPrototypeOf((message as { data: object }).data)).toBe(Object.prototype);
    expect((message as { polluted?: unknown }).polluted).toBeUndefined();
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe("the MessagePack codec", () => {
  it("refuses a text frame", () => {
    expect(() => msgpack.decode('{"type":"ping"}')).toThrow(badRequest("expected a binary frame"));
  });

  it.each([
    ["nothing", ""],
    ["a map that ends early", "82a474797065a470696e67"],
    ["something behind the message", "81a474797065a470696e67c0"],
    ["the byte that is never used", "c1"],
    ["a map of 2³² − 1 entries", "dfffffffff"],
    ["a list of 2³² − 1 entries", "ddffffffff"],
    ["text of 2³² − 1 bytes", "dbffffffff"],
    ["bytes of 2³² − 1 bytes", "c6ffffffff"],
    ["a key __proto__", "81a95f5f70726f746f5f5f81a1780a"],
    ["a key that is a map", "8180c0"],
  ])("J19: refuses %s", (_, hex) => {
    expect(() => msgpack.decode(Buffer.from(hex, "hex"))).toThrow(badRequest("the frame is not MessagePack"));
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "refuses the number %s from a peer",
    (number) => {
      for (const data of [number, [number], { deep: [{ number }] }]) {
        expect(() => msgpack.decode(encodeMsgpack(publishing(data)))).toThrow(badRequest("numbers must be finite"));
      }
      expect(() => msgpack.decode(encodeMsgpack({ type: "ping", ref: number }))).toThrow(badRequest());
    },
  );

  it.each([
    ["bytes inside data", publishing([Uint8Array.of(1)])],
    ["bytes in a field of data", publishing({ deep: Uint8Array.of(1) })],
    ["bytes in another field", { type: "send", event: Uint8Array.of(1) }],
    ["bytes inside an item of a batch", { type: "batch", event: "e", items: [[Uint8Array.of(1)]] }],
    ["a timestamp as data", publishing(new Date(0))],
    ["a timestamp inside data", publishing({ at: new Date(0) })],
    ["an unknown extension", publishing(new ExtData(7, Uint8Array.of(1)))],
    ["an unknown extension inside data", publishing([new ExtData(7, Uint8Array.of(1))])],
  ])("refuses %s", (_, message) => {
    expect(() => msgpack.decode(encodeMsgpack(message))).toThrow(
      badRequest(`bytes only as the whole "data", and no extension types`),
    );
  });

  it("accepts bytes as an item of a batch", () => {
    const message = { type: "batch", event: "e", items: [Uint8Array.of(1), { a: 1 }] } as const;
    expect(msgpack.decode(msgpack.encode(message))).toEqual([message]);
  });

  it("J02: accepts data as deep as 32 with the message's own map, and no deeper", () => {
    expect(msgpack.decode(encodeMsgpack(publishing(nested(31))))).toEqual([publishing(nested(31))]);
    expect(() => msgpack.decode(encodeMsgpack(publishing(nested(32))))).toThrow(
      badRequest("data is nested deeper than 32"),
    );
  });

  it("J01: refuses 60,000 nested lists at once", () => {
    const start = performance.now();
    expect(() => msgpack.decode(new Uint8Array(60_000).fill(0x91))).toThrow(badRequest());
    expect(performance.now() - start).toBeLessThan(500);
  });

  it.each([
    ["NaN and infinities become null", [Number.NaN, Number.POSITIVE_INFINITY, { a: Number.NEGATIVE_INFINITY }]],
    ["dates become text", { at: new Date(0), list: [new Date(1)] }],
    ["what has a toJSON says it itself", { money: { toJSON: () => "3 €" } }],
    ["undefined is left out of objects, and null in lists", { a: undefined, b: [undefined, 1] }],
    ["functions and symbols are left out", { a: () => 1, b: Symbol("b"), c: [() => 1], d: 1 }],
    ["maps and sets are empty objects", { map: new Map([[1, 2]]), set: new Set([1]) }],
    [
      "class instances are their fields",
      {
        point: new (class Point {
          readonly x = 1;
        })(),
      },
    ],
    ["objects without a prototype are objects", Object.assign(Object.create(null), { a: 1 })],
    ["bytes inside data are objects", [Uint8Array.of(7, 8)]],
    ["a toJSON that returns its own object is asked once", selfJson()],
  ])("says what JSON says: %s", (_, data) => {
    const inJson = json.decode(json.encode(publishing(data)));
    expect(msgpack.decode(msgpack.encode(publishing(data)))).toEqual(inJson);
  });

  it("J05: a key __proto__, which MessagePack clients refuse, is left out rather than sent to them", () => {
    const data = JSON.parse('{"a":{"__proto__":{"polluted":1},"b":2},"__proto__":1}');
    const [message] = msgpack.decode(msgpack.encode(publishing(data))) as [PublishMessage];
    expect(message.data).toEqual({ a: { b: 2 } });
    expect(Object.getPrototypeOf((message.data as { a: object }).a)).toBe(Object.prototype);
  });

  it("J08: what JSON clients may say reaches MessagePack clients in a form that they accept", () => {
    const [message] = json.decode('{"type":"publish","channel":"c","event":"e","data":[1e400,-1e400,-0,1e21]}');
    const decoded = msgpack.decode(msgpack.encode(message as PublishMessage)) as [PublishMessage];
    expect(decoded[0].data).toEqual([null, null, expect.toSatisfy((zero) => zero === 0), 1e21]);
  });

  it("does not encode what it would not decode: data nested deeper than 32", () => {
    expect(msgpack.decode(msgpack.encode(publishing(nested(31))))).toEqual([publishing(nested(31))]);
    expect(() => msgpack.encode(publishing(nested(32)))).toThrow(badRequest("data is nested deeper than 32"));
  });

  it("does not encode what JSON cannot: a BigInt, a circle", () => {
    const circle: unknown[] = [];
    circle.push(circle);
    for (const data of [1n, [1n], circle]) {
      expect(() => json.encode(publishing(data))).toThrow();
      expect(() => msgpack.encode(publishing(data))).toThrow();
    }
  });

  it("decodes whatever it encodes, for any value of JavaScript", () => {
    fc.assert(
      fc.property(
        fc.anything({ withDate: true, withMap: true, withSet: true, withTypedArray: true, maxDepth: 4 }),
        (data) => {
          let frame: CodecFrame;
          try {
            frame = msgpack.encode(publishing(data));
          } catch {
            return;
          }
          expect(msgpack.decode(frame)).toHaveLength(1);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

function selfJson(): object {
  const value: object = { a: 1, toJSON: (): object => value };
  return [value];
}

/** What both codecs give back as it was: no negative zero, no lone surrogates and no key `__proto__`. */
function jsonValue(): fc.Arbitrary<unknown> {
  const text = fc.string({ unit: "grapheme", maxLength: 20 }).filter((value) => value !== "__proto__");
  const number = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }));
  const leaf = fc.oneof(
    text,
    number.map((value) => value || 0),
    fc.boolean(),
    fc.constant(null),
  );
  return fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie("value"), { maxLength: 5 }),
      fc.dictionary(text, tie("value"), { maxKeys: 5, noNullPrototype: true }),
    ),
  })).value;
}

function anyFrame(): fc.Arbitrary<CodecFrame> {
  return fc.oneof(
    fc.string({ unit: "binary" }),
    fc.json({ maxDepth: 4 }),
    fc.json({ maxDepth: 3 }).map((text) => `{"type":"send","event":"e","bytes":${text}}`),
    fc.uint8Array({ maxLength: 60 }),
    // A map with a known key, so that what follows is reached.
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Uint8Array.of(0x81, 0xa4, 0x64, 0x61, 0x74, 0x61, ...bytes)),
  );
}
