import { once } from "node:events";
import { describe, expect } from "vitest";
import { WebSocket } from "ws";
import { overWebSocket } from "./native-client.ts";
import { hostile, type Row } from "./rows.ts";
import type { Target } from "./target.ts";

/** What comes of frames on a connection that has said nothing else, one after another. */
const said = (what: string, id: string, frames: readonly object[], expected: readonly (readonly object[])[]): Row => ({
  id,
  what,
  async run({ url }: Target) {
    const client = await overWebSocket(url);
    for (const [n, frame] of frames.entries()) {
      expect(await client.say(JSON.stringify(frame)), JSON.stringify(frame)).toMatchObject(expected[n]!);
    }
    await client.leave();
  },
});

const subscribe = (channel: string, ref = 1): object => ({ type: "subscribe", ref, channel });
const refused = (code: string, ref = 1): readonly object[] => [{ type: "error", ref, code }];

const rows: readonly Row[] = [
  ...[{ type: "publish", ref: 1, channel: "open", event: "x" }, subscribe("open"), { type: "ping" }].map((frame) => ({
    id: "N01",
    what: `${JSON.stringify(frame).slice(0, 30)} before connect ends it`,
    async run({ url }: Target) {
      const socket = new WebSocket(url.replace("http", "ws"));
      await once(socket, "open");
      socket.send(JSON.stringify(frame));
      expect((await once(socket, "close"))[0]).toBe(4400);
    },
  })),
  {
    id: "N03",
    what: "who does not say connect in 10 s is let go with 4504",
    async run({ url, clock }) {
      const socket = new WebSocket(url.replace("http", "ws"));
      await once(socket, "open");
      const closed = once(socket, "close");
      clock.advance(9_999);
      expect(socket.readyState).toBe(WebSocket.OPEN);
      clock.advance(1);
      expect((await closed)[0]).toBe(4504);
    },
  },
  ...["private-x", "private-", "private-presence-x"].map((channel) =>
    said(`nobody may subscribe to ${channel} without a rule`, "N04", [subscribe(channel)], [refused("forbidden")]),
  ),
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "prototype"].map((channel) =>
    said(
      `${channel} is a channel like any other`,
      "N06",
      [subscribe(channel), { type: "publish", ref: 2, channel, event: "x", data: 1 }],
      [
        [{ type: "subscribed", ref: 1 }],
        [
          { type: "publication", channel, data: 1 },
          { type: "published", ref: 2 },
        ],
      ],
    ),
  ),
  ...["", "a\u0000b", "a\r\nPUB x 1", "x".repeat(201), "😀".repeat(200)].map((channel) =>
    said(
      `${JSON.stringify(channel).slice(0, 20)} is no channel`,
      "N06",
      [subscribe(channel)],
      [refused("channel-name-invalid")],
    ),
  ),
  said(
    "what is not subscribed to cannot be published to",
    "N09",
    [{ type: "publish", ref: 1, channel: "elsewhere", event: "x" }],
    [refused("not-subscribed")],
  ),
  said(
    "the 129th subscription is refused",
    "N13",
    Array.from({ length: 129 }, (_, n) => subscribe(`open-${n}`, n + 1)),
    Array.from({ length: 129 }, (_, n) =>
      n < 128 ? [{ type: "subscribed", ref: n + 1 }] : refused("limit-exceeded", 129),
    ),
  ),
  said("an answer that nobody asked for is ignored", "N18", [{ type: "response", ref: 9, data: 1 }], [[]]),
];

describe("the native dialect", () => {
  hostile({ group: "N" }, rows);
});
