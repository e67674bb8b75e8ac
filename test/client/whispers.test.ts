import { describe, expect, it } from "vitest";
import { createTestServer } from "../../src/testing/index.ts";
import { outcome, setUp } from "./set-up.ts";

const from = { id: "c-2", user: "bob" };

describe("channel.whisper", () => {
  it("says it without a ref, and expects no answer", async () => {
    const { client, errors, open } = setUp();
    const channel = client.channel("lobby");
    const link = await open();
    const subscribed = channel.subscribe();
    link.say({ type: "subscribed", ref: link.ref, channel: "lobby" });
    await subscribed;
    channel.whisper("typing", { on: true });
    expect(link.latest).toEqual({ type: "whisper", channel: "lobby", event: "typing", data: { on: true } });
    link.say({ type: "error", code: "rate-limited", message: "slow down", temporary: true });
    expect(errors.map(({ code }) => code)).toEqual(["rate-limited"]);
  });

  it("drops it while the client is not subscribed, and says it to nobody later", async () => {
    const { client, errors, open, pass } = setUp();
    const channel = client.channel("lobby");
    channel.whisper("typing", 1);
    const link = await open();
    const subscribed = channel.subscribe();
    channel.whisper("typing", 2);
    link.say({ type: "subscribed", ref: link.ref, channel: "lobby" });
    expect(await outcome(subscribed)).toBe("resolved");
    link.end();
    channel.whisper("typing", 3);
    await pass(1_000);
    const again = await open();
    again.say({ type: "subscribed", ref: again.ref, channel: "lobby" });
    await pass(0);
    const types = [...link.sent, ...again.sent].map(({ type }) => type);
    expect(types).toEqual(["connect", "subscribe", "connect", "subscribe"]);
    expect(errors).toEqual([]);
  });

  it("is heard by the others through a server, and is no publication", async () => {
    const { client, close } = createTestServer({ channels: { lobby: { whispers: true } } });
    const [ada, bob] = [client().channel("lobby"), client().channel("lobby")];
    const heard: unknown[] = [];
    ada.on("*", (data) => heard.push(["published", data]));
    const told = new Promise((resolve) => ada.onWhisper("typing", resolve));
    bob.onWhisper("*", (data) => heard.push(["whispered", data]));
    await Promise.all([ada.subscribe(), bob.subscribe()]);
    bob.whisper("typing", { on: true });
    expect(await told).toEqual({ on: true });
    expect(heard).toEqual([]);
    await close();
  });
});

describe("a whisper that the server refuses", () => {
  it("reaches the client's event error, and costs nothing else", async () => {
    const { client, close } = createTestServer({ channels: { "*": { whispers: true }, quiet: {} } });
    const ada = client();
    const codes: string[] = [];
    ada.on("error", ({ code, temporary }) => codes.push(`${code} ${temporary}`));
    const [quiet, loud] = [ada.channel("quiet"), ada.channel("loud")];
    await Promise.all([quiet.subscribe(), loud.subscribe()]);
    quiet.whisper("typing");
    for (let count = 1; count <= 11; count += 1) loud.whisper("typing", count);
    await ada.request("x").catch(() => undefined);
    expect(codes).toEqual(["forbidden false", "rate-limited true"]);
    expect([quiet.state.kind, ada.state.kind]).toEqual(["subscribed", "open"]);
    await close();
  });
});

describe("channel.onWhisper", () => {
  it("hears its event or pattern while subscribed, and can be taken away", async () => {
    const { client, open } = setUp();
    const channel = client.channel("lobby");
    const link = await open();
    const heard: unknown[] = [];
    const off = channel.onWhisper("typing", (data, whisper) => heard.push(["typing", data, whisper.from]));
    channel.onWhisper("*", (data, { event, channel: name }) => heard.push(["*", data, `${name} ${event}`]));
    const whisper = { type: "whisper", channel: "lobby", event: "typing", data: 1, from } as const;
    link.say(whisper);
    const subscribed = channel.subscribe();
    link.say({ type: "subscribed", ref: link.ref, channel: "lobby" }, whisper, { ...whisper, event: "cursor" });
    await subscribed;
    off();
    link.say(whisper);
    expect(heard).toEqual([
      ["typing", 1, from],
      ["*", 1, "lobby typing"],
      ["*", 1, "lobby cursor"],
      ["*", 1, "lobby typing"],
    ]);
  });
});
