import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { AuthError, WhisperError, type GoWsError } from "../../../src/dialects/go-ws/index.ts";
import { memoryBroker } from "../../../src/index.ts";
import { byToken, eventually, Speaker, start, stopAll } from "./support.ts";

afterEach(stopAll);

const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

describe("go-ws: channels", () => {
  test("GWS-1 a broadcast reaches every subscriber, its sender included, with all fields", async () => {
    const { connect, hub } = await start(byToken);
    const [ada, bob] = [await connect("?token=ada"), await connect()];
    for (const one of [ada, bob]) await one.subscribe("my-channel");
    const data = { m: "<hi>", n: 1 };
    ada.say({ action: "broadcast", channel: "my-channel", data });
    const [atAda] = await ada.hears(1);
    const [atBob] = await bob.hears(1);
    expect(atBob).toEqual(atAda);
    const sender = [...hub.clients.values()].find(({ userId }) => userId === "ada")!.clientId;
    expect(sender).toMatch(uuid);
    expect(Object.keys(atAda!)).toEqual([
      ...["channel_name", "data", "event", "message_id", "sender_id", "timestamp"],
      ...["type", "channel", "message", "user_id"],
    ]);
    expect(atAda).toMatchObject({ channel_name: "my-channel", data, event: "", sender_id: sender, message: data });
    expect(atAda!["timestamp"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(atAda!["message_id"]).toMatch(new RegExp(`^${sender}-\\d{19}$`));
  });

  test("GWS-1 without data it is null, and an event that the sender names is relayed", async () => {
    const { connect } = await start();
    const ada = await connect();
    await ada.subscribe("c");
    ada.say({ action: "broadcast", channel: "c" });
    ada.say({ action: "broadcast", channel: "c", event: "news", data: [1] });
    const heard = await ada.hears(2);
    expect(heard.map(({ event, data, message }) => [event, data, message])).toEqual([
      ["", null, null],
      ["news", [1], [1]],
    ]);
  });

  test("GWS-2 what a client of the README reads: type with message, users, whisper and error", async () => {
    const { connect, hub } = await start({ ...byToken, enableWhispers: true });
    const [ada, bob] = [await connect("?token=ada"), await connect("?token=bob")];
    for (const one of [ada, bob]) await one.subscribe("presence-r");
    bob.say({ action: "broadcast", channel: "presence-r", data: "hi" });
    bob.say({ action: "whisper", channel: "presence-r", event: "typing", data: { on: true } });
    await bob.settled();
    ada.say({ action: "subscribe", channel: "private-x" });
    await ada.settled();
    const seen = ada.heard.map((message) => {
      if (message["type"] === "message") return ["message", message["message"]];
      if (message["type"] === "presence") {
        return ["presence", (message["users"] as readonly { user_id: string }[]).map(({ user_id }) => user_id)];
      }
      if (message["type"] === "whisper") return [message["event"], message["channel"], message["data"]];
      return [message["type"], message["error"], message["channel"]];
    });
    expect(seen).toEqual([
      ["presence", ["ada"]],
      ["presence", ["ada", "bob"]],
      ["message", "hi"],
      ["typing", "presence-r", { event: "typing", on: true }],
      ["error", "unauthorized", "private-x"],
    ]);
    expect(hub.clients.size).toBe(2);
  });

  test("without README fields there are those of the original's code alone", async () => {
    const { connect } = await start({ readmeFields: false, enableWhispers: true, ...byToken });
    const [ada, bob] = [await connect("?token=ada"), await connect("?token=bob")];
    for (const one of [ada, bob]) await one.subscribe("presence-r");
    bob.say({ action: "broadcast", channel: "presence-r", data: 1 });
    bob.say({ action: "whisper", channel: "presence-r", event: "e" });
    await bob.settled();
    await ada.settled();
    expect(ada.heard.map((message) => Object.keys(message).join())).toEqual([
      "channel_name,data,event,message_id,sender_id,timestamp",
      "channel_name,data,event,message_id,sender_id,timestamp",
      "channel_name,data,event,message_id,sender_id,timestamp",
      "action,channel_name,from,event,data,timestamp",
    ]);
  });

  test("GWS-4 G14 a burst of 2,000 messages each way is 2,000 frames of one value, in order", async () => {
    const { connect, hub } = await start();
    const [ada, bob] = [await connect(), await connect()];
    for (const one of [ada, bob]) await one.subscribe("c");
    for (let n = 0; n < 2_000; n += 1) ada.say({ action: "broadcast", channel: "c", data: n });
    await bob.hears(2_000);
    await Promise.all(
      Array.from({ length: 2_000 }, (_, n) => hub.broadcast({ channelName: "c", data: 2_000 + n, senderId: "app" })),
    );
    await bob.hears(4_000);
    expect(bob.frames.filter((frame) => frame.includes("\n"))).toEqual([]);
    expect(bob.heard.map(({ data }) => data)).toEqual(Array.from({ length: 4_000 }, (_, n) => n));
    expect(new Set(bob.heard.map((message) => message["message_id"])).size).toBe(4_000);
  });

  test("GWS-5 who is refused is told, the application too, and hears nothing", async () => {
    const errors: GoWsError[] = [];
    const asked: string[] = [];
    const { connect, hub } = await start({
      ...byToken,
      authHandler(userId, channel) {
        asked.push(`${userId} ${channel}`);
        return false;
      },
      errorHandler: (error) => errors.push(error),
    });
    const eve = await connect("?token=eve");
    await eve.subscribe("private-x");
    await hub.broadcast({ channelName: "private-x", data: "secret" });
    await eve.settled();
    expect(eve.heard).toEqual([{ type: "error", error: "unauthorized", channel: "private-x" }]);
    expect(asked).toEqual(["eve private-x"]);
    expect(errors).toEqual([expect.any(AuthError)]);
    expect(errors[0]).toMatchObject({ channel: "private-x", client: { userId: "eve" } });
  });

  test("GWS-6 who is allowed hears private messages, and may broadcast there", async () => {
    const { connect, hub } = await start({ authHandler: () => Promise.resolve(true) });
    const [ada, bob] = [await connect(), await connect()];
    for (const one of [ada, bob]) await one.subscribe("private-x");
    await hub.broadcast({ channelName: "private-x", data: 1 });
    bob.say({ action: "broadcast", channel: "private-x", data: 2 });
    await ada.hears(2);
    expect(ada.heard.map(({ data }) => data)).toEqual([1, 2]);
  });

  test("GWS-6 without a handler private channels are nobody's, and the server lives", async () => {
    const { connect } = await start();
    const ada = await connect();
    await ada.subscribe("private-x");
    await ada.subscribe("open");
    ada.say({ action: "broadcast", channel: "open", data: 1 });
    expect(await ada.hears(2)).toMatchObject([{ error: "unauthorized" }, { data: 1 }]);
  });

  test("GWS-6 without a handler the channel rules decide", async () => {
    const { connect } = await start(byToken, {
      channels: { "private-*": { authorize: ({ connection }) => connection.userId === "ada" } },
    });
    const [ada, eve] = [await connect("?token=ada"), await connect("?token=eve")];
    for (const one of [ada, eve]) await one.subscribe("private-x");
    ada.say({ action: "broadcast", channel: "private-x", data: 1 });
    await ada.hears(1);
    await eve.settled();
    expect(eve.heard).toMatchObject([{ error: "unauthorized" }]);
  });

  test.each(["yes", 1, undefined, Promise.resolve("yes")])("only true lets in, and not %s", async (answer) => {
    const { connect, failures } = await start({ authHandler: () => answer as unknown as boolean });
    const ada = await connect();
    await ada.subscribe("private-x");
    expect(ada.heard).toMatchObject([{ error: "unauthorized" }]);
    expect(failures).toEqual([]);
  });

  test("a handler that throws refuses, and is reported", async () => {
    const broken = new Error("no database");
    const { connect, failures } = await start({ authHandler: () => Promise.reject(broken) });
    const ada = await connect();
    await ada.subscribe("private-x");
    expect(ada.heard).toMatchObject([{ error: "unauthorized" }]);
    expect(failures).toEqual([broken]);
  });

  test.each(["c", "private-x"])(
    "GWS-7 G12 who is not subscribed to %s neither broadcasts nor whispers there",
    async (channel) => {
      const errors: GoWsError[] = [];
      const { connect } = await start(
        { authHandler: () => true, enableWhispers: true, errorHandler: (error) => errors.push(error) },
        // Not even where anyone may publish who is allowed to.
        { channels: { "private-*": { publish: "anyone" } } },
      );
      const [ada, eve] = [await connect(), await connect()];
      await ada.subscribe(channel);
      eve.say({ action: "broadcast", channel, data: 1 });
      eve.say({ action: "whisper", channel, event: "e", data: {} });
      await eve.settled();
      await ada.settled();
      expect(ada.heard).toEqual([]);
      expect(eve.heard).toMatchObject([
        { type: "error", channel },
        { type: "error", channel, error: "subscribe to the channel first" },
      ]);
      expect(errors).toEqual([expect.any(WhisperError)]);
    },
  );

  test("N13 GWS-11 subscribing twice and leaving what one is not in is silent", async () => {
    const { connect, server } = await start();
    const ada = await connect();
    await ada.subscribe("c");
    await ada.subscribe("c");
    ada.say({ action: "unsubscribe", channel: "other" });
    ada.say({ action: "unsubscribe", channel: "" });
    await ada.settled();
    expect(ada.heard).toEqual([]);
    ada.say({ action: "unsubscribe", channel: "c" });
    await ada.settled();
    await server.channel("c").publish("tick", 1);
    await ada.settled();
    expect(ada.heard).toEqual([]);
  });

  test("N13 the channel after the last one that fits is refused", async () => {
    const { connect } = await start({}, { limits: { subscriptions: 2 } });
    const ada = await connect();
    for (const channel of ["a", "b"]) await ada.subscribe(channel);
    expect(ada.heard).toEqual([]);
    await ada.subscribe("c");
    expect(ada.heard).toMatchObject([{ type: "error", channel: "c" }]);
  });

  test("GWS-16 a message_id is delivered once", async () => {
    const { connect, hub } = await start();
    const ada = await connect();
    await ada.subscribe("c");
    for (const data of [1, 2]) await hub.broadcast({ channelName: "c", data, messageId: "app-1", senderId: "app" });
    await hub.broadcast({ channelName: "c", data: 3, event: "news", senderId: "app" });
    await ada.hears(2);
    expect(ada.heard).toMatchObject([
      { data: 1, message_id: "app-1", sender_id: "app", event: "" },
      { data: 3, message_id: expect.stringMatching(/^app-\d{19}$/), event: "news" },
    ]);
  });

  test("GWS-20 G13 bad input is answered or ignored, and harms nobody", async () => {
    const { connect } = await start({ enableWhispers: true });
    const [ada, bob] = [await connect(), await connect()];
    await bob.subscribe("c");
    const inputs: readonly (readonly [string, object | undefined])[] = [
      ["{bad", { type: "error", error: "invalid JSON" }],
      ["[]", { type: "error", error: "a message is a JSON object" }],
      ['"s"', { type: "error", error: "a message is a JSON object" }],
      ["5", { type: "error", error: "a message is a JSON object" }],
      ["null", undefined],
      ["{}", undefined],
      ['{"action":"zzz"}', undefined],
      ['{"action":1}', undefined],
      ['{"action":"__proto__"}', undefined],
      ['{"__proto__":{"action":"subscribe"}}', undefined],
      ['{"Action":"subscribe","channel":"c"}', undefined],
      ['{"action":"subscribe"}', { type: "error", channel: "" }],
      ['{"action":"subscribe","channel":7}', { type: "error", channel: "" }],
      ['{"action":"broadcast"}', { type: "error", channel: "" }],
      [`{"action":"subscribe","channel":"${"c".repeat(201)}"}`, { type: "error" }],
      [`{"action":"broadcast","channel":"c","data":${"[".repeat(200)}${"]".repeat(200)}}`, { type: "error" }],
      ["", { type: "error", error: "invalid JSON" }],
    ];
    for (const [input, reaction] of inputs) {
      const before = ada.frames.length;
      ada.raw(input);
      await ada.settled();
      const told = ada.frames.slice(before, -1).map((frame) => JSON.parse(frame) as unknown);
      expect([input, told]).toEqual([input, reaction === undefined ? [] : [expect.objectContaining(reaction)]]);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    ada.say({ action: "subscribe", channel: "c" });
    ada.say({ action: "broadcast", channel: "c", data: "still here" });
    expect(await bob.hears(1)).toMatchObject([{ data: "still here" }]);
  });

  test("GWS-42 JSON in a binary frame is read, and of two values the first", async () => {
    const { connect } = await start();
    const ada = await connect();
    ada.raw(Buffer.from('{"action":"subscribe","channel":"c"}'));
    ada.raw('{"action":"broadcast","channel":"c","data":1}\n{"action":"broadcast","channel":"c","data":2}');
    ada.raw(Buffer.from('{"action":"broadcast","channel":"c","data":"\xff"}', "latin1"));
    await ada.settled();
    expect(ada.heard).toMatchObject([{ data: 1 }, { type: "error", error: "invalid JSON" }]);
  });

  test("GWS-21 512 KiB are fine, and one byte more closes with 1009", async () => {
    const { connect } = await start();
    const ada = await connect();
    await ada.subscribe("c");
    const around = JSON.stringify({ action: "broadcast", channel: "c", data: "" }).length;
    const ofBytes = (bytes: number): string =>
      JSON.stringify({ action: "broadcast", channel: "c", data: "x".repeat(bytes - around) });
    ada.raw(ofBytes(524_288));
    expect((await ada.hears(1))[0]!["data"]).toHaveLength(524_288 - around);
    ada.raw(ofBytes(524_289));
    expect((await ada.closed).code).toBe(1009);
  });

  test("GWS-30 the user-id function runs once, with headers, query and cookies", async () => {
    const seen: unknown[] = [];
    const asked: string[] = [];
    const { connect } = await start({
      getUserId(handshake) {
        const { url } = handshake;
        seen.push([handshake.header("x-key"), url.searchParams.get("a"), handshake.header("cookie")]);
        return Promise.resolve("u7");
      },
      authHandler: (userId) => asked.push(userId) > 0,
    });
    const ada = await connect("?a=1", { headers: { "x-key": "k", cookie: "s=2" } });
    await ada.subscribe("presence-r");
    expect(seen).toEqual([["k", "1", "s=2"]]);
    expect(asked).toEqual(["u7"]);
    expect(ada.heard).toMatchObject([{ data: { user_id: "u7" } }]);
  });

  test("an empty user id is an anonymous client, which has its own id", async () => {
    const { connect, hub } = await start({ getUserId: () => "" });
    const ada = await connect();
    await ada.settled();
    const [client] = [...hub.clients.values()];
    expect(client!.userId).toBe(client!.clientId);
    expect(client!.connection.userId).toBeUndefined();
  });

  test("a client that authenticate refuses is closed with 1008, for good", async () => {
    const { connect } = await start({}, { authenticate: () => undefined });
    const ada = await connect();
    expect(await ada.closed).toMatchObject({ code: 1008 });
  });

  test("a user-id function that throws refuses the client, which may come back, and is reported", async () => {
    const broken = new Error("no database");
    const { connect, failures, hub } = await start({
      getUserId() {
        throw broken;
      },
    });
    const ada = await connect();
    expect(await ada.closed).toMatchObject({ code: 4503 });
    expect(ada.heard).toEqual([{ type: "error", error: "the server failed" }]);
    expect(failures).toEqual([broken]);
    expect(hub.stats()).toMatchObject({ totalConnections: 0, activeConnections: 0 });
  });

  test.each([
    ["?token=a%2Bb", {}, "a+b"],
    ["?token=a+b/c==", {}, "a+b/c=="],
    ["?x=1&token=100%", {}, "100%"],
    ["", { authorization: "Bearer t0k" }, "t0k"],
    ["?token=", { authorization: "Bearer t0k" }, "t0k"],
    ["", {}, undefined],
  ])("without one the server's authenticate is asked, with the token of %s %o", async (query, headers, token) => {
    const tokens: unknown[] = [];
    const { connect } = await start(
      {},
      {
        authenticate(attempt) {
          tokens.push(attempt.token);
          return {};
        },
      },
    );
    const ada = await connect(query, { headers });
    await ada.settled();
    expect(tokens).toEqual([token]);
  });

  test("a token comes as a subprotocol, too, where there is one for it", async () => {
    const tokens: unknown[] = [];
    const authenticate = ({ token }: { readonly token: string | undefined }): object => ({ n: tokens.push(token) });
    const { connect, url } = await start({ tokenSubprotocol: "go-ws" }, { authenticate });
    const ada = new Speaker(url, undefined, ["go-ws", "t0k.en"]);
    await once(ada.socket, "open");
    await ada.settled();
    expect(ada.socket.protocol).toBe("go-ws");
    await (await connect()).settled();
    expect(tokens).toEqual(["t0k.en", undefined]);
  });

  test("GWS-40 an auth provider stands for both functions", async () => {
    const asked: string[] = [];
    const { connect } = await start({
      authProvider: {
        getUserId: ({ url }) => url.searchParams.get("token") ?? undefined,
        authorize: (userId, channel) => asked.push(`${userId} ${channel}`) > 0 && channel === "private-a",
      },
    });
    const ada = await connect("?token=ada");
    await ada.subscribe("private-a");
    await ada.subscribe("private-b");
    expect(asked).toEqual(["ada private-a", "ada private-b"]);
    expect(ada.heard).toMatchObject([{ error: "unauthorized", channel: "private-b" }]);
  });

  test("what the server tells one client, everyone, or in batches is a message, too", async () => {
    const { connect, server, hub } = await start();
    server.batch("many", { everyMs: 50, maxItems: 2 });
    const ada = await connect();
    await ada.subscribe("c");
    [...hub.clients.values()][0]!.connection.send("hello", { n: 1 });
    await server.broadcast("all", 2);
    await Promise.all([server.channel("c").publish("many", 3), server.channel("c").publish("many", 4)]);
    await server.channel("c").publish("bytes", new Uint8Array([1, 2, 3]));
    const heard = await ada.hears(5);
    expect(heard).toMatchObject([
      { channel_name: "", event: "hello", data: { n: 1 }, sender_id: "server" },
      { channel_name: "", event: "all", data: 2 },
      { channel_name: "c", event: "many", data: 3, message: 3 },
      { channel_name: "c", event: "many", data: 4 },
      { channel_name: "c", event: "bytes", data: "AQID" },
    ]);
    expect(new Set(heard.map((message) => message["message_id"])).size).toBe(5);
    expect(hub.stats().messagesSent).toBe(ada.frames.length);
  });

  test("who is taken out of a channel by the server is told so", async () => {
    const { connect, hub } = await start();
    const ada = await connect();
    await ada.subscribe("c");
    await [...hub.clients.values()][0]!.connection.unsubscribe("c");
    await ada.settled();
    expect(ada.heard).toEqual([{ type: "error", error: "unsubscribed by the server", channel: "c" }]);
  });

  test("GWS-17 while the broker fails the client is told, and what it says later arrives", async () => {
    const memory = memoryBroker();
    const publish = memory.publish.bind(memory);
    let isDown = true;
    memory.publish = (publication, keep) => {
      if (isDown) throw new Error("connection refused");
      return publish(publication, keep);
    };
    const { connect } = await start({}, { broker: memory });
    const ada = await connect();
    await ada.subscribe("c");
    ada.say({ action: "broadcast", channel: "c", data: 1 });
    await ada.settled();
    expect(ada.heard).toEqual([{ type: "error", error: "the broker cannot be reached", channel: "c" }]);
    isDown = false;
    ada.say({ action: "broadcast", channel: "c", data: 2 });
    expect((await ada.hears(2))[1]).toMatchObject({ data: 2 });
  });

  test("a client that closes is answered with its own code", async () => {
    const { connect, hub } = await start();
    const ada = await connect();
    ada.socket.close(4001, "bye");
    expect(await ada.closed).toMatchObject({ code: 4001 });
    await eventually(() => hub.clients.size === 0);
  });
});
