import { decode, encode } from "@msgpack/msgpack";
import { once } from "node:events";
import { describe, expect } from "vitest";
import { WebSocket } from "ws";
import { ask, LinkClient } from "../transports/http/link-client.ts";
import { overPosts, overWebSocket, type RawClient, type RawConnect, type Said } from "./native-client.ts";
import { hostile, type Row } from "./rows.ts";

type Check = (client: RawClient) => Promise<void>;

/** What is said is a mistake, is answered as one, and the conversation goes on. */
function mistaken(what: string, frame: string, code: string = "bad-request"): Omit<Row, "id"> & { check: Check } {
  return row(what, async (client) => {
    expect(await client.say(frame)).toEqual([expect.objectContaining({ type: "error", code })]);
  });
}

/** This data comes back as it went. */
function echoed(what: string, json: string, expected: unknown = JSON.parse(json)): Omit<Row, "id"> & { check: Check } {
  return row(what, async (client) => {
    expect(await client.say(`{"type":"request","ref":7,"event":"echo","data":${json}}`)).toEqual([
      { type: "response", ref: 7, data: expected },
    ]);
  });
}

function row(what: string, check: Check): Omit<Row, "id"> & { check: Check } {
  return { what, check, run: () => undefined };
}

const nested = (depth: number, open: string, close: string): string => open.repeat(depth) + close.repeat(depth);
const text = (value: string): string => JSON.stringify(value);
const ask32 = (name: string, ref: string): string => `{"type":"subscribe","ref":${ref},"channel":${name}}`;

/** Every field of every message that a client may send, with what it has to be. */
const fields: readonly (readonly [message: Readonly<Record<string, unknown>>, field: string])[] = [
  [{ type: "publish", channel: "open", event: "e" }, "channel"],
  [{ type: "publish", channel: "open", event: "e" }, "event"],
  [{ type: "publish", channel: "open", event: "e", ref: 1 }, "ref"],
  [{ type: "publish", channel: "open", event: "e", echo: true }, "echo"],
  [{ type: "publish", channel: "open", event: "e", id: "a" }, "id"],
  [{ type: "send", event: "e" }, "event"],
  [{ type: "request", ref: 1, event: "e" }, "ref"],
  [{ type: "request", ref: 1, event: "e" }, "event"],
  [{ type: "response", ref: 1 }, "ref"],
  [{ type: "error", ref: 1, code: "c", message: "m" }, "code"],
  [{ type: "error", ref: 1, code: "c", message: "m" }, "message"],
  [{ type: "subscribe", ref: 1, channel: "open" }, "ref"],
  [{ type: "subscribe", ref: 1, channel: "open" }, "channel"],
  [{ type: "subscribe", ref: 1, channel: "open", since: "x" }, "since"],
  [{ type: "unsubscribe", ref: 1, channel: "open" }, "ref"],
  [{ type: "unsubscribe", ref: 1, channel: "open" }, "channel"],
  [{ type: "history", ref: 1, channel: "open" }, "ref"],
  [{ type: "history", ref: 1, channel: "open" }, "channel"],
  [{ type: "history", ref: 1, channel: "open", after: "x" }, "after"],
  [{ type: "history", ref: 1, channel: "open", before: "x" }, "before"],
  [{ type: "history", ref: 1, channel: "open", limit: 1 }, "limit"],
  [{ type: "ack", received: 0 }, "received"],
];
/** Of no type that any of these fields has. */
const wrongValues = [null, [], {}, 1.5, -1, ["x"], { x: 1 }];

const rows: readonly (Row & { check: Check })[] = [
  { id: "J01", ...mistaken("33 lists", nested(33, "[", "]")) },
  { id: "J01", ...mistaken("33 objects", `${'{"a":'.repeat(33)}1${"}".repeat(33)}`) },
  { id: "J01", ...mistaken("10,000 lists", "[".repeat(10_000)) },
  {
    id: "J01",
    ...row("a million of them are too large to be looked at", async (client) => {
      expect(await client.say(nested(1_000_000, "[", "]"))).toMatchObject({ closed: expect.any(Number) as number });
    }),
  },
  { id: "J02", ...echoed("a depth of 32 is fine", nested(31, "[", "]")) },
  { id: "J02", ...mistaken("a depth of 33 is not", `{"type":"send","event":"e","data":${nested(32, "[", "]")}}`) },
  { id: "J03", ...mistaken("10,001 tokens", `[${"1,".repeat(10_000)}1]`) },
  {
    id: "J03",
    ...row("200,000 keys are too large to be looked at", async (client) => {
      const keys = Array.from({ length: 200_000 }, (_, n) => `"k${n}":1`).join();
      expect(await client.say(`{${keys}}`)).toMatchObject({ closed: expect.any(Number) as number });
    }),
  },
  {
    id: "J04",
    ...mistaken(
      "keys that look like indices are counted like others",
      `{${Array.from({ length: 5_500 }, (_, n) => `"${n * 17}":1`).join()}}`,
    ),
  },
  { id: "J05", ...echoed("__proto__ as a key of data stays data", '{"a":[{"b":{"__proto__":{"admin":true}}}]}') },
  {
    id: "J05",
    ...row("__proto__ gives a message no fields", async (client) => {
      for (const frame of [
        '{"__proto__":{"type":"ping"}}',
        '{"type":"subscribe","ref":1,"__proto__":{"channel":"open"}}',
      ]) {
        expect(await client.say(frame)).toEqual([expect.objectContaining({ code: "bad-request" })]);
      }
    }),
  },
  { id: "J06", ...echoed("neither does constructor", '{"constructor":{"prototype":{"x":1}}}') },
  {
    id: "J07",
    ...row("of two equal keys the last one counts, for everyone", async (client) => {
      expect(
        await client.say(
          '{"type":"send","type":"request","ref":1,"ref":2,"event":"none","event":"echo","data":1,"data":2}',
        ),
      ).toEqual([{ type: "response", ref: 2, data: 2 }]);
    }),
  },
  ...["NaN", "Infinity", "01", "1.5", "-1", "1e400", '"1"', "123456789012345678901234567890", "true"].map((ref) => ({
    id: "J08",
    ...mistaken(`${ref} as a ref`, ask32('"open"', ref)),
  })),
  { id: "J08", ...mistaken("2^53 as a ref", ask32('"open"', "9007199254740992")) },
  {
    id: "J08",
    ...row("1.0 and -0 are integers, as in JSON itself", async (client) => {
      expect(await client.say('{"type":"request","ref":1.0,"event":"echo","data":-0}')).toEqual([
        { type: "response", ref: 1, data: 0 },
      ]);
    }),
  },
  { id: "J09", ...mistaken("a lone surrogate in a name", ask32('"\\ud800"', "1"), "channel-name-invalid") },
  { id: "J09", ...echoed("a lone surrogate in data stays one", '"a\\ud800b"') },
  ...[
    '\ufeff{"type":"ping"}',
    '{"type":"ping",}',
    '{"type":"ping"/*x*/}',
    "{'type':'ping'}",
    '{"type":"ping"}\0',
    "x",
  ].map((frame) => ({ id: "J10", ...mistaken(`${JSON.stringify(frame)} is no JSON`, frame) })),
  ...["null", "true", "0", '""', "[]", "{}", "[null]", "[[]]"].map((frame) => ({
    id: "J11",
    ...mistaken(`${frame} is no message`, frame),
  })),
  { id: "J11", ...mistaken("257 messages in one frame", `[${'{"type":"ping"},'.repeat(256)}{"type":"ping"}]`) },
  ...["{}{}", '{"type":"ping"}\n{"type":"ping"}'].map((frame) => ({
    id: "J12",
    ...mistaken(`${JSON.stringify(frame)} is two documents`, frame),
  })),
  { id: "J13", ...echoed("60 KB of escapes", `"${"\\u0041".repeat(10_000)}"`) },
  { id: "J13", ...mistaken("60 KB of backslashes without an end", `"${"\\".repeat(60_000)}`) },
  {
    id: "J14",
    ...echoed(
      "keys that objects have of their own",
      '{"toString":1,"hasOwnProperty":2,"then":3,"toJSON":4,"length":5,"valueOf":6}',
    ),
  },
  { id: "J15", ...echoed("an answer that looks like a promise or a converter", '{"toJSON":"x","then":{"then":"y"}}') },
  ...fields.map(([message, field]) => ({
    id: "J16",
    ...row(`${String(message["type"])} with another kind of ${field}`, async (client) => {
      for (const value of wrongValues) {
        const [error] = (await client.say(JSON.stringify({ ...message, [field]: value }))) as readonly Said[];
        expect(error, JSON.stringify(value)).toMatchObject({ type: "error", code: "bad-request" });
        expect(error!.message).toContain(`"${field}"`);
        expect(error!.message!.length).toBeLessThanOrEqual(128);
      }
    }),
  })),
  {
    id: "J16",
    ...row("a type that is none", async (client) => {
      for (const value of wrongValues) {
        expect(await client.say(JSON.stringify({ type: value }))).toMatchObject([{ code: "bad-request" }]);
      }
      for (const value of ["", "Ping", "__proto__", "connected", "toString"]) {
        expect(await client.say(JSON.stringify({ type: value }))).toMatchObject([{ code: "unknown-type" }]);
      }
    }),
  },
  {
    id: "J17",
    ...mistaken("a channel's name of 201 bytes", ask32(text("x".repeat(201)), "1"), "channel-name-invalid"),
  },
  { id: "J17", ...mistaken("of 101 times 2 bytes", ask32(text("é".repeat(101)), "1"), "channel-name-invalid") },
  { id: "J17", ...mistaken("of none", ask32('""', "1"), "channel-name-invalid") },
  {
    id: "J17",
    ...row("names are opaque: exactly 200 bytes, and nothing is normalised", async (client) => {
      for (const name of [
        "x".repeat(200),
        "é".repeat(100),
        "   ",
        "\u202eevil",
        "a\u200bb",
        "İ",
        "e\u0301",
        "\u00e9",
      ]) {
        expect(await client.say(ask32(text(name), "3"))).toEqual([{ type: "subscribed", ref: 3, channel: name }]);
      }
      expect(await client.say(ask32(text("i"), "3"))).toMatchObject([{ type: "subscribed" }]);
    }),
  },
  {
    id: "J17",
    ...row("a publication's id of 64 characters is fine, one of 65 is not", async (client) => {
      const publish = (id: string): string =>
        JSON.stringify({ type: "publish", ref: 1, channel: "open1", event: "e", id });
      expect(await client.say(publish("x".repeat(64)))).toMatchObject([{ type: "published", id: "x".repeat(64) }]);
      for (const id of ["x".repeat(65), "", "a b", "é"]) {
        expect(await client.say(publish(id))).toMatchObject([{ type: "error", code: "bad-request" }]);
      }
    }),
  },
  {
    id: "J18",
    ...echoed("what other systems would run", text("<script>alert(1)</script>'; DROP TABLE x; ${1+1} %s%n")),
  },
  {
    id: "J18",
    ...row("nor is it run in names", async (client) => {
      for (const name of ["<script>", "'; DROP TABLE x", "${1+1}", "%s%n", "open-%d"]) {
        expect(await client.say(ask32(text(name), "3"))).toEqual([{ type: "subscribed", ref: 3, channel: name }]);
      }
    }),
  },
];

/** In MessagePack, with what JSON has not. @see the MessagePack specification */
const binary: readonly (readonly [what: string, bytes: Uint8Array, code: string])[] = [
  ["an extension type", encoded("request", [0xd4, 1, 0]), "bad-request"],
  ["a map of 2^32 - 1 pairs", Buffer.from([0xdf, 0xff, 0xff, 0xff, 0xff]), "bad-request"],
  ["a list of 2^32 - 1 items", Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]), "bad-request"],
  ["bytes that are not there", Buffer.from([0xc6, 0xff, 0xff, 0xff, 0xff, 1]), "bad-request"],
  ["text that is not there", Buffer.from([0xdb, 0x7f, 0xff, 0xff, 0xff, 1]), "bad-request"],
  ["10,000 lists", Buffer.alloc(10_000, 0x91), "bad-request"],
  [
    "__proto__ as a key",
    Buffer.concat([Buffer.from([0x81, 0xa9]), Buffer.from("__proto__"), Buffer.from([0x80])]),
    "bad-request",
  ],
  ["a byte that means nothing", Buffer.from([0xc1]), "bad-request"],
  ["two values", Buffer.concat([encode({ type: "ping" }), encode({ type: "ping" })]), "bad-request"],
];

function encoded(type: string, data: readonly number[]): Uint8Array {
  const head = encode({ type, ref: 1, event: "echo" });
  return Buffer.concat([Buffer.from([head[0]! + 1]), head.subarray(1), encode("data"), Buffer.from(data)]);
}

const msgpack = { "Content-Type": "application/vnd.msgpack" };

const binaryRows: readonly Row[] = binary.flatMap(([what, bytes, code]) => [
  {
    id: "J19",
    what: `${what}, over a WebSocket`,
    async run({ url }) {
      const socket = new WebSocket(url.replace("http", "ws"), ["carillon.v1.msgpack"]);
      await once(socket, "open");
      socket.send(encode({ type: "connect" }));
      await once(socket, "message");
      socket.send(bytes);
      const [answer] = (await once(socket, "message")) as [Buffer];
      expect(decode(answer)).toMatchObject({ type: "error", code });
      socket.close();
    },
  },
  {
    id: "J19",
    what: `${what}, over a POST`,
    async run({ url }) {
      const client = await LinkClient.open(url, encode({ type: "connect" }), msgpack);
      expect((await client.send(1, bytes)).status).toBe(204);
      const { bytes: answer } = await client.poll(0);
      expect(decode(answer)).toMatchObject([{ type: "connected" }, { type: "error", code }]);
      await client.close();
    },
  },
]);

describe.each<[string, RawConnect]>([
  ["WebSocket", overWebSocket],
  ["POST", overPosts],
])("JSON over %s", (_name, connect) => {
  const tried = rows.map(({ id, what, check }) => ({
    id,
    what,
    run: async ({ url }: { readonly url: string }) => {
      const client = await connect(url);
      await check(client);
      await client.leave();
    },
  }));
  hostile({ group: "J" }, [...tried, ...binaryRows]);
});

describe("a first body", () => {
  hostile({ group: "J" }, [
    {
      id: "J11",
      what: "that is no connect is refused with 4400",
      async run({ url }) {
        for (const body of ["x", "null", "[]", "{}", '{"type":"ping"}']) {
          const client = await LinkClient.open(url, body);
          const { body: told } = await client.poll(0);
          expect(JSON.parse(told)).toMatchObject([{ type: "error", code: "bad-request" }]);
          expect(await ask(client.at("poll", { after: 1 }))).toMatchObject({
            status: 410,
            body: expect.stringContaining("4400") as string,
          });
        }
      },
    },
  ]);
});
