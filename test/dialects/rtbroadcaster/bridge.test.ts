import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { createClient, type Client } from "../../../src/client/index.ts";
import { native } from "../../../src/dialects/native/dialect.ts";
import type { ServerOptions } from "../../../src/index.ts";
import { action, connected, notConnected, serve, type RtbServer } from "./support.ts";

interface Bridge extends RtbServer {
  /** A client of the native dialect. */
  readonly friend: Client;
  /** The frames of a native client that is in the channel. */
  frames(channel: string): Promise<readonly string[]>;
}

async function bridge(options: ServerOptions = {}): Promise<Bridge> {
  const served = await serve({}, { ...options, endpoints: { "/carillon": native() } });
  const url = served.url.replace("/broadcasting", "/carillon");
  const friend = createClient(url);
  onTestFinished(() => friend.close());
  await friend.connect();
  return {
    ...served,
    friend,
    async frames(channel) {
      const socket = new WebSocket(url);
      const frames: string[] = [];
      await new Promise<void>((resolve) => {
        socket.on("open", () => {
          socket.send('{"type":"connect"}');
          socket.send(JSON.stringify({ type: "subscribe", ref: 1, channel }));
        });
        socket.on("message", (data: Buffer) => {
          const frame = data.toString();
          if (frame.startsWith('{"type":"publication"')) frames.push(frame);
          if (frame.startsWith('{"type":"subscribed"')) resolve();
        });
      });
      onTestFinished(() => socket.terminate());
      return frames;
    },
  };
}

const anyone: ServerOptions = { channels: { "*": { publish: "anyone", whispers: true } } };

describe("a room is a channel of all dialects", () => {
  test("an owner's action is a publication for native subscribers: these bytes", async () => {
    const { room, frames } = await bridge();
    const { owner, uuid, guests } = await room(1);
    const heard = await frames(uuid);
    const text = ' {"status":{"value":3}, "funcKey":"move","funcParams":["e2","e4"],"extra":1} ';
    owner.send(text, action("connect", [1, null]), action("", []));
    expect(await guests[0]!.next(3)).toEqual([text.trim(), action("connect", [1, null]), action("", [])]);
    await guests[0]!.settled();
    const plain = heard.map((frame) => frame.replaceAll(/("id":)"[^"]*"|("time":)\d+/g, '$1$2"…"'));
    expect(plain).toEqual([
      `{"type":"publication","channel":"${uuid}","event":"move","data":["e2","e4"],"id":"…","time":"…","from":{"id":"…"}}`,
      `{"type":"publication","channel":"${uuid}","event":"message","data":[1,null],"id":"…","time":"…","from":{"id":"…"}}`,
      `{"type":"publication","channel":"${uuid}","event":"message","data":[],"id":"…","time":"…","from":{"id":"…"}}`,
    ]);
  });

  test("without a rule that says so nobody but the owner publishes", async () => {
    const { room, friend } = await bridge();
    const { owner, uuid, guests } = await room(1);
    await friend.channel(uuid).subscribe();
    await expect(friend.channel(uuid).publish("move", ["x"])).rejects.toMatchObject({ code: "forbidden" });
    expect([await owner.settled(), await guests[0]!.settled()]).toEqual([[], []]);
  });

  test.each<[string, unknown, readonly string[]]>([
    ["a list of texts", ["a", "ü"], ["a", "ü"]],
    ["nothing", undefined, []],
    ["an empty list", [], []],
    ["a mixed list", ["a", 1], ['["a",1]']],
    ["an object", { a: [1] }, ['{"a":[1]}']],
    ["a text", "a", ['"a"']],
    ["null", null, ["null"]],
    ["bytes", new Uint8Array([1, 2, 3]), ['"AQID"']],
  ])("publications of others are actions for owner and guests: %s", async (_, data, funcParams) => {
    const { room, friend } = await bridge(anyone);
    const { owner, uuid, guests } = await room(1);
    await friend.channel(uuid).publish("move", data);
    const text = `{"uuid":"${uuid}","status":{"value":3,"text":"connected"},"funcKey":"move","funcParams":${JSON.stringify(funcParams)},"stateMessage":false}`;
    expect([await owner.next(), await guests[0]!.next()]).toEqual([[text], [text]]);
  });

  test("state of others is told to late guests, whispers live, batches one action for each item", async () => {
    const { room, client, friend, server } = await bridge(anyone);
    const { owner, uuid } = await room();
    await friend.channel(uuid).subscribe();
    await server.channel(uuid).publish("score", ["1"], { stateKey: "score" });
    friend.channel(uuid).whisper("typing", ["on"]);
    server.batch("tick", { everyMs: 60_000, maxItems: 2 });
    await Promise.all(["1", "2"].map((item) => server.channel(uuid).publish("tick", [item])));
    const live = await owner.next(4);
    expect(live.toSorted()).toEqual(
      [
        action("score", ["1"], true, uuid),
        action("typing", ["on"], false, uuid),
        action("tick", ["1"], false, uuid),
        action("tick", ["2"], false, uuid),
      ].toSorted(),
    );
    const late = await client();
    await late.join(uuid);
    expect(await late.settled()).toEqual([action("score", ["1"], true, uuid)]);
  });

  test("what an interceptor changes is told in the server's words, and what it drops is told to nobody", async () => {
    const { room, server } = await bridge();
    server.intercept((message) => {
      if (message.event === "secret") return false;
      if (message.event === "rude") message.data = ["***"];
      return true;
    });
    const { owner, uuid, guests } = await room(1);
    owner.send(action("secret", []), action("rude", ["!"], true), action("fine", ["1"]));
    expect(await guests[0]!.next(2)).toEqual([action("rude", ["***"], true, uuid), action("fine", ["1"])]);
  });

  test("a room that ends takes native subscribers out, and they know", async () => {
    const { room, friend, api } = await bridge();
    const { uuid } = await room();
    await friend.channel(uuid).subscribe();
    await api.close(uuid);
    await friend.request("x").catch(() => undefined);
    expect(friend.channel(uuid).state.kind).toBe("unsubscribed");
  });

  test("the server may put clients into channels and take them out; they are told so", async () => {
    const { client, server, room } = await bridge({ authenticate: () => ({ userId: "ada" }) });
    const { owner, uuid, guests } = await room(1);
    await server.channel(uuid).remove("ada");
    expect([await owner.next(), await guests[0]!.next()]).toEqual([[notConnected(uuid)], [notConnected(uuid)]]);
    owner.send(action("k", []));
    await owner.settled();
    expect(await guests[0]!.settled()).toEqual([]);
    await owner.join(uuid);
    await guests[0]!.join(uuid);
    owner.send(action("k", ["again"]));
    expect(await guests[0]!.next()).toEqual([action("k", ["again"])]);
    let opened: unknown;
    server.on("connect", ({ connection }) => (opened = connection.subscribe("news")));
    const reader = await client();
    expect(await reader.next()).toEqual([connected("news")]);
    await opened;
    await server.channel("news").publish("headline", ["x"]);
    expect(await reader.next()).toEqual([action("headline", ["x"], false, "news")]);
    expect(await reader.settled()).toEqual([]);
  });

  test("2,000 publications of each side come to the other, all of them, once and in order", async () => {
    const { room, friend, frames } = await bridge(anyone);
    const { owner, uuid, guests } = await room(1);
    const heard = await frames(uuid);
    const count = 2_000;
    owner.send(...Array.from({ length: count }, (_, index) => action("theirs", [String(index)])));
    for (let index = 0; index < count; index += 1) await friend.channel(uuid).publish("ours", [String(index)]);
    const told = (await guests[0]!.next(2 * count)).map((text) => JSON.parse(text) as Said);
    await guests[0]!.settled();
    const numbers = Array.from({ length: count }, (_, index) => String(index));
    for (const name of ["theirs", "ours"]) {
      expect(told.filter(({ funcKey }) => funcKey === name).map(({ funcParams }) => funcParams[0])).toEqual(numbers);
    }
    const events = heard.map((frame) => JSON.parse(frame) as { readonly event: string; readonly data: string[] });
    expect(events.filter(({ event }) => event === "theirs").map(({ data }) => data[0])).toEqual(numbers);
  });
});

interface Said {
  readonly funcKey: string;
  readonly funcParams: readonly string[];
}
