import fc from "../properties.ts";
import { describe, expect, test } from "vitest";
import { parseJson } from "../../src/dialects/json.ts";
import { positionText, readPosition } from "../../src/dialects/native/position.ts";
import type { Frame } from "../../src/engine/ports/wire.ts";
import { fromBase64, toBase64 } from "../../src/protocol/base64.ts";
import { createJsonCodec, type Codec } from "../../src/protocol/codec.ts";
import type { ClientMessage } from "../../src/protocol/messages.ts";
import { createMsgpackCodec } from "../../src/protocol/msgpack.ts";
import { readClientMessage } from "../../src/protocol/read-client-message.ts";
import { closeEvent, frameEvents, idOf } from "../../src/transports/http/event-stream.ts";
import { interpretStream, type StreamEvent } from "./interpret-stream.ts";
import { depthOf } from "./targets/json.ts";
import { readStream } from "./targets/event-stream.ts";

const text = (): fc.Arbitrary<string> => fc.string({ unit: "grapheme", maxLength: 40 });
const breaking = fc.stringMatching(/^[\r\n:a 0{"é\u2028\ufeff]{0,40}$/);
const ref = fc.maxSafeNat();
/** JSON has one zero, and a key `__proto__` is left out of MessagePack. */
const json = fc
  .jsonValue({ maxDepth: 6 })
  .map(
    (value) =>
      JSON.parse(JSON.stringify(value), (key, item: unknown) => (key === "__proto__" ? undefined : item)) as unknown,
  );
const data = fc.oneof(json, fc.uint8Array({ maxLength: 60 }));

const messages: fc.Arbitrary<ClientMessage> = fc.oneof(
  fc.record(
    { type: fc.constant("connect" as const), token: text(), resume: fc.boolean(), session: text(), received: ref },
    { requiredKeys: ["type"] },
  ),
  fc.record(
    { type: fc.constant("subscribe" as const), ref, channel: text(), since: text() },
    { requiredKeys: ["type", "ref", "channel"] },
  ),
  fc.record(
    {
      type: fc.constant("publish" as const),
      ref,
      channel: text(),
      event: text(),
      data,
      echo: fc.boolean(),
      id: fc.stringMatching(/^[\w-]{1,64}$/),
    },
    { requiredKeys: ["type", "channel", "event", "data"] },
  ),
  fc.record(
    { type: fc.constant("history" as const), ref, channel: text(), after: text(), before: text(), limit: ref },
    { requiredKeys: ["type", "ref", "channel"] },
  ),
  fc.record({ type: fc.constant("request" as const), ref, event: text(), data }),
  fc.record({ type: fc.constant("response" as const), ref, data }),
  fc.record({ type: fc.constant("send" as const), event: text(), data }),
  fc.record({ type: fc.constant("whisper" as const), channel: text(), event: text(), data }),
  fc.record({ type: fc.constant("error" as const), ref, code: text(), message: text() }),
  fc.record({ type: fc.constant("refresh" as const), ref, token: text() }),
  fc.record({ type: fc.constant("unsubscribe" as const), ref, channel: text() }),
  fc.record({ type: fc.constant("ack" as const), received: ref }),
  fc.record({ type: fc.constant("ping" as const) }),
);

describe.each<[string, Codec]>([
  ["JSON", createJsonCodec(parseJson)],
  ["MessagePack", createMsgpackCodec()],
])("in %s", (_, codec) => {
  test("any message is read as it was written, alone and among others", () => {
    fc.assert(
      fc.property(fc.array(messages, { minLength: 1, maxLength: 8 }), (list) => {
        const frames = list.map((message) => codec.encode(message));
        expect(frames.flatMap((frame) => codec.decode(frame).map(readClientMessage))).toEqual(list);
        expect(codec.decode(codec.join(frames)).map(readClientMessage)).toEqual(list);
      }),
      { numRuns: 400 },
    );
  });
});

test("any bytes are read from base64 as they were written, and from nothing else", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect([...fromBase64(toBase64(bytes))]).toEqual([...bytes]);
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
    }),
  );
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), (spelling) => {
      let read: Uint8Array | undefined;
      try {
        read = fromBase64(spelling);
      } catch {
        return;
      }
      expect(toBase64(read)).toBe(spelling);
    }),
  );
});

test("any position is read as it was written", () => {
  const word = fc.stringMatching(/^[\w-]{1,64}$/);
  fc.assert(
    fc.property(fc.record({ epoch: word, offset: fc.maxSafeNat(), tag: word }), (position) => {
      expect(readPosition(positionText(position))).toEqual(position);
    }),
  );
});

test("J01: depth is judged as somebody would who looks at the value", () => {
  const around = fc.constantFrom<(inner: unknown) => unknown>(
    (inner) => [inner],
    (inner) => ({ a: inner }),
    (inner) => ["[[{", inner, []],
    (inner) => ({ '\\"': [[]], "}]": inner }),
  );
  const layers = fc.array(around, { minLength: 26, maxLength: 36, size: "max" });
  const nested = layers.map((list) => list.reduce<unknown>((inner, wrap) => wrap(inner), null));
  let [taken, refused] = [0, 0];
  fc.assert(
    fc.property(nested, fc.boolean(), (value, isSpaced) => {
      const written = JSON.stringify(value, undefined, isSpaced ? 1 : 0);
      const limit = Array.isArray(value) ? 33 : 32;
      if (depthOf(value) > limit) {
        refused += 1;
        expect(() => parseJson(written)).toThrow("nested deeper");
      } else {
        taken += 1;
        expect(parseJson(written)).toEqual(value);
      }
    }),
    { numRuns: 2_000, seed: 1 },
  );
  expect(Math.min(taken, refused)).toBeGreaterThan(20);
});

describe("event streams", () => {
  const frames = fc.array(
    fc.oneof(
      breaking,
      json.map((value) => JSON.stringify(value)),
      fc.uint8Array({ maxLength: 40 }),
    ),
  );

  test("a reader by the book reads the frames that were written, and their count", () => {
    fc.assert(
      fc.property(frames, (list) => {
        const read = interpretStream(`${frameEvents([list]).toString()}${idOf(list.length)}`);
        expect(read.events).toEqual(list.map(eventOf));
        expect(read.lastId).toBe(String(list.length));
      }),
      { numRuns: 500 },
    );
  });

  test("no reason breaks out of the event that tells it", () => {
    fc.assert(
      fc.property(fc.integer(), breaking, (code, reason) => {
        const { events } = interpretStream(closeEvent(code, reason));
        expect(events).toMatchObject([{ type: "close" }]);
        expect(JSON.parse(events[0]!.data)).toEqual({ code, reason });
      }),
    );
  });

  test("our own reader reads the same, in whatever pieces it comes", async () => {
    // No codec writes an empty frame, and to our reader an event without data is none.
    const packets = frames.map((list) => list.filter((frame) => frame.length > 0));
    await fc.assert(
      fc.asyncProperty(packets, fc.array(fc.nat({ max: 400 }), { maxLength: 12 }), async (list, cuts) => {
        const bytes = new Uint8Array(Buffer.concat([Buffer.from("id: 0\n\n"), frameEvents([list])]));
        const { frames: read } = await readStream(cut(bytes, cuts));
        const { events } = interpretStream(Buffer.from(bytes).toString());
        const expected = events.map(({ type, data: written }) =>
          type === "bytes" ? [...Buffer.from(written, "base64")] : written,
        );
        expect(read).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});

/** What a frame is in a stream; all line breaks are one there, and JSON has none. */
function eventOf(frame: Frame): StreamEvent {
  if (typeof frame !== "string") return { type: "bytes", data: Buffer.from(frame).toString("base64") };
  return { type: "message", data: frame.replaceAll(/\r\n|\r/g, "\n") };
}

function cut(bytes: Uint8Array, at: readonly number[]): readonly Uint8Array[] {
  const places = [...new Set(at)].toSorted((one, other) => one - other);
  return [0, ...places].map((start, index) => bytes.subarray(start, places[index])).filter(({ length }) => length > 0);
}
