import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createEcho, type Echo, type EchoEvents, type EchoOptions } from "../../../src/client/go-ws/index.ts";
import type { TransportRequest } from "../../../src/client/transports/transport.ts";
import { CarillonError } from "../../../src/errors/carillon-error.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { byToken, start, stopAll } from "../../dialects/go-ws/support.ts";
import { settled } from "../set-up.ts";
import { FakeLink } from "../socket-go/support.ts";

afterEach(stopAll);

interface Scene {
  readonly echo: Echo;
  readonly clock: ManualClock;
  readonly tries: number[];
  readonly links: FakeLink[];
  readonly urls: string[];
  readonly told: string[];
  readonly errors: unknown[];
  isUp: boolean;
  link(): FakeLink;
  pass(ms: number): Promise<void>;
}

function scene(options: EchoOptions = {}): Scene {
  const clock = new ManualClock();
  const setting: Scene = {
    clock,
    tries: [],
    links: [],
    urls: [],
    told: [],
    errors: [],
    isUp: true,
    link: () => setting.links.at(-1)!,
    async pass(ms) {
      await settled();
      clock.advance(ms);
      await settled();
    },
    echo: createEcho({
      url: "https://server",
      clock,
      transports: [
        {
          name: "fake",
          async connect({ url }: TransportRequest) {
            setting.tries.push(clock.now());
            setting.urls.push(url);
            if (!setting.isUp) throw new CarillonError("connect-failed");
            const link = new FakeLink();
            setting.links.push(link);
            return link;
          },
        },
      ],
      ...options,
    }),
  };
  for (const event of ["connected", "disconnected", "reconnect-failed"] as const) {
    setting.echo.on(event, () => setting.told.push(event));
  }
  setting.echo.on("error", (error) => setting.errors.push(error));
  return setting;
}

describe("reconnecting", () => {
  it("waits 1, 2, 4, 8 and 16 s, then says that it has failed (GWS-24)", async () => {
    const setting = scene();
    setting.echo.connect();
    await settled();
    setting.isUp = false;
    setting.link().end();
    for (let second = 0; second < 120; second += 1) await setting.pass(1_000);
    expect(setting.tries).toEqual([0, 1_000, 3_000, 7_000, 15_000, 31_000]);
    expect(setting.told).toEqual(["connected", "disconnected", "reconnect-failed"]);
    expect(setting.errors).toHaveLength(5);
    setting.isUp = true;
    setting.echo.connect();
    await settled();
    expect(setting.echo.connected).toBe(true);
  });

  it("takes 1008 for a refusal, and says that there will be no further try", async () => {
    const setting = scene();
    setting.echo.connect();
    await settled();
    setting.link().end(1_008);
    await setting.pass(60_000);
    expect([setting.tries, setting.told]).toEqual([[0], ["connected", "disconnected", "reconnect-failed"]]);
  });

  it("has not given up when whoever hears of the refusal connects anew", async () => {
    const setting = scene();
    setting.echo.on("disconnected", () => setting.echo.connect());
    setting.echo.connect();
    await settled();
    setting.link().end(1_008);
    await settled();
    expect([setting.told, setting.echo.connected]).toEqual([["connected", "disconnected", "connected"], true]);
  });

  it("repeats a first try that fails too, and starts over when one gets through (GWS-24)", async () => {
    const setting = scene();
    setting.isUp = false;
    setting.echo.connect();
    await setting.pass(1_000);
    setting.isUp = true;
    await setting.pass(2_000);
    expect(setting.tries).toEqual([0, 1_000, 3_000]);
    setting.link().end();
    await setting.pass(1_000);
    expect(setting.tries).toEqual([0, 1_000, 3_000, 4_000]);
  });

  it("subscribes to all its channels again, and not to those that it has left (GWS-24)", async () => {
    const setting = scene();
    setting.echo.subscribe("a");
    setting.echo.connect();
    await settled();
    setting.echo.private("b");
    setting.echo.presence("c");
    setting.echo.channel("a");
    setting.echo.leave("a");
    setting.echo.leave("unknown");
    const subscribe = (channel: string): string => `{"action":"subscribe","channel":"${channel}"}`;
    expect(setting.link().sent).toEqual([
      subscribe("a"),
      subscribe("private-b"),
      subscribe("presence-c"),
      '{"action":"unsubscribe","channel":"a"}',
    ]);
    setting.link().end();
    await setting.pass(1_000);
    expect(setting.link().sent).toEqual([subscribe("private-b"), subscribe("presence-c")]);
  });

  it("does not come back after disconnect, whenever that is (GWS-24)", async () => {
    const open = scene();
    open.echo.connect();
    await settled();
    open.echo.disconnect();
    const waiting = scene();
    waiting.echo.connect();
    await settled();
    waiting.link().end();
    waiting.echo.disconnect();
    const trying = scene();
    trying.echo.connect();
    trying.echo.disconnect();
    for (const { pass, tries, echo, clock } of [open, waiting, trying]) {
      await pass(120_000);
      expect(tries).toEqual([0]);
      expect(echo.connected).toBe(false);
      expect(clock.timers).toBe(0);
    }
    expect(open.link().closedWith).toBe(1000);
    expect(open.told).toEqual(["connected", "disconnected"]);
  });
});

describe("what comes", () => {
  it("is told to the listeners of its channel and event, one message to a line", async () => {
    const { echo, link, errors } = scene();
    const heard: unknown[] = [];
    const messages = vi.fn<(message: EchoEvents["message"]) => void>();
    echo.on("message", messages);
    const listener = (data: unknown, message: Readonly<Record<string, unknown>>): unknown =>
      heard.push([data, message["sender_id"]]);
    echo
      .subscribe("c")
      .listen("news", listener)
      .listen("news", listener)
      .listen("news", () => {
        throw new Error("mine");
      })
      .listenForWhisper("news", (data) => heard.push(["whisper", data]));
    echo.connect();
    await settled();
    const news = { channel_name: "c", data: 1, event: "news", sender_id: "app" };
    const whisper = { action: "whisper", channel_name: "c", data: 2, event: "news" };
    link().say([news, whisper].map((message) => JSON.stringify(message)).join("\n"));
    link().say(`{bad\n${JSON.stringify({ ...news, event: "" })}\n${JSON.stringify({ ...news, channel_name: "d" })}`);
    expect(heard).toEqual([
      [1, "app"],
      ["whisper", 2],
    ]);
    expect(messages).toHaveBeenCalledTimes(4);
    expect(errors).toMatchObject([{ message: "mine" }, { code: "bad-request" }]);
    expect(echo.connected).toBe(true);
  });

  it("is dropped with its channel", async () => {
    const { echo, link } = scene();
    const listener = vi.fn<() => void>();
    echo.subscribe("c").listen("x", listener);
    echo.connect();
    await settled();
    echo.leave("c");
    echo.subscribe("c");
    link().say('{"channel_name":"c","event":"x","data":1}');
    expect(listener).not.toHaveBeenCalled();
  });
});

describe("the address", () => {
  it.each([
    [{ url: "https://a.example/" }, "wss://a.example/ws"],
    [{ url: "http://a.example:8080", path: "/chat/ws" }, "ws://a.example:8080/chat/ws"],
    [{ url: "a.example" }, "wss://a.example/ws"],
    [{ url: "wss://a.example", token: "a b&c=d" }, "wss://a.example/ws?token=a%20b%26c%3Dd"],
  ])("of %j is %s", async (options, url) => {
    const { echo, urls } = scene(options);
    echo.connect();
    await settled();
    expect(urls).toEqual([url]);
  });

  it("must be given outside pages", () => {
    expect(() => createEcho()).toThrow("url must be given");
    expect(() => createEcho({ url: "a", handshakeTimeoutMs: 0 })).toThrow("handshakeTimeoutMs");
  });
});

describe("against our own go-ws (GWS-3)", () => {
  const connected = async (options: EchoOptions): Promise<Echo> => {
    const echo = createEcho(options);
    onTestFinished(() => echo.disconnect());
    const isConnected = new Promise<void>((resolve) => echo.on("connected", () => resolve()));
    echo.connect();
    await isConnected;
    return echo;
  };
  const next = (run: (resolve: (data: unknown) => void) => void): Promise<unknown> => new Promise(run);

  it("listen fires for what the server publishes, listenForWhisper for whispers, presence for the list", async () => {
    const { hub, port } = await start({ ...byToken, enableWhispers: true });
    const url = `http://127.0.0.1:${port}`;
    const ada = await connected({ url, token: "ada & co" });
    const bob = await connected({ url, token: "bob" });

    const users = (echo: Echo, event: string): Promise<unknown> =>
      next((resolve) => echo.presence("r").listen(event, (_, message) => resolve(message["users"])));
    expect(await users(ada, "presence:join")).toMatchObject([{ user_id: "ada & co" }]);
    const both = next((resolve) =>
      ada.presence("r").listen("presence:join", (_, message) => resolve(message["users"])),
    );
    const bobs = users(bob, "presence:join");
    expect(await both).toMatchObject([{ user_id: "ada & co" }, { user_id: "bob" }]);
    await bobs;

    const whisper = next((resolve) => bob.presence("r").listenForWhisper("typing", resolve));
    ada.presence("r").whisper("typing", { on: true });
    expect(await whisper).toEqual({ event: "typing", on: true });

    const news = next((resolve) => bob.presence("r").listen("news", resolve));
    await hub.broadcast({ channelName: "presence-r", event: "news", data: { n: 1 } });
    expect(await news).toEqual({ n: 1 });

    const said = next((resolve) => ada.presence("r").listen("said", resolve));
    bob.presence("r").broadcast("hello", "said");
    expect(await said).toBe("hello");

    const left = users(ada, "presence:leave");
    bob.leave("presence-r");
    expect(await left).toMatchObject([{ user_id: "ada & co" }]);
  });

  it("tells what the server refuses", async () => {
    const { port } = await start(byToken);
    const echo = await connected({ url: `http://127.0.0.1:${port}`, token: "ada" });
    const refused = next((resolve) => echo.on("error", resolve));
    echo.private("x");
    expect(await refused).toMatchObject({ type: "error", channel: "private-x" });
  });
});
