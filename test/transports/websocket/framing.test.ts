import { describe, expect, test } from "vitest";
import { framesOf } from "../../../src/transports/websocket/framing.ts";

function hex(bytes: Uint8Array, length = bytes.length): string {
  return Buffer.from(bytes.subarray(0, length)).toString("hex");
}

describe("framesOf", () => {
  test.each([
    [0, "8100"],
    [1, "8101"],
    [125, "817d"],
    [126, "817e007e"],
    [65_535, "817effff"],
    [65_536, "817f0000000000010000"],
  ])("a text of %i bytes gets the shortest length that fits", (length, header) => {
    const bytes = framesOf(["a".repeat(length)]);
    expect(hex(bytes, header.length / 2)).toBe(header);
    expect(bytes.length).toBe(header.length / 2 + length);
  });

  test("text is UTF-8 in text frames, bytes are binary frames, and a packet's frames stand back to back", () => {
    expect(hex(framesOf(["é", Uint8Array.of(1, 2)]))).toBe("8102c3a982020102");
  });
});
