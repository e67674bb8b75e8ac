/*
 * What the client takes to read a message and call the listener: node bench/micro/client.ts
 */
import { createClient } from "../../src/client/index.ts";
import type { Link, LinkHandler, Transport } from "../../src/client/transports/transport.ts";
import { createJsonCodec, type Codec } from "../../src/protocol/codec.ts";
import type { ClientMessage, ServerMessage } from "../../src/protocol/messages.ts";
import { createMsgpackCodec } from "../../src/protocol/msgpack.ts";
import { nanoseconds, print } from "./time.ts";

const channel = "room";
const data = { k: "0123456789abcdef", seq: 1_234_567, user: "u1000", text: "a".repeat(66) };
const calls = 200_000;

for (const codec of [createJsonCodec(), createMsgpackCodec()]) {
  let heard = 0;
  const { transport, handler } = answering(codec);
  const client = createClient("ws://127.0.0.1/carillon", { transports: [transport], codec });
  const subscription = client.channel(channel);
  subscription.on("m", () => void (heard += 1));
  await subscription.subscribe();
  const message: ServerMessage = {
    type: "publication",
    channel,
    event: "m",
    data,
    id: "0d6f3f5c-1f0a-4f43-8a53-6ad2a8f2f6b7",
    time: 1_767_225_600_000,
    from: { id: "6f1c2b1e-8f4d-4a55-9d0e-2b7f0c0a1d11" },
  };
  const frame = codec.encode(message);
  print(
    `${codec.subprotocol}: decode and dispatch a publication`,
    nanoseconds(calls, () => handler().frame(frame)),
  );
  if (heard < calls) throw new Error(`heard only ${heard}`);
  await client.close();
}

/** A transport whose server says yes to everything. */
function answering(codec: Codec): { readonly transport: Transport; readonly handler: () => LinkHandler } {
  let handler: LinkHandler | undefined;
  const say = (message: object): void => queueMicrotask(() => handler?.frame(codec.encode(message as ServerMessage)));
  const answer = (message: ClientMessage): void => {
    if (message.type === "connect")
      say({ type: "connected", connection: "c", heartbeatMs: 0, maxMessageBytes: 65_536 });
    else if (message.type === "subscribe") say({ type: "subscribed", ref: message.ref, channel: message.channel });
  };
  const link: Link = {
    subprotocol: codec.subprotocol,
    bufferedBytes: 0,
    send: (frames) =>
      frames.flatMap((frame) => codec.decode(frame)).forEach((message) => answer(message as ClientMessage)),
    receive: (given) => void (handler = given),
    close: () => handler?.closed(1000, ""),
  };
  return { transport: { name: "memory", connect: async () => link }, handler: () => handler! };
}
