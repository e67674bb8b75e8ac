import { describe, expect, test } from "vitest";
import { isCompactToken } from "../../src/auth/compact-token.ts";
import { tokenAt, type TokenPlace } from "../../src/auth/token-place.ts";
import { readPosition } from "../../src/dialects/native/position.ts";
import { parseJson } from "../../src/dialects/json.ts";
import { checkChannelName, checkEventName, isUserId } from "../../src/engine/names.ts";
import { fromBase64 } from "../../src/protocol/base64.ts";
import { createJsonCodec } from "../../src/protocol/codec.ts";
import { createMsgpackCodec } from "../../src/protocol/msgpack.ts";
import { countedAddress } from "../../src/engine/address-counts.ts";
import { clientAddress } from "../../src/server/client-address.ts";
import { originRule } from "../../src/server/origin.ts";
import { redactText } from "../../src/server/redact.ts";
import { acceptsStream, formatOf } from "../../src/transports/http/content-type.ts";
import { frameEvents } from "../../src/transports/http/event-stream.ts";
import { readStream } from "./targets/event-stream.ts";

/** What reads the words of strangers, and how long they can be: a message, or the headers of a request. */
interface Parser {
  readonly name: string;
  readonly maxBytes: number;
  readonly read: (text: string) => unknown;
}

const message = 65_536;
const headers = 16_384;

const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
const addressOf = clientAddress(1_000_000, logger);
const originAllowed = originRule(["https://app.example.com"]);
const json = createJsonCodec(parseJson);
const msgpack = createMsgpackCodec();
const url = new URL("http://localhost/");
const brought = (place: TokenPlace, value: string): unknown => {
  const handshake = { header: () => value, url };
  return tokenAt(place, { handshake, url } as unknown as Parameters<typeof tokenAt>[1]);
};

const parsers: readonly Parser[] = [
  { name: "parseJson", maxBytes: message, read: parseJson },
  { name: "the JSON codec", maxBytes: message, read: (text) => json.decode(text) },
  { name: "the JSON codec, in a text", maxBytes: message, read: (text) => json.decode(`{"bytes":"${text}"}`) },
  { name: "the MessagePack codec", maxBytes: message, read: (text) => msgpack.decode(Buffer.from(text, "latin1")) },
  { name: "base64", maxBytes: message, read: fromBase64 },
  { name: "positions", maxBytes: message, read: readPosition },
  { name: "channel names", maxBytes: message, read: checkChannelName },
  { name: "event names", maxBytes: message, read: checkEventName },
  { name: "user ids", maxBytes: message, read: isUserId },
  { name: "the event stream's writer", maxBytes: message, read: (text) => frameEvents([[text]]) },
  { name: "log lines", maxBytes: message, read: redactText },
  { name: "tokens", maxBytes: headers, read: isCompactToken },
  { name: "tokens in a cookie", maxBytes: headers, read: (text) => brought({ cookie: "token" }, text) },
  { name: "tokens in a header", maxBytes: headers, read: (text) => brought({ header: "authorization" }, text) },
  { name: "X-Forwarded-For", maxBytes: headers, read: (text) => addressOf({ peer: "10.0.0.1", forwardedFor: text }) },
  { name: "counted addresses", maxBytes: headers, read: countedAddress },
  { name: "Accept", maxBytes: headers, read: acceptsStream },
  { name: "Content-Type", maxBytes: headers, read: (text) => formatOf(text, []) },
  {
    name: "Origin",
    maxBytes: headers,
    read: (text) => originAllowed({ header: () => text, url } as unknown as Parameters<typeof originAllowed>[0]),
  },
];

/** What backtracks and what is looked through once more; each is repeated, alone and behind a beginning. */
const units = [
  ...[" ", "\t", '"', "\\", "[", "{", "]", "}", ",", ":", ";", ".", "-", "/", "=", "%", "(", "0", "1", "9", "a", "é"],
  ...['\\"', '"a":', "[]", "[[]", '"",', "1.", "1:", "::", "1.2.3.4,", "2001:db8::1,", ", ", "; ", ";;", "a.", ".a"],
  ...["eyJ", "eyJ-", "eyJ.", "eyJa.", "token", "token=", "token ", "Bearer ", "cookie:", "secret = ", "bearer  "],
  ...["q=0", ";q=0", "q=0 ", "q=0.", "*/*;", "text/*", "charset=", '; charset="utf-8"', "\r\n", "\n", "\r", "data: "],
  ...["\x91", "\x81\xa1a", "\xdc\x00\x10", "\xc0", "\xd9\xff", "\xc7\x01\x01", "\xca"],
];
const beginnings = ["", '"', "[", '{"a":"', "text/*;", "bearer ", "token=", "eyJ", "::", "1.2.3.4:", "e.1."];

/** Quadratic is 4. */
const maxRatio = 2.5;

/** So much is forgiven to what is too fast to be measured; the quadratic takes a thousand times as long at these sizes. */
const noiseMs = 1;

const tries = 6;

describe("twice the text takes twice the time", () => {
  test.each(parsers)("$name", ({ read, maxBytes }) => {
    for (const beginning of beginnings) {
      for (const unit of units) {
        const [small, large] = [fill(beginning, unit, maxBytes / 2), fill(beginning, unit, maxBytes)];
        // One measurement is enough for what is fast, and that is nearly everything.
        let [smallMs, largeMs] = [timeOf(read, small), timeOf(read, large)];
        for (let again = 1; again < tries && largeMs > maxRatio * smallMs + noiseMs; again += 1) {
          smallMs = Math.max(smallMs, timeOf(read, small));
          largeMs = Math.min(largeMs, timeOf(read, large));
        }
        const what = `${JSON.stringify(beginning)} and ${JSON.stringify(unit)} again and again`;
        expect(largeMs, what).toBeLessThanOrEqual(maxRatio * smallMs + noiseMs);
      }
    }
  });

  test("a regular expression that goes back and forth is found", () => {
    const bad = /eyJ[\w-]+\./;
    const [small, large] = [fill("", "eyJ-", headers / 2), fill("", "eyJ-", headers)];
    const read = (text: string): boolean => bad.test(text);
    const [smallMs, largeMs] = [best(read, small), best(read, large)];
    expect(largeMs).toBeGreaterThan(maxRatio * smallMs + noiseMs);
  });
});

describe("the client's reader of event streams takes twice the time for twice the chunks", () => {
  test.each([
    ["lines of one event", "data: x\n"],
    ["pieces of one line", "data: x"],
    ["events", "data: x\n\n"],
    ["comments", ":\n\n"],
    ["line breaks", "\n"],
  ])("%s", async (_, chunk) => {
    const bytes = new TextEncoder().encode(chunk);
    const streamOf = (count: number): readonly Uint8Array[] => Array.from({ length: count }, () => bytes);
    const msOf = async (count: number): Promise<number> => {
      const start = performance.now();
      await readStream(streamOf(count));
      return performance.now() - start;
    };
    await msOf(1_000);
    let [smallMs, largeMs] = [await msOf(8_000), await msOf(16_000)];
    for (let again = 1; again < tries && largeMs > maxRatio * smallMs; again += 1) {
      smallMs = Math.max(smallMs, await msOf(8_000));
      largeMs = Math.min(largeMs, await msOf(16_000));
    }
    expect(largeMs).toBeLessThanOrEqual(maxRatio * smallMs);
  });
});

function fill(beginning: string, unit: string, length: number): string {
  return beginning + unit.repeat(Math.floor((length - beginning.length) / unit.length));
}

function timeOf(read: (text: string) => unknown, text: string): number {
  const start = performance.now();
  try {
    read(text);
  } catch {
    // Refused or not, it took its time.
  }
  return performance.now() - start;
}

function best(read: (text: string) => unknown, text: string): number {
  return Math.min(...Array.from({ length: tries }, () => timeOf(read, text)));
}
