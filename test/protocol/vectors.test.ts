import { describe, expect, it } from "vitest";
import { createJsonCodec } from "../../src/protocol/codec.ts";
import type { ClientMessage, ServerMessage } from "../../src/protocol/messages.ts";
import { createMsgpackCodec } from "../../src/protocol/msgpack.ts";
import { readClientMessage } from "../../src/protocol/read-client-message.ts";
import { clientVectors, serverVectors, type Vector } from "./vectors.ts";

const json = createJsonCodec();
const msgpack = createMsgpackCodec();

describe.each<[string, readonly Vector<ClientMessage | ServerMessage>[]]>([
  ["client", clientVectors],
  ["server", serverVectors],
])("messages of the %s, byte for byte:", (_, vectors) => {
  it.each(vectors)("$name, in JSON", (vector) => {
    expect(json.encode(vector.message)).toBe(vector.json);
    expect(json.decode(vector.json)).toStrictEqual([vector.message]);
  });

  it.each(vectors)("$name, in MessagePack", (vector) => {
    const frame = Buffer.from(vector.msgpack, "hex");
    expect(Buffer.from(msgpack.encode(vector.message) as Uint8Array).toString("hex")).toBe(vector.msgpack);
    expect(msgpack.decode(new Uint8Array(frame))).toStrictEqual([vector.message]);
  });
});

describe("the server accepts", () => {
  it.each(clientVectors)("$name", ({ message, json: text }) => {
    const [decoded] = json.decode(text);
    // A field that may be absent, and is, may come out as `undefined`.
    expect(readClientMessage(decoded)).toEqual(message);
  });
});

describe("the tables", () => {
  it("have every type of message", () => {
    const types = (vectors: readonly { message: { type: string } }[]): Set<string> =>
      new Set(vectors.map(({ message }) => message.type));
    expect(types(clientVectors)).toEqual(
      new Set([
        "connect",
        "subscribe",
        "unsubscribe",
        "publish",
        "send",
        "request",
        "response",
        "error",
        "ping",
        "history",
        "ack",
        "whisper",
        "refresh",
      ]),
    );
    expect(types(serverVectors)).toEqual(
      new Set(
        (
          "connected subscribed unsubscribed published publication batch join leave send request response error " +
          "heartbeat pong gap history ack whisper expiring refreshed"
        ).split(" "),
      ),
    );
  });
});
