import type { Delivery } from "../../../src/engine/delivery.ts";
import type { Message } from "../../../src/dialects/socket-go/message.ts";

const publication = { channel: "r", id: "1", time: 1, from: { id: "a" } };
const member = { user: "ada", info: { name: "Ada" } };

/** What clients say, and what is understood. */
export const inbound: readonly (readonly [string, Message])[] = [
  ['{"event":"chat","data":"Hello, server!"}', { event: "chat", data: "Hello, server!" }],
  ['{"event":"nodata"}', { event: "nodata", data: undefined }],
  ['{"event":"x","data":null}', { event: "x", data: undefined }],
  ['{"event":"x","data":0}', { event: "x", data: 0 }],
  ['{"event":"x","data":false}', { event: "x", data: false }],
  ['{"event":"x","data":""}', { event: "x", data: "" }],
  ['{"EVENT":"x","Data":[1]}', { event: "x", data: [1] }],
  ['{"Event":"wrong","event":"right","EVENT":"wrong"}', { event: "right", data: undefined }],
  ['{"event":"a","event":"b"}', { event: "b", data: undefined }],
  [' {"event":"x","more":{}} \n', { event: "x", data: undefined }],
  ['{"event":"join","data":"room-name"}', { event: "join", data: "room-name" }],
  ['{"event":"leave","data":"room-name"}', { event: "leave", data: "room-name" }],
  ['{"event":"ping","data":{"time":1795220342}}', { event: "ping", data: { time: 1_795_220_342 } }],
  ["null", { event: "", data: undefined }],
  ['{"data":1}', { event: "", data: 1 }],
  ['{"event":null,"data":1}', { event: "", data: 1 }],
];

/** What is no message. */
export const invalid: readonly string[] = [
  "",
  "{bad",
  '\ufeff{"event":"x"}',
  '[{"event":"x"}]',
  '"s"',
  "5",
  "true",
  '{"event":5}',
  '{"event":{}}',
  '{"event":["x"]}',
  '{"event":"x"}{"event":"y"}',
  `{"event":"x","data":${"[".repeat(40)}${"]".repeat(40)}}`,
  `{"event":"x","data":[${"0,".repeat(10_000)}0]}`,
];

/** What is delivered, and the frames that clients get. */
export const outbound: readonly (readonly [string, Delivery, readonly string[] | undefined])[] = [
  ["text", { kind: "event", event: "chat", data: "Hello, server!" }, ['{"event":"chat","data":"Hello, server!"}']],
  [
    "an object",
    { kind: "event", event: "hello", data: { id: "6edcc48a9b87d9b4-0000", n: 1 } },
    ['{"event":"hello","data":{"id":"6edcc48a9b87d9b4-0000","n":1}}'],
  ],
  ["no data", { kind: "event", event: "nodata", data: undefined }, ['{"event":"nodata"}']],
  ["null", { kind: "event", event: "x", data: null }, ['{"event":"x"}']],
  ["0", { kind: "event", event: "echo", data: 0 }, ['{"event":"echo","data":0}']],
  ["false", { kind: "event", event: "x", data: false }, ['{"event":"x","data":false}']],
  ["empty text", { kind: "event", event: "x", data: "" }, ['{"event":"x","data":""}']],
  ["bytes", { kind: "event", event: "x", data: new Uint8Array([0, 255, 16]) }, ['{"event":"x","data":"AP8Q"}']],
  [
    "an error",
    { kind: "event", event: "error", data: "Invalid room name" },
    ['{"event":"error","data":"Invalid room name"}'],
  ],
  [
    "a publication",
    { kind: "publication", publication: { ...publication, event: "chat", data: { text: "hi" } } },
    ['{"event":"chat","data":{"text":"hi"}}'],
  ],
  [
    "a batch of publications",
    { kind: "publication", publication: { ...publication, event: "tick", data: [1, null, "c"], batch: true } },
    ['{"event":"tick","data":1}', '{"event":"tick"}', '{"event":"tick","data":"c"}'],
  ],
  [
    "a batch",
    { kind: "batch", event: "tick", items: [1, 2] },
    ['{"event":"tick","data":1}', '{"event":"tick","data":2}'],
  ],
  ["an empty batch", { kind: "batch", event: "tick", items: [] }, undefined],
  [
    "a whisper",
    { kind: "whisper", channel: "r", event: "typing", data: { on: true }, from: { id: "a" } },
    ['{"event":"typing","data":{"on":true}}'],
  ],
  [
    "an arrival",
    { kind: "join", channel: "presence-r", member, connection: "c", isFirst: true },
    ['{"event":"presence:join","data":{"room":"presence-r","member":{"user":"ada","info":{"name":"Ada"}}}}'],
  ],
  ["a second arrival", { kind: "join", channel: "presence-r", member, connection: "c", isFirst: false }, undefined],
  [
    "a second arrival where connections are shown",
    { kind: "join", channel: "presence-r", member: { user: "ada", id: "c" }, connection: "c", isFirst: false },
    ['{"event":"presence:join","data":{"room":"presence-r","member":{"user":"ada","id":"c"}}}'],
  ],
  [
    "a departure",
    { kind: "leave", channel: "presence-r", member: { user: "ada" }, connection: "c", isLast: true },
    ['{"event":"presence:leave","data":{"room":"presence-r","member":{"user":"ada"}}}'],
  ],
  ["one departure of two", { kind: "leave", channel: "presence-r", member, connection: "c", isLast: false }, undefined],
  [
    "who is there",
    { kind: "subscribed", channel: "presence-r", members: [{ user: "ada" }] },
    ['{"event":"presence:members","data":{"room":"presence-r","members":[{"user":"ada"}]}}'],
  ],
  ["a subscription", { kind: "subscribed", channel: "r" }, undefined],
  ["the end of a subscription", { kind: "unsubscribed", channel: "r" }, undefined],
  ["a gap", { kind: "gap", channel: "r", to: { epoch: "e", offset: 1, tag: "t" }, reason: "expired" }, undefined],
  ["a request", { kind: "request", ref: 1, event: "ask", data: 1 }, undefined],
];
