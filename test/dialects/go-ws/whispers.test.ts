import { afterEach, describe, expect, test } from "vitest";
import { WhisperError, type GoWsError } from "../../../src/dialects/go-ws/index.ts";
import { byToken, start, stopAll } from "./support.ts";

afterEach(stopAll);

const typing = { action: "whisper", channel: "chat-room-1", event: "typing", data: { isTyping: true } };

describe("go-ws: whispers", () => {
  test("N10 GWS-8 GWS-32 the others on a public channel hear it, and the sender does not", async () => {
    const { connect, hub } = await start(
      { ...byToken, enableWhispers: true },
      { channels: { "chat-*": { history: { size: 10, ttlMs: 60_000 } } } },
    );
    const [ada, bob] = [await connect("?token=ada"), await connect()];
    for (const one of [ada, bob]) await one.subscribe("chat-room-1");
    ada.say(typing);
    const [whisper] = await bob.hears(1);
    await ada.settled();
    const id = [...hub.clients.values()].find(({ userId }) => userId === "ada")!.clientId;
    expect(ada.heard).toEqual([]);
    expect(whisper).toEqual({
      action: "whisper",
      channel_name: "chat-room-1",
      from: id,
      event: "typing",
      data: { event: "typing", isTyping: true },
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*[1-9])?Z$/) as unknown,
      type: "whisper",
      channel: "chat-room-1",
      user_id: "ada",
    });
  });

  test("GWS-32 a late joiner and history know nothing of it", async () => {
    const { connect, server } = await start(
      { enableWhispers: true },
      { channels: { "chat-*": { history: { size: 10, ttlMs: 60_000 } } } },
    );
    const [ada, bob] = [await connect(), await connect()];
    for (const one of [ada, bob]) await one.subscribe("chat-room-1");
    ada.say(typing);
    await bob.hears(1);
    const late = await connect();
    await late.subscribe("chat-room-1");
    expect(late.heard).toEqual([]);
    expect((await server.channel("chat-room-1").history()).publications).toEqual([]);
  });

  test("GWS-8 while they are not enabled nobody hears one, not even where the channel's rule has them", async () => {
    const { connect } = await start({}, { channels: { "chat-*": { whispers: true } } });
    const [ada, bob] = [await connect(), await connect()];
    for (const one of [ada, bob]) await one.subscribe("chat-room-1");
    ada.say(typing);
    await ada.settled();
    await bob.settled();
    expect(bob.heard).toEqual([]);
    expect(ada.heard).toEqual([{ type: "error", error: "whispers are disabled", channel: "chat-room-1" }]);
  });

  test("GWS-9 middleware that says no drops it", async () => {
    const { connect } = await start({ enableWhispers: true, whisperMiddleware: ({ event }) => event !== "typing" });
    const [ada, bob] = [await connect(), await connect()];
    for (const one of [ada, bob]) await one.subscribe("chat-room-1");
    ada.say(typing);
    ada.say({ ...typing, event: "other" });
    expect(await bob.hears(1)).toMatchObject([{ event: "other" }]);
    await ada.settled();
    expect(ada.heard).toEqual([]);
  });

  test("GWS-9 GWS-33 middleware reads everything and changes event and data", async () => {
    const seen: unknown[] = [];
    const { connect, hub } = await start({
      enableWhispers: true,
      whisperMiddleware(whisper) {
        const { from, channel, event, data, client } = whisper;
        seen.push([from === client.clientId, channel, event, data]);
        whisper.event = "writing";
        whisper.data = { far: true };
        return Promise.resolve(true);
      },
    });
    const [ada, bob] = [await connect(), await connect()];
    for (const one of [ada, bob]) await one.subscribe("chat-room-1");
    ada.say(typing);
    expect(await bob.hears(1)).toMatchObject([{ event: "writing", data: { event: "writing", far: true } }]);
    expect(seen).toEqual([[true, "chat-room-1", "typing", { isTyping: true }]]);
    expect(hub.stats().errors).toBe(0);
  });

  test("middleware is not asked about whispers of those who are not subscribed", async () => {
    const asked: string[] = [];
    const { connect } = await start({
      enableWhispers: true,
      whisperMiddleware: ({ channel }) => asked.push(channel) > 0,
    });
    const eve = await connect();
    eve.say(typing);
    await eve.settled();
    expect(asked).toEqual([]);
  });

  test("middleware that throws drops it, and is reported", async () => {
    const broken = new Error("broken");
    const { connect, failures } = await start({
      enableWhispers: true,
      whisperMiddleware() {
        throw broken;
      },
    });
    const [ada, bob] = [await connect(), await connect()];
    for (const one of [ada, bob]) await one.subscribe("chat-room-1");
    ada.say(typing);
    await ada.settled();
    await bob.settled();
    expect(bob.heard).toEqual([]);
    expect(failures).toEqual([broken]);
  });

  test.each([
    ["nothing", undefined, { event: "e" }],
    ["null", null, null],
    ["a string", "str", "str"],
    ["a list", [1, 2], [1, 2]],
    ["a number", 7, 7],
    ["an object with an event of its own", { event: "mine" }, { event: "mine" }],
    ["an empty object", {}, { event: "e" }],
  ])("N10 G11 GWS-10 data that is %s is told as it is, and the server lives", async (_name, data, told) => {
    const { connect } = await start({ enableWhispers: true });
    const [ada, bob] = [await connect(), await connect()];
    for (const one of [ada, bob]) await one.subscribe("c");
    ada.say({ action: "whisper", channel: "c", event: "e", data });
    expect((await bob.hears(1))[0]!["data"]).toEqual(told);
    await ada.settled();
    expect(ada.heard).toEqual([]);
  });

  test.each([
    ["channel", { action: "whisper", event: "e" }],
    ["event", { action: "whisper", channel: "c" }],
    ["event that is a string", { action: "whisper", channel: "c", event: 5, data: {} }],
  ])("N10 GWS-10 without a %s it is an error, and the application is told", async (_name, message) => {
    const errors: GoWsError[] = [];
    const { connect } = await start({ enableWhispers: true, errorHandler: (error) => errors.push(error) });
    const ada = await connect();
    await ada.subscribe("c");
    ada.say(message);
    await ada.settled();
    expect(ada.heard).toMatchObject([{ type: "error", error: "Invalid whisper: missing channel or event" }]);
    expect(errors).toEqual([expect.any(WhisperError)]);
    expect(errors[0]!.message).toBe("Invalid whisper: missing channel or event");
  });

  test("as many as the server's limit are heard in a second, and one more is refused", async () => {
    const { connect } = await start({ enableWhispers: true }, { limits: { whispersPerSecond: 2 } });
    const [ada, bob] = [await connect(), await connect()];
    for (const one of [ada, bob]) await one.subscribe("chat-room-1");
    for (let n = 0; n < 3; n += 1) ada.say({ ...typing, data: n });
    await ada.settled();
    await bob.settled();
    expect(bob.heard.map(({ data }) => data)).toEqual([0, 1]);
    expect(ada.heard).toMatchObject([{ type: "error", channel: "chat-room-1" }]);
  });
});
