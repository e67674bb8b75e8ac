/*
 * What the codecs and the framing cost, per message: node bench/micro/encode.ts
 */
import { createJsonCodec, type Codec, type CodecFrame } from "../../src/protocol/codec.ts";
import { createMsgpackCodec } from "../../src/protocol/msgpack.ts";
import type { ServerMessage } from "../../src/protocol/messages.ts";
import { frame } from "../../src/transports/websocket/framing.ts";
import { nanoseconds, print } from "./time.ts";

const calls = 100_000;
const codecs: Readonly<Record<string, Codec>> = { JSON: createJsonCodec(), MessagePack: createMsgpackCodec() };

for (const payloadBytes of [128, 1_024]) {
  const data = { k: "0123456789abcdef", seq: 1_234_567, user: "u1000", text: "a".repeat(payloadBytes - 62) };
  const said = { type: "publish", channel: "room", event: "m", data } as const;
  const told: ServerMessage = {
    type: "publication",
    channel: "room",
    event: "m",
    data,
    id: "0d6f3f5c-1f0a-4f43-8a53-6ad2a8f2f6b7",
    time: 1_767_225_600_000,
    from: { id: "6f1c2b1e-8f4d-4a55-9d0e-2b7f0c0a1d11" },
  };
  for (const [name, codec] of Object.entries(codecs)) {
    const received: CodecFrame = codec.encode(said);
    const sent = codec.encode(told);
    const what = `${payloadBytes.toLocaleString("en")} bytes, ${name}`;
    print(
      `${what}: decode a publish`,
      nanoseconds(calls, () => void codec.decode(received)),
    );
    print(
      `${what}: encode a publication`,
      nanoseconds(calls, () => void codec.encode(told)),
    );
    print(
      `${what}: frame it`,
      nanoseconds(calls, () => void frame([[sent]])),
    );
  }
}
