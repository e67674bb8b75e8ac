import { describe, expect, test } from "vitest";
import { closePayload, MessageReader, opcodes, writeFrame } from "./frames.ts";

const mask = Buffer.from([1, 2, 3, 4]);

describe("WebSocket messages in a stream of bytes", () => {
  test.each([0, 1, 125, 126, 65_535, 65_536])("a payload of %i bytes, masked and not, comes back", (length) => {
    const payload = Buffer.alloc(length, "ab");
    for (const key of [undefined, mask]) {
      const raw = writeFrame(opcodes.binary, payload, key);
      const [message, ...more] = new MessageReader().push(raw);
      expect(more).toEqual([]);
      expect(message).toMatchObject({ opcode: opcodes.binary, isCompressed: false });
      expect(message!.payload.equals(payload)).toBe(true);
      expect(message!.raw.equals(raw)).toBe(true);
    }
  });

  test("a masked payload is not readable on the wire", () => {
    expect(writeFrame(opcodes.text, Buffer.from("secret"), mask).includes("secret")).toBe(false);
  });

  test("messages are found at every split point, and several in one read", () => {
    const stream = Buffer.concat([
      writeFrame(opcodes.text, Buffer.from("one")),
      writeFrame(opcodes.ping, Buffer.alloc(0)),
      writeFrame(opcodes.text, Buffer.alloc(300, "2"), mask),
    ]);
    const found = (chunks: readonly Buffer[]): readonly string[] => {
      const reader = new MessageReader();
      return chunks
        .flatMap((chunk) => reader.push(chunk))
        .map(({ opcode, payload }) => `${opcode} ${payload.toString()}`);
    };
    const expected = ["1 one", "9 ", `1 ${"2".repeat(300)}`];
    for (let at = 0; at <= stream.length; at += 1) {
      expect(found([stream.subarray(0, at), stream.subarray(at)])).toEqual(expected);
    }
  });

  test("fragments become one message with all its bytes, and a ping between them one of its own", () => {
    const first = writeFrame(opcodes.text, Buffer.from("frag"));
    first[0] = opcodes.text;
    const second = writeFrame(opcodes.continuation, Buffer.from("ments"));
    const ping = writeFrame(opcodes.ping, Buffer.from("p"));
    const messages = new MessageReader().push(Buffer.concat([first, ping, second]));
    expect(messages.map(({ opcode, payload }) => [opcode, payload.toString()])).toEqual([
      [opcodes.ping, "p"],
      [opcodes.text, "fragments"],
    ]);
    expect(messages[1]!.raw.equals(Buffer.concat([first, second]))).toBe(true);
  });

  test("a compressed message is told apart", () => {
    const raw = writeFrame(opcodes.text, Buffer.from("x"));
    raw[0] = raw[0]! | 64;
    expect(new MessageReader().push(raw)).toMatchObject([{ isCompressed: true }]);
  });

  test("a close frame carries its code and reason", () => {
    const payload = closePayload(4510, "moved");
    expect([payload.readUInt16BE(0), payload.subarray(2).toString()]).toEqual([4510, "moved"]);
  });
});
