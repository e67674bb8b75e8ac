import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { native } from "../../../src/dialects/native/dialect.ts";
import type { ServerOptions } from "../../../src/index.ts";
import { serve, until, type AoClient, type Served } from "./support.ts";

/** A native client, by its bytes. */
class NativeClient {
  readonly heard: string[] = [];
  readonly #socket: WebSocket;

  constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.#socket.on("message", (data: Buffer) => this.heard.push(data.toString()));
    this.#socket.on("error", () => undefined);
    onTestFinished(() => this.#socket.terminate());
  }

  say(text: string): void {
    this.#socket.send(text);
  }

  async of(type: string, count = 1): Promise<readonly string[]> {
    const found = (): readonly string[] => this.heard.filter((text) => text.includes(`"type":"${type}"`));
    await until(() => found().length >= count);
    return found();
  }

  static async in(url: string, channel: string): Promise<NativeClient> {
    const client = new NativeClient(url.replace("/ao", "/carillon"));
    await new Promise((resolve) => client.#socket.once("open", resolve));
    client.say('{"type":"connect"}');
    await client.of("connected");
    client.say(`{"type":"subscribe","ref":1,"channel":"${channel}"}`);
    await client.of("subscribed");
    return client;
  }
}

async function bridged(options: ServerOptions = {}): Promise<Served> {
  return serve({ conventions: true }, { ...options, endpoints: { "/carillon": native({ heartbeatMs: 0 }) } });
}

async function joined({ connect }: Served, channel: string): Promise<AoClient> {
  const client = await connect();
  client.say(`{"e":"join","p":{"channel":"${channel}"}}`);
  expect(await client.next()).toBe(`{"e":"channel:joined","p":{"channel":"${channel}"}}\n`);
  return client;
}

describe("in one channel with the native dialect", () => {
  test("what one says the other hears, each in its own bytes", async () => {
    const served = await bridged();
    const ao = await joined(served, "lobby");
    const other = await NativeClient.in(served.url, "lobby");
    ao.say('{"e":"chat","p":{"channel":"lobby","text":"hi"}}');
    expect(await ao.next()).toBe('{"e":"chat","p":{"channel":"lobby","text":"hi"}}\n');
    const [heard] = await other.of("publication");
    expect(JSON.parse(heard!)).toMatchObject({
      type: "publication",
      channel: "lobby",
      event: "chat",
      data: { channel: "lobby", text: "hi" },
    });
    other.say('{"type":"publish","ref":2,"channel":"lobby","event":"chat","data":{"text":"there"}}');
    other.say('{"type":"publish","ref":3,"channel":"lobby","event":"count","data":5}');
    expect(await ao.take(2)).toEqual(['{"e":"chat","p":{"text":"there"}}\n', '{"e":"count","p":{"value":5}}\n']);
    await served.server.channel("lobby").publish("raw", Uint8Array.of(1, 2));
    expect(await ao.next()).toBe('{"e":"raw","p":{"value":"AQI="}}\n');
  });

  test("2,000 messages each way arrive once and in order", async () => {
    const served = await bridged({ messageRate: { perSecond: 10_000, burst: 10_000 } });
    const ao = await joined(served, "lobby");
    const other = await NativeClient.in(served.url, "lobby");
    const all = Array.from({ length: 2_000 }, (_, n) => n);
    for (const n of all) ao.say(`{"e":"n","p":{"channel":"lobby","n":${n}}}`);
    const heard = await other.of("publication", 2_000);
    expect(heard.map((text) => (JSON.parse(text) as { data: { n: number } }).data.n)).toEqual(all);
    expect(await ao.take(2_000)).toEqual(all.map((n) => `{"e":"n","p":{"channel":"lobby","n":${n}}}\n`));
    for (const n of all) other.say(`{"type":"publish","ref":${n + 2},"channel":"lobby","event":"m","data":{"n":${n}}}`);
    expect(await ao.take(2_000)).toEqual(all.map((n) => `{"e":"m","p":{"n":${n}}}\n`));
  });

  test("server.broadcast, server.batch and connection.send reach clients in their own words", async () => {
    const { server, connect } = await serve();
    const client = await connect();
    await server.broadcast("notice", { n: 1 });
    server.batch("tick", { everyMs: 1, maxItems: 2 });
    void server.broadcast("tick", { n: 1 });
    await server.broadcast("tick", 2);
    server.connections[0]!.send("you", { n: 3 });
    await server.connections[0]!.subscribe("lobby");
    await server.channel("lobby").publish("told", undefined);
    await server.connections[0]!.unsubscribe("lobby");
    await server.channel("lobby").publish("untold", undefined);
    expect(await client.settled()).toEqual([
      '{"e":"notice","p":{"n":1}}\n',
      '{"e":"batch_tick","p":{"d":[{"n":1},{"value":2}]}}\n',
      '{"e":"you","p":{"n":3}}\n',
      '{"e":"channel:joined","p":{"channel":"lobby"}}\n',
      '{"e":"told","p":null}\n',
      '{"e":"channel:left","p":{"channel":"lobby"}}\n',
    ]);
    await expect(server.connections[0]!.request("ask")).rejects.toThrow(
      expect.objectContaining({ code: "not-supported" }),
    );
  });
});

describe("the conventions", () => {
  test("are for members only: what is said of a channel that one is not in reaches nobody there", async () => {
    const served = await bridged();
    const missed: string[] = [];
    served.ao.onUnhandled(({ event }) => missed.push(event));
    const member = await joined(served, "lobby");
    const stranger = await served.connect();
    stranger.say('{"e":"chat","p":{"channel":"lobby"}}', '{"e":"chat","p":{"channel":5}}', '{"e":"join","p":{}}');
    expect(await stranger.settled()).toEqual([]);
    expect(await member.settled()).toEqual([]);
    expect(missed).toEqual(["chat", "chat", "join"]);
  });

  test("a message that an interceptor moves to another channel is seen there, too", async () => {
    const served = await bridged();
    const client = await joined(served, "a");
    client.say('{"e":"join","p":{"channel":"b"}}');
    await client.next();
    const seen: unknown[] = [];
    served.server.intercept((message) => {
      seen.push([message.action, message.channel]);
      if (message.event === "hop") message.data = { channel: "b" };
    });
    client.say('{"e":"hop","p":{"channel":"a"}}', '{"e":"stay","p":{"channel":"a"}}', '{"e":"x","p":{"channel":"c"}}');
    expect(await client.take(2)).toHaveLength(2);
    await client.settled();
    expect(seen.slice(0, 4)).toEqual([
      ["publish", "a"],
      ["publish", "b"],
      ["publish", "a"],
      ["send", undefined],
    ]);
  });

  test("tell what the channel's rule refuses, and let a client leave and come back", async () => {
    const served = await bridged({ channels: { feed: { publish: "server" } } });
    const client = await joined(served, "feed");
    client.say(
      '{"e":"join","p":{"channel":"private-x"}}',
      '{"e":"chat","p":{"channel":"feed"}}',
      '{"e":"join","p":{"channel":""}}',
    );
    const refusals = (await client.take(3)).map((text) => JSON.parse(text) as { e: string; p: object });
    expect(refusals).toEqual([
      {
        e: "channel:refused",
        p: expect.objectContaining({ channel: "private-x", event: "join", code: "forbidden" }) as object,
      },
      {
        e: "channel:refused",
        p: expect.objectContaining({ channel: "feed", event: "chat", code: "forbidden" }) as object,
      },
      {
        e: "channel:refused",
        p: expect.objectContaining({ channel: "", event: "join", code: "channel-name-invalid" }) as object,
      },
    ]);
    client.say('{"e":"leave","p":{"channel":"feed"}}');
    expect(await client.next()).toBe('{"e":"channel:left","p":{"channel":"feed"}}\n');
    await served.server.channel("feed").publish("missed", {});
    client.say('{"e":"join","p":{"channel":"feed"}}', '{"e":"join","p":{"channel":"feed"}}');
    expect(await client.take(2)).toEqual([
      '{"e":"channel:joined","p":{"channel":"feed"}}\n',
      expect.stringContaining('"code":"already-subscribed"'),
    ]);
  });

  test("come after the application's handlers, and are off unless asked for", async () => {
    const { ao, server, connect } = await serve();
    const heard: string[] = [];
    ao.subscribe("join", ({ event }) => heard.push(event));
    const client = await connect();
    client.say('{"e":"join","p":{"channel":"lobby"}}');
    expect(await client.settled()).toEqual([]);
    expect([heard, server.connections[0]!.channels]).toEqual([["join"], []]);
    const served = await bridged();
    served.ao.subscribe("join", ({ event }) => heard.push(event));
    await joined(served, "lobby");
    expect(heard).toEqual(["join", "join"]);
  });

  test("show who is there where presence is on", async () => {
    const open = await bridged();
    const [one, two] = await open.clients(2);
    one!.say('{"e":"join","p":{"channel":"presence-x"}}');
    expect(JSON.parse(await one!.next())).toMatchObject({ e: "channel:joined", p: { members: [{}] } });
    two!.say('{"e":"join","p":{"channel":"presence-x"}}');
    expect(JSON.parse(await two!.next())).toMatchObject({ e: "channel:joined", p: { members: [{}, {}] } });
    expect(JSON.parse(await one!.next())).toMatchObject({ e: "presence:join", p: { channel: "presence-x" } });
  });
});
