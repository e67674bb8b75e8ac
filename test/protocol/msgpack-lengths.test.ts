import { encode } from "@msgpack/msgpack";
import fc from "../properties.ts";
import { describe, expect, test } from "vitest";
import { createMsgpackCodec } from "../../src/protocol/msgpack.ts";
import { checkLengths } from "../../src/protocol/msgpack-lengths.ts";

const tooLong = expect.objectContaining({ code: "bad-request", message: "a list is longer than its frame" });
const bytes = (...parts: readonly (number | readonly number[])[]): Uint8Array => Uint8Array.from(parts.flat());
const zeros = (count: number): readonly number[] => Array.from({ length: count }, () => 0);

describe("MessagePack that promises more than it holds", () => {
  test("a list of as many items as the frame has bytes for is let through, and one more is not", () => {
    expect(() => checkLengths(bytes(0xdc, 0, 20, zeros(20)))).not.toThrow();
    expect(() => checkLengths(bytes(0xdc, 0, 22, zeros(20)))).not.toThrow();
    expect(() => checkLengths(bytes(0xdc, 0, 23, zeros(20)))).toThrow(tooLong);
    expect(() => checkLengths(bytes(0xdd, 0, 0, 0, 24, zeros(20)))).not.toThrow();
    expect(() => checkLengths(bytes(0xdd, 0, 0, 0, 25, zeros(20)))).toThrow(tooLong);
  });

  test("a map counts twice, and all lists and maps count together", () => {
    expect(() => checkLengths(bytes(0xde, 0, 11, zeros(20), 0xdc))).not.toThrow();
    expect(() => checkLengths(bytes(0xde, 0, 12, zeros(20), 0xdc))).toThrow(tooLong);
    expect(() => checkLengths(bytes(0xdc, 0, 12, 0xdc, 0, 12, zeros(19)))).not.toThrow();
    expect(() => checkLengths(bytes(0xdc, 0, 12, 0xdc, 0, 12, zeros(18)))).toThrow(tooLong);
  });

  test("J01: the codec refuses a thousand lists in lists without making room for them", () => {
    const frame = Buffer.alloc(65_536, Buffer.from([0xdc, 0xff, 0xff]));
    const before = process.memoryUsage().heapUsed;
    expect(() => createMsgpackCodec().decode(frame)).toThrow("the frame is not MessagePack");
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(16 * 1024 * 1024);
  });

  test("nothing that an encoder wrote is refused, whatever is in it", () => {
    const anything = fc.anything({
      maxDepth: 4,
      values: [
        fc.double(),
        fc.integer(),
        fc.boolean(),
        fc.string({ maxLength: 300 }),
        fc.uint8Array({ maxLength: 300 }),
      ],
    });
    const ofBytes = fc.array(fc.constant(0xdc), { minLength: 1, maxLength: 400 }).map((list) => Uint8Array.from(list));
    fc.assert(
      fc.property(fc.array(fc.oneof(anything, ofBytes), { minLength: 16, maxLength: 40 }), (list) => {
        const frame = encode(list, { ignoreUndefined: true });
        expect(frame[0]).toBe(0xdc);
        expect(() => checkLengths(frame)).not.toThrow();
      }),
      { numRuns: 300 },
    );
  });

  test("what breaks off is left to the decoder", () => {
    for (const head of Array.from({ length: 256 }, (_, byte) => byte)) {
      expect(() => checkLengths(bytes(0xdc, 0, 1, head)), String(head)).not.toThrow(RangeError);
    }
  });
});
