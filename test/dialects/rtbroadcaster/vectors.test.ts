import { describe, expect, test } from "vitest";
import { roomEncoder } from "../../../src/dialects/rtbroadcaster/encoder.ts";
import { connectedText, notConnectedText, readMessage } from "../../../src/dialects/rtbroadcaster/messages.ts";
import { canonicalUuid } from "../../../src/dialects/rtbroadcaster/uuid.ts";
import type { Delivery } from "../../../src/engine/delivery.ts";
import type { Publication } from "../../../src/engine/publication.ts";
import { inbound, outbound, spellings } from "./vectors.ts";

const channel = "1c3da40e-0acf-4f1e-a83d-d3277af4d88a";

function told(publication: Partial<Publication>): readonly unknown[] | undefined {
  const whole = { channel, event: "move", data: ["e2", "<e4>"], id: "1", time: 1, ...publication };
  return roomEncoder.encode({ kind: "publication", publication: whole });
}

describe("messages, byte for byte", () => {
  test.each(inbound)("in: %s", (_, text, read) => {
    const expected = read && { ...read, text };
    for (const frame of [text, `\n ${text}\n`, new TextEncoder().encode(text)]) {
      if (expected) expect(readMessage(frame)).toMatchObject(expected);
      else expect(readMessage(frame)).toBeUndefined();
    }
  });

  test("out: connected and not connected", () => {
    expect([connectedText(channel), notConnectedText(channel)]).toEqual([outbound.connected, outbound.notConnected]);
    expect(roomEncoder.encode({ kind: "subscribed", channel })).toEqual([outbound.connected]);
    expect(roomEncoder.encode({ kind: "unsubscribed", channel })).toEqual([outbound.notConnected]);
  });

  test("out: publications, whispers and batches are actions", () => {
    expect(told({})).toEqual([outbound.action]);
    expect(told({ stateKey: "k" })).toEqual([outbound.state]);
    expect(told({ stateKey: "k", data: undefined })).toEqual([outbound.removal]);
    expect(
      told({
        data: [
          ["e2", "<e4>"],
          ["e2", "<e4>"],
        ],
        batch: true,
      }),
    ).toEqual([outbound.action, outbound.action]);
    const whisper = { kind: "whisper", channel, event: "move", data: ["e2", "<e4>"], from: { id: "1" } } as const;
    expect(roomEncoder.encode(whisper)).toEqual([outbound.action]);
  });

  test("out: the words of this dialect are relayed as they are, those of others are not", () => {
    expect(told({ source: { dialect: "rtbroadcaster", text: '{ "a":1 }' } })).toEqual(['{ "a":1 }']);
    expect(told({ source: { dialect: "other", text: '{ "a":1 }' } })).toEqual([outbound.action]);
  });

  const wordless: readonly Delivery[] = [
    { kind: "event", event: "e", data: 1 },
    { kind: "batch", event: "e", items: [1] },
    { kind: "request", ref: 1, event: "e", data: 1 },
    { kind: "gap", channel, to: { epoch: "e", offset: 1, tag: "t" }, reason: "reset" },
    { kind: "join", channel, member: { user: "ada" }, connection: "1", isFirst: true },
    { kind: "leave", channel, member: { user: "ada" }, connection: "1", isLast: true },
  ];
  test.each(wordless.map((delivery) => [delivery.kind, delivery] as const))(
    "out: there is no word for %s",
    (_, delivery) => {
      expect(roomEncoder.encode(delivery)).toBeUndefined();
    },
  );

  test("spellings of a UUID", () => {
    for (const spelled of [spellings.canonical, ...spellings.others]) {
      expect(canonicalUuid(spelled), spelled).toBe(spellings.canonical);
    }
    for (const text of spellings.none) expect(canonicalUuid(text), text).toBeUndefined();
  });
});
