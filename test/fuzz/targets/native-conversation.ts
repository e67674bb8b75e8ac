import { native } from "../../../src/dialects/native/dialect.ts";
import type { Frame } from "../../../src/engine/ports/wire.ts";
import { createJsonCodec, type Codec } from "../../../src/protocol/codec.ts";
import { createMsgpackCodec } from "../../../src/protocol/msgpack.ts";
import { joinFrames, splitFrames, splitLines } from "../frames.ts";
import { talk, type Talk } from "../talk.ts";
import { must, textOf, texts, type Target } from "../target.ts";

/** Where the first publication lands: the server's randomness is counted, see `talk.ts`. */
const first = "1-0.1.1dvxwqtyww";

/** Conversations with a client that resumes, one message or stage in each line. */
const transcripts: readonly (readonly string[])[] = [
  [
    '{"type":"connect","token":"t-123","resume":true}',
    '{"type":"subscribe","ref":1,"channel":"lobby"}',
    '{"type":"publish","ref":2,"channel":"lobby","event":"chat","data":{"text":"hi","list":[1,2.5,null,true]},"id":"m-1"}',
    '{"type":"publish","ref":3,"channel":"lobby","event":"chat","data":[[[["deep"]]]],"echo":false}',
    '{"type":"history","ref":4,"channel":"lobby","limit":2}',
    '{"type":"ack","received":3}',
    "drop",
    '{"type":"connect","token":"t-123","session":"2","received":4}',
    '{"type":"unsubscribe","ref":5,"channel":"lobby"}',
  ],
  [
    '{"type":"connect"}',
    '{"type":"subscribe","ref":1,"channel":"lobby","since":"gone.0.x"}',
    '{"type":"publish","channel":"lobby","event":"bytes","bytes":"AQID"}',
    '{"type":"publish","channel":"lobby","event":"chat","data":"more"}',
    '{"type":"unsubscribe","ref":2,"channel":"lobby"}',
    `{"type":"subscribe","ref":3,"channel":"lobby","since":"${first}"}`,
    `{"type":"history","ref":4,"channel":"lobby","after":"${first}","limit":10}`,
    `{"type":"history","ref":5,"channel":"lobby","before":"${first}"}`,
    '{"type":"subscribe","ref":4,"channel":"whispers-1"}',
    '{"type":"whisper","channel":"whispers-1","event":"typing","data":{"on":true}}',
    "pass",
    '{"type":"ping"}',
  ],
  [
    '{"type":"connect","token":"t-1"}',
    '[{"type":"send","event":"add","data":{"a":1}},{"type":"request","ref":7,"event":"add","data":[1,2]},{"type":"ping"}]',
    '{"type":"response","ref":1,"data":"late"}',
    '{"type":"error","ref":2,"code":"no-handler","message":"nobody"}',
    '{"type":"refresh","ref":9,"token":"t-2"}',
    '{"type":"subscribe","ref":3,"channel":"feed-1"}',
    '{"type":"publish","ref":4,"channel":"feed-1","event":"news","data":"x"}',
    '{"type":"subscribe","ref":5,"channel":"closed-1"}',
  ],
];

const words = [
  ...[
    "connect",
    "subscribe",
    "unsubscribe",
    "publish",
    "send",
    "request",
    "response",
    "error",
    "history",
    "ack",
    "ping",
  ],
  ...[
    "whisper",
    "refresh",
    '"type":',
    '"ref":',
    '"channel":',
    '"event":',
    '"data":',
    '"bytes":',
    '"since":',
    '"echo":false',
  ],
  ...[
    '"session":"2"',
    '"received":',
    '"resume":true',
    '"id":"m-1"',
    '"token":"no"',
    "\ndrop\n",
    "\npass\n",
    "lobby",
    "__proto__",
  ],
];

const json = createJsonCodec();
const msgpack = createMsgpackCodec();

export const nativeJson: Target = {
  name: "native-json",
  corpus: texts(...transcripts.map((lines) => lines.join("\n"))),
  words,
  executions: 600,
  run: (input) => converse(json, splitLines(textOf(input)).map(partOf)),
};

export const nativeMsgpack: Target = {
  name: "native-msgpack",
  corpus: transcripts.map((lines) => joinFrames(lines.map(packed))),
  words: ["\xa4type", "\xa3ref", "\xa7channel", "lobby", "\xa5event", "\xa4data", "\xc4\x01\x00", "drop"],
  executions: 600,
  run: (input) =>
    converse(
      msgpack,
      splitFrames(input).map((frame) => (textOf(frame) === "drop" ? drop : frame)),
    ),
};

const drop = { stage: "drop" } as const;

function partOf(line: string): Talk["script"][number] {
  return line === "drop" || line === "pass" ? { stage: line } : line;
}

function packed(line: string): Uint8Array {
  if (line === "drop" || line === "pass") return new TextEncoder().encode("drop");
  const messages = json.decode(line) as readonly Parameters<Codec["encode"]>[0][];
  const frames = messages.map((message) => msgpack.encode(message));
  return (frames.length === 1 ? frames[0] : msgpack.join(frames)) as Uint8Array;
}

function converse(codec: Codec, script: Talk["script"]): Promise<void> {
  return talk({
    dialect: native({ heartbeatMs: 0 }),
    subprotocol: codec.subprotocol,
    script,
    check: (frame) => checkFrame(codec, frame),
  });
}

function checkFrame(codec: Codec, frame: Frame): void {
  for (const message of codec.decode(frame)) {
    must(typeof message === "object" && message !== null && "type" in message, "a message without a type");
    must(!("code" in message) || message.code !== "internal", `the server failed: ${JSON.stringify(message)}`);
  }
}
