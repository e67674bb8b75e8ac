import { describe, expect, test } from "vitest";
import { frame } from "../../../src/transports/websocket/framing.ts";

describe("frame", () => {
  test.each([
    [0, "8100"],
    [1, "8101"],
    [125, "817d"],
    [126, "817e007e"],
    [65_535, "817effff"],
    [65_536, "817f0000000000010000"],
  ])("a text of %i bytes gets the shortest length that fits", (length, header) => {
    const bytes = frame([["a".repeat(length)]]);
    expect(bytes.toString("hex", 0, header.length / 2)).toBe(header);
    expect(bytes.length).toBe(header.length / 2 + length);
  });

  test("text is UTF-8 in text frames, bytes are binary frames, and all frames stand back to back", () => {
    expect(frame([["é", Uint8Array.of(1, 2)], ["a"]]).toString("hex")).toBe("8102c3a982020102810161");
  });
});
