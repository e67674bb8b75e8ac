import { afterEach, describe, expect, it, vi } from "vitest";
import { createClient, type ClientOptions } from "../../src/client/index.ts";
import { msgpackCodec } from "../../src/client/msgpack.ts";
import { FakeTransport } from "./fake-transport.ts";
import { settled, setUp } from "./set-up.ts";

afterEach(() => vi.unstubAllGlobals());

describe("the address", () => {
  it.each([
    ["wss://example.com/carillon", "wss://example.com/carillon"],
    ["ws://localhost:8080", "ws://localhost:8080/"],
    ["https://example.com/carillon?room=1#top", "wss://example.com/carillon?room=1"],
    ["HTTP://EXAMPLE.com", "ws://example.com/"],
    ["wss://[::1]/http", "wss://[::1]/http"],
    [new URL("http://localhost:8080/a"), "ws://localhost:8080/a"],
  ])("%s means %s", async (url, expected) => {
    expect(await addressOf(url)).toBe(expected);
  });

  it.each([
    ["/carillon", "wss://app.example:8443/carillon"],
    ["carillon", "wss://app.example:8443/chat/carillon"],
    ["//other.example/carillon", "wss://other.example/carillon"],
  ])("%s is relative to the page in a browser", async (url, expected) => {
    vi.stubGlobal("location", { href: "https://app.example:8443/chat/index.html#top" });
    expect(await addressOf(url)).toBe(expected);
  });

  it.each([
    "/carillon",
    "",
    "example.com",
    "ftp://example.com",
    "data:,ws:",
    "javascript:ws://a",
    "ws://",
    "wss://exa mple",
  ])("%j is refused, with an example of one that works", (url) => {
    expect(() => createClient(url, { transports: [new FakeTransport()] })).toThrow(
      expect.objectContaining({
        code: "option-invalid",
        message: expect.stringContaining("wss://host/path"),
      }),
    );
  });
});

describe("an option that cannot work", () => {
  const milliseconds = [0, -1, 0.5, Number.NaN, Infinity, 2 ** 31, null];
  const bad: readonly (readonly [string, unknown])[] = [
    ...milliseconds.flatMap((value) => [
      ["connectTimeoutMs", { connectTimeoutMs: value }] as const,
      ["requestTimeoutMs", { requestTimeoutMs: value }] as const,
      ["delayMs", { reconnect: { delayMs: value } }] as const,
      ["maxDelayMs", { reconnect: { maxDelayMs: value } }] as const,
      ["maxDelayMs", { batch: { maxDelayMs: value } }] as const,
      ...(value === 0 ? [] : [["upgradeMs", { upgradeMs: value }] as const]),
    ]),
    ...[0, -1, Number.NaN].map((attempts) => ["attempts", { reconnect: { attempts } }] as const),
    ...[0, -1, Number.NaN].map((maxMessages) => ["maxMessages", { batch: { maxMessages } }] as const),
    ["jitter", { reconnect: { jitter: "some" } }],
    ["offline", { offline: "drop" }],
    ["transports", { transports: [] }],
  ];

  it.each(bad)("is refused, with the rule: %s in %j", (name, options) => {
    expect(() =>
      createClient("ws://server", { transports: [new FakeTransport()], ...(options as ClientOptions) }),
    ).toThrow(
      expect.objectContaining({
        code: "option-invalid",
        message: expect.stringMatching(new RegExp(`^${name} must be .`)),
      }),
    );
  });

  it.each([1, 2 ** 31 - 1])("is not one of %i milliseconds", (value) => {
    const options = {
      connectTimeoutMs: value,
      requestTimeoutMs: value,
      reconnect: { delayMs: value, maxDelayMs: value },
    };
    expect(() => createClient("ws://server", { transports: [new FakeTransport()], ...options })).not.toThrow();
  });
});

describe("the transport", () => {
  it("is the platform's WebSocket unless another one is given", async () => {
    const urls: string[] = [];
    vi.stubGlobal(
      "WebSocket",
      class {
        constructor(url: string) {
          urls.push(url);
        }
        close(): void {}
      },
    );
    const client = createClient("ws://server/a");
    client.connect().catch(() => {});
    await settled();
    expect(urls).toEqual(["ws://server/a"]);
    await client.close();
  });

  it("has to be given where the platform has neither WebSocket nor fetch", () => {
    vi.stubGlobal("WebSocket", undefined);
    Reflect.deleteProperty(globalThis, "fetch");
    expect(() => createClient("ws://server/a")).toThrow(
      expect.objectContaining({ code: "option-invalid", message: expect.stringContaining("carillon/client/node") }),
    );
  });

  it("may be given as undefined, like every option that has a default of its own", () => {
    expect(() =>
      createClient("ws://server/a", { transports: undefined as never, codec: undefined as never }),
    ).not.toThrow();
  });
});

describe("the codec", () => {
  it("asks for its own subprotocol and speaks it", async () => {
    const { client, transport, open } = setUp({ codec: msgpackCodec(), token: "t" });
    const link = await open();
    expect(transport.last.request.codec.subprotocol).toBe("carillon.v1.msgpack");
    expect(link.sent).toEqual([{ type: "connect", token: "t", resume: true }]);
    const lobby = client.channel("lobby");
    const heard: unknown[] = [];
    lobby.on("chat", (data) => heard.push(data));
    const subscribing = lobby.subscribe();
    link.say({ type: "subscribed", ref: link.ref, channel: "lobby" });
    await subscribing;
    link.say({ type: "batch", channel: "lobby", event: "chat", items: [{ a: 1 }, Uint8Array.of(1)] });
    expect(heard).toEqual([{ a: 1 }, Uint8Array.of(1)]);
    const request = client.request("add");
    expect(link.latest).toEqual({ type: "request", ref: link.ref, event: "add" });
    link.say({ type: "response", ref: link.ref, data: 5 });
    expect(await request).toBe(5);
  });

  it("says no more without a token than with one", async () => {
    const { open } = setUp({ codec: msgpackCodec() });
    expect((await open()).sent).toEqual([{ type: "connect", resume: true }]);
  });
});

/** Where a client of this address connects to. */
async function addressOf(url: string | URL): Promise<string> {
  const transport = new FakeTransport();
  const client = createClient(url, { transports: [transport] });
  client.connect().catch(() => {});
  await settled();
  await client.close();
  return transport.last.request.url;
}
