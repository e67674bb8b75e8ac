import type { Delivery } from "../../../src/engine/delivery.ts";
import type { Publication } from "../../../src/engine/publication.ts";

const publication = (more: Partial<Publication>): Delivery => ({
  kind: "publication",
  publication: { channel: "lobby", event: "chat", data: undefined, id: "1", time: 0, ...more },
});

/** What a client says, byte for byte, and what it means. */
export const inbound: readonly (readonly [string, string, object | null])[] = [
  ['{"e":"event:name","p":{"value":"data"}}', "event:name", { value: "data" }],
  ['{"e":"echo","p":null}', "echo", null],
  ['{"e":"echo"}', "echo", null],
  ['{"e":"echo","p":{}}', "echo", {}],
  ['{"p":{"a":[1,"2",{"b":null}]},"e":"echo"}', "echo", { a: [1, "2", { b: null }] }],
  ['{"E":"echo","P":{"n":1.5}}\n', "echo", { n: 1.5 }],
  ['{"e":"gr\\u00fc\\u00dfe","p":{"t":"\\n\\"\\\\"}}', "grüße", { t: '\n"\\' }],
];

/** What a client is told of each delivery, byte for byte. */
export const outbound: readonly (readonly [string, Delivery, string | undefined])[] = [
  ["a publication", publication({ data: { value: "data" } }), '{"e":"chat","p":{"value":"data"}}\n'],
  ["a publication without data", publication({}), '{"e":"chat","p":null}\n'],
  ["a publication of null", publication({ data: null }), '{"e":"chat","p":null}\n'],
  ["a publication of a list", publication({ data: [1, 2] }), '{"e":"chat","p":{"value":[1,2]}}\n'],
  ["a publication of a text", publication({ data: "hi" }), '{"e":"chat","p":{"value":"hi"}}\n'],
  ["a publication of a text like an object", publication({ data: "{}" }), '{"e":"chat","p":{"value":"{}"}}\n'],
  ["a publication of a number", publication({ data: 0 }), '{"e":"chat","p":{"value":0}}\n'],
  ["a publication of a boolean", publication({ data: false }), '{"e":"chat","p":{"value":false}}\n'],
  ["a publication of bytes", publication({ data: Uint8Array.of(1, 2, 255) }), '{"e":"chat","p":{"value":"AQL/"}}\n'],
  [
    "a publication of a date",
    publication({ data: new Date(0) }),
    '{"e":"chat","p":{"value":"1970-01-01T00:00:00.000Z"}}\n',
  ],
  [
    "a batch of publications",
    publication({ data: [{ value: "v1" }, 2, null], batch: true }),
    '{"e":"batch_chat","p":{"d":[{"value":"v1"},{"value":2},null]}}\n',
  ],
  ["an empty batch of publications", publication({ data: [], batch: true }), undefined],
  [
    "a batch of events",
    { kind: "batch", event: "event:name", items: [{ value: "v1" }, { value: "v2" }] },
    '{"e":"batch_event:name","p":{"d":[{"value":"v1"},{"value":"v2"}]}}\n',
  ],
  ["an empty batch of events", { kind: "batch", event: "x", items: [] }, undefined],
  ["an event", { kind: "event", event: "echo", data: undefined }, '{"e":"echo","p":null}\n'],
  ["an event of the engine's own name", { kind: "event", event: "error", data: {} }, '{"e":"error","p":{}}\n'],
  [
    "a whisper",
    { kind: "whisper", channel: "lobby", event: "typing", data: { on: true }, from: { id: "a" } },
    '{"e":"typing","p":{"on":true}}\n',
  ],
  [
    "the first connection of a user",
    { kind: "join", channel: "lobby", member: { user: "ada" }, connection: "7", isFirst: true },
    '{"e":"presence:join","p":{"channel":"lobby","member":{"user":"ada"}}}\n',
  ],
  [
    "another connection of a user",
    { kind: "join", channel: "lobby", member: { user: "ada" }, connection: "7", isFirst: false },
    undefined,
  ],
  [
    "another connection where each is shown",
    { kind: "join", channel: "lobby", member: { user: "ada", id: "7" }, connection: "7", isFirst: false },
    '{"e":"presence:join","p":{"channel":"lobby","member":{"user":"ada","id":"7"}}}\n',
  ],
  [
    "the last connection of a user",
    { kind: "leave", channel: "lobby", member: { user: "ada" }, connection: "7", isLast: true },
    '{"e":"presence:leave","p":{"channel":"lobby","member":{"user":"ada"}}}\n',
  ],
  [
    "one connection less",
    { kind: "leave", channel: "lobby", member: { user: "ada" }, connection: "7", isLast: false },
    undefined,
  ],
  ["a subscription", { kind: "subscribed", channel: "lobby" }, '{"e":"channel:joined","p":{"channel":"lobby"}}\n'],
  [
    "a subscription with presence",
    { kind: "subscribed", channel: "lobby", members: [{ user: "ada" }] },
    '{"e":"channel:joined","p":{"channel":"lobby","members":[{"user":"ada"}]}}\n',
  ],
  ["its end", { kind: "unsubscribed", channel: "lobby" }, '{"e":"channel:left","p":{"channel":"lobby"}}\n'],
  ["a gap", { kind: "gap", channel: "lobby", to: { epoch: "e", offset: 1, tag: "t" }, reason: "expired" }, undefined],
  ["a request", { kind: "request", ref: 1, event: "x", data: {} }, undefined],
];
