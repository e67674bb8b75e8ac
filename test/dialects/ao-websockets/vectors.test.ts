import { describe, expect, test } from "vitest";
import { aoEncoder } from "../../../src/dialects/ao-websockets/encoder.ts";
import { readMessage } from "../../../src/dialects/ao-websockets/message.ts";
import { inbound, outbound } from "./vectors.ts";

describe("the bytes of ao-websockets", () => {
  test.each(inbound)("%s is read", (text, event, payload) => {
    expect(readMessage(text)).toEqual({ kind: "message", event, payload });
    expect(readMessage(new TextEncoder().encode(text))).toEqual({ kind: "message", event, payload });
  });

  test.each(outbound)("%s is written", (_, delivery, frame) => {
    expect(aoEncoder("batch_").encode(delivery)).toEqual(frame && [frame]);
  });

  test("a batch has one prefix, and never both", () => {
    const batch = { kind: "batch", event: "x", items: [{}] } as const;
    expect(aoEncoder("batch-").encode(batch)).toEqual(['{"e":"batch-x","p":{"d":[{}]}}\n']);
  });
});
