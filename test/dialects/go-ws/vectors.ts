import type { ClientMessage } from "../../../src/dialects/go-ws/client-message.ts";
import { sourceOf } from "../../../src/dialects/go-ws/encoder.ts";
import type { Delivery } from "../../../src/engine/delivery.ts";

/** When everything here is said: 2026-11-21T00:16:38.834Z. */
export const wall: number = Date.UTC(2026, 10, 21, 0, 16, 38, 834);

const id = "40e81206-f631-4892-a497-4e6f83a6c18e";
const time = Date.UTC(2026, 10, 21, 0, 16, 38, 831);
const message = { channel: "my-channel", event: "message", data: { m: "hi", n: 1 }, id: "p1", time };

/** What clients say, byte for byte, and how it is read; `undefined` is ignored. */
export const inbound: readonly (readonly [string, ClientMessage | undefined])[] = [
  ['{"action":"subscribe","channel":"my-channel"}', { action: "subscribe", channel: "my-channel", event: "" }],
  ['{"action":"unsubscribe","channel":"my-channel"}', { action: "unsubscribe", channel: "my-channel", event: "" }],
  [
    '{"action":"broadcast","channel":"my-channel","data":{"m":"hi","n":1}}',
    { action: "broadcast", channel: "my-channel", event: "", data: { m: "hi", n: 1 } },
  ],
  ['{"action":"broadcast","channel":"c"}', { action: "broadcast", channel: "c", event: "" }],
  ['{"action":"broadcast","channel":"c","data":null}', { action: "broadcast", channel: "c", event: "", data: null }],
  [
    '{"action":"whisper","channel":"chat-room-1","event":"typing","data":{"isTyping":true}}',
    { action: "whisper", channel: "chat-room-1", event: "typing", data: { isTyping: true } },
  ],
  ['{"action":"whisper","channel":1,"event":[]}', { action: "whisper", channel: "", event: "" }],
  [' {"action":"subscribe","channel":"a"} {"action":"x"}', { action: "subscribe", channel: "a", event: "" }],
  ["null", undefined],
  ["{}", undefined],
  ['{"action":"ping"}', undefined],
  ['{"action":null}', undefined],
];

/** What the server says: with the fields of the README and, where that differs, without. */
export interface Outbound {
  readonly name: string;
  readonly delivery: Delivery;
  readonly frames: readonly string[] | undefined;
  readonly plain?: readonly string[];
}

const said =
  '{"channel_name":"my-channel","data":{"m":"hi","n":1},"event":"",' +
  `"message_id":"${id}-1795220198831602340","sender_id":"${id}","timestamp":"2026-11-21T00:16:38Z"`;
const ofServer = '"event":"news","message_id":"p1","sender_id":"server","timestamp":"2026-11-21T00:16:38Z"';
const joined =
  `{"channel_name":"presence-r","data":{"event":"presence:join","client_id":"${id}","user_id":"u2",` +
  '"timestamp":"2026-11-21T00:16:38.834Z"},"event":"presence:join",' +
  '"message_id":"presence-join-u2-1795220198834000000","sender_id":"system","timestamp":"2026-11-21T00:16:38Z"';
const left =
  `{"channel_name":"presence-r","data":{"event":"presence:leave","client_id":"${id}","user_id":"u2",` +
  '"timestamp":"2026-11-21T00:16:38.834Z","metadata":{"color":"red"}},"event":"presence:leave",' +
  `"message_id":"presence-leave-${id}-1795220198834000000","sender_id":"system","timestamp":"2026-11-21T00:16:38Z"`;
const whispered =
  `{"action":"whisper","channel_name":"my-channel","from":"${id}","event":"typing",` +
  '"data":{"event":"typing","isTyping":true},"timestamp":"2026-11-21T00:16:38.834Z"';

export const outbound: readonly Outbound[] = [
  {
    name: "a client's broadcast",
    delivery: {
      kind: "publication",
      publication: {
        ...message,
        from: { id, user: "u1" },
        source: sourceOf({ event: "", message_id: `${id}-1795220198831602340` }),
      },
    },
    frames: [`${said},"type":"message","channel":"my-channel","message":{"m":"hi","n":1},"user_id":"u1"}`],
    plain: [`${said}}`],
  },
  {
    name: "a broadcast of the hub's",
    delivery: {
      kind: "publication",
      publication: {
        ...message,
        event: "news",
        source: sourceOf({ event: "news", message_id: "app-1795220199638831246", sender_id: "app" }),
        data: { x: 1 },
      },
    },
    frames: [
      '{"channel_name":"my-channel","data":{"x":1},"event":"news","message_id":"app-1795220199638831246",' +
        '"sender_id":"app","timestamp":"2026-11-21T00:16:38Z","type":"message","channel":"my-channel","message":{"x":1}}',
    ],
    plain: [
      '{"channel_name":"my-channel","data":{"x":1},"event":"news","message_id":"app-1795220199638831246",' +
        '"sender_id":"app","timestamp":"2026-11-21T00:16:38Z"}',
    ],
  },
  {
    name: "the server's own publication, of bytes",
    delivery: { kind: "publication", publication: { ...message, event: "news", data: new Uint8Array([1, 2, 3]) } },
    frames: [
      `{"channel_name":"my-channel","data":"AQID",${ofServer},"type":"message","channel":"my-channel","message":"AQID"}`,
    ],
    plain: [`{"channel_name":"my-channel","data":"AQID",${ofServer}}`],
  },
  {
    name: "a publication of another dialect's client, without data",
    delivery: {
      kind: "publication",
      publication: { channel: "c", event: "news", data: undefined, id: "p1", time, from: { id: "n1" } },
    },
    frames: [
      '{"channel_name":"c","data":null,"event":"news","message_id":"p1","sender_id":"n1",' +
        '"timestamp":"2026-11-21T00:16:38Z","type":"message","channel":"c","message":null}',
    ],
  },
  {
    name: "a batch, each of it by itself",
    delivery: { kind: "publication", publication: { ...message, event: "news", data: [1, 2], batch: true } },
    frames: [1, 2].map(
      (n) =>
        `{"channel_name":"my-channel","data":${n},${ofServer.replace("p1", `p1-${n - 1}`)},` +
        `"type":"message","channel":"my-channel","message":${n}}`,
    ),
  },
  {
    name: "a whisper",
    delivery: {
      kind: "whisper",
      channel: "my-channel",
      event: "typing",
      data: { isTyping: true },
      from: { id, user: "u1" },
    },
    frames: [`${whispered},"type":"whisper","channel":"my-channel","user_id":"u1"}`],
    plain: [`${whispered}}`],
  },
  {
    name: "one who comes",
    delivery: { kind: "join", channel: "presence-r", member: { user: "u2" }, connection: id, isFirst: true },
    frames: [`${joined},"type":"presence","channel":"presence-r","users":[]}`],
    plain: [`${joined}}`],
  },
  {
    name: "one who goes, with metadata, and whose user is still there",
    delivery: {
      kind: "leave",
      channel: "presence-r",
      member: { user: "u2", info: { color: "red" } },
      connection: id,
      isLast: false,
    },
    frames: [`${left},"type":"presence","channel":"presence-r","users":[]}`],
    plain: [`${left}}`],
  },
  {
    name: "an event outside any channel",
    delivery: { kind: "event", event: "hello", data: 1 },
    frames: [
      '{"channel_name":"","data":1,"event":"hello","message_id":"server-1795220198834000000","sender_id":"server",' +
        '"timestamp":"2026-11-21T00:16:38Z","type":"message","channel":"","message":1}',
    ],
  },
  {
    name: "the end of a subscription",
    delivery: { kind: "unsubscribed", channel: "c" },
    frames: ['{"type":"error","error":"unsubscribed by the server","channel":"c"}'],
  },
  { name: "a subscription by the server", delivery: { kind: "subscribed", channel: "c" }, frames: undefined },
  { name: "a request", delivery: { kind: "request", ref: 1, event: "e", data: 1 }, frames: undefined },
  {
    name: "a gap",
    delivery: { kind: "gap", channel: "c", to: { epoch: "e", offset: 1, tag: "t" }, reason: "expired" },
    frames: undefined,
  },
];
