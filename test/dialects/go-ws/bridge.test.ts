import { afterEach, describe, expect, test } from "vitest";
import { createClient } from "../../../src/client/index.ts";
import { native } from "../../../src/index.ts";
import { byToken, start, stopAll } from "./support.ts";

afterEach(stopAll);

describe("go-ws and the native dialect in one channel", () => {
  test("each hears what the other one says, in its own words", async () => {
    const { connect, port } = await start(
      { ...byToken, enableWhispers: true },
      {
        endpoints: { "/carillon": native() },
        channels: { "presence-r": { whispers: true } },
      },
    );
    const nia = createClient(`ws://127.0.0.1:${port}/carillon`);
    const heard: unknown[] = [];
    const channel = nia.channel("presence-r");
    channel.on("*", (data, { event }) => heard.push([event, data]));
    channel.onWhisper("*", (data, { event }) => heard.push(["whisper", event, data]));
    channel.presence.on("join", ({ user }) => heard.push(["join", user]));
    channel.presence.on("leave", ({ user }) => heard.push(["leave", user]));
    await channel.subscribe();
    const gus = await connect("?token=gus");
    await gus.subscribe("presence-r");
    gus.say({ action: "broadcast", channel: "presence-r", data: { n: 1 } });
    gus.say({ action: "broadcast", channel: "presence-r", event: "news", data: 2 });
    gus.say({ action: "whisper", channel: "presence-r", event: "typing", data: { on: true } });
    await gus.settled();
    const { id } = await channel.publish("score", { n: 3 }, { echo: false });
    channel.whisper("typing", [1]);
    await gus.hears(5);
    await nia.channel("presence-r").unsubscribe();
    await gus.hears(6);
    expect(heard.slice(-4)).toEqual([
      ["join", "gus"],
      ["message", { n: 1 }],
      ["news", 2],
      ["whisper", "typing", { on: true }],
    ]);
    const niasId = (gus.heard[0]!["users"] as readonly { client_id: string }[])[0]!.client_id;
    expect(gus.heard).toMatchObject([
      { event: "presence:join", data: { user_id: "gus" }, users: [{ user_id: niasId }, { user_id: "gus" }] },
      { event: "", data: { n: 1 } },
      { event: "news", data: 2 },
      { event: "score", data: { n: 3 }, message: { n: 3 }, sender_id: niasId, message_id: id, type: "message" },
      { action: "whisper", event: "typing", data: [1], from: niasId, type: "whisper" },
      { event: "presence:leave", data: { user_id: niasId, client_id: niasId }, users: [{ user_id: "gus" }] },
    ]);
    await nia.close();
  });

  test("a broadcast without data is null for others, too", async () => {
    const { connect, port } = await start({}, { endpoints: { "/carillon": native() } });
    const nia = createClient(`ws://127.0.0.1:${port}/carillon`);
    const heard: unknown[] = [];
    nia.channel("c").on("message", (data) => heard.push(data));
    await nia.channel("c").subscribe();
    const gus = await connect();
    await gus.subscribe("c");
    gus.say({ action: "broadcast", channel: "c" });
    await gus.settled();
    await nia.channel("c").publish("fence");
    expect(heard).toEqual([null]);
    await nia.close();
  });

  test("2,000 messages cross each way, in order", async () => {
    const { connect, port } = await start(
      {},
      {
        endpoints: { "/carillon": native() },
        messageRate: { perSecond: 100_000, burst: 100_000 },
      },
    );
    const nia = createClient(`ws://127.0.0.1:${port}/carillon`);
    const heard: unknown[] = [];
    const channel = nia.channel("c");
    channel.on("message", (data) => heard.push(data));
    await channel.subscribe();
    const gus = await connect();
    await gus.subscribe("c");
    const numbers = Array.from({ length: 2_000 }, (_, n) => n);
    for (const n of numbers) gus.say({ action: "broadcast", channel: "c", data: n });
    await gus.hears(2_000);
    expect(gus.heard.map(({ data }) => data)).toEqual(numbers);
    for (let n = 0; n < 2_000; n += 100) {
      await Promise.all(numbers.slice(n, n + 100).map((data) => channel.publish("other", data, { echo: false })));
    }
    await gus.hears(4_000);
    expect(gus.heard.slice(2_000).map(({ data }) => data)).toEqual(numbers);
    expect(heard).toEqual(numbers);
    await nia.close();
  });
});
