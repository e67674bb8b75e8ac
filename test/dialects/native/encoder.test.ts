import { describe, expect, it } from "vitest";
import { nativeEncoder } from "../../../src/dialects/native/encoder.ts";
import { createJsonCodec } from "../../../src/protocol/codec.ts";
import { createMsgpackCodec } from "../../../src/protocol/msgpack.ts";

const items = [{ p: 1 }, Uint8Array.of(1, 2, 3, 255)];

describe("nativeEncoder", () => {
  it("writes bytes among the items of a batch as base64 text in JSON", () => {
    const encoder = nativeEncoder(createJsonCodec());
    expect(encoder.encode({ kind: "batch", event: "tick", items })).toEqual([
      '{"type":"batch","event":"tick","items":[{"p":1},"AQID/w=="]}',
    ]);
    const publication = { channel: "a", event: "tick", data: items, id: "1", time: 0, batch: true } as const;
    expect(encoder.encode({ kind: "publication", publication })).toEqual([
      '{"type":"batch","channel":"a","event":"tick","items":[{"p":1},"AQID/w=="]}',
    ]);
  });

  it("leaves them bytes in MessagePack", () => {
    const codec = createMsgpackCodec();
    const [frame] = nativeEncoder(codec).encode({ kind: "batch", event: "tick", items })!;
    expect(codec.decode(frame!)).toEqual([{ type: "batch", event: "tick", items }]);
  });
});
