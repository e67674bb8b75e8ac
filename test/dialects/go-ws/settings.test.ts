import { describe, expect, test } from "vitest";
import { goWs, type GoWsOptions } from "../../../src/dialects/go-ws/index.ts";
import { interfaceOf } from "../../documentation/interfaces.ts";
import { goWsSettings } from "../../../src/dialects/go-ws/settings.ts";

describe("the options of goWs()", () => {
  test("say their true defaults", () => {
    const file = "src/dialects/go-ws/options.ts";
    const { defaults } = interfaceOf(file, "GoWsOptions");
    const numbers = Object.entries(defaults).filter(([, text]) => /^[\d_]+/.test(text));
    expect(numbers).toHaveLength(10);
    const said = numbers.map(([name, text]) => [name, Number(text.split(" ")[0]!.replaceAll("_", ""))] as const);
    expect(goWsSettings({})).toMatchObject(Object.fromEntries(said));
  });

  test("have defaults, and undefined is the default", () => {
    expect(goWsSettings({ maxConnections: undefined } as unknown as GoWsOptions)).toEqual({
      enableWhispers: false,
      middleware: [],
      maxConnections: 1_000,
      maxConnectionsPerIp: 100,
      pingIntervalMs: 30_000,
      pongTimeoutMs: 60_000,
      readBufferSize: 1_024,
      writeBufferSize: 1_024,
      maxBufferedBytes: 8_388_608,
      maxMessageBytes: 524_288,
      readmeFields: true,
      maxListedUsers: 100,
      logStats: false,
      staleMs: 300_000,
      origins: "any",
      countsLoopback: false,
      rateLimit: { messages: 100, intervalMs: 60_000 },
    });
    expect(goWsSettings({ rateLimit: { messages: 5 } }).rateLimit).toEqual({ messages: 5, intervalMs: 60_000 });
  });

  test.each<[string, object]>([
    ["maxConnections", { maxConnections: 0 }],
    ["maxConnectionsPerIp", { maxConnectionsPerIp: 1.5 }],
    ["pingIntervalMs", { pingIntervalMs: -1 }],
    ["pingIntervalMs", { pingIntervalMs: 2 ** 31 }],
    ["pongTimeoutMs", { pongTimeoutMs: 0 }],
    ["pongTimeoutMs", { pingIntervalMs: 1_000, pongTimeoutMs: 1_000 }],
    ["origin", { origin: ["https://a.example"] }],
    ["origins", { origins: "https://a.example" }],
    ["origins", { origins: [1] }],
    ["readBufferSize", { readBufferSize: 0 }],
    ["writeBufferSize", { writeBufferSize: NaN }],
    ["maxBufferedBytes", { maxBufferedBytes: 0 }],
    ["maxMessageBytes", { maxMessageBytes: "1" }],
    ["maxListedUsers", { maxListedUsers: -1 }],
    ["staleMs", { staleMs: 0 }],
    ["rateLimit.messages", { rateLimit: { messages: 0 } }],
    ["rateLimit.intervalMs", { rateLimit: { intervalMs: 0 } }],
    ["enableWhispers", { enableWhispers: 1 }],
    ["readmeFields", { readmeFields: "no" }],
    ["logger", { logStats: true }],
    ["middleware", { middleware: [1] }],
    ["onConnect", { onConnect: "x" }],
    ["authHandler", { authHandler: true }],
    ["tokenSubprotocol", { tokenSubprotocol: "a b" }],
    ["authProvider", { authProvider: { getUserId: () => "u" } }],
    ["authProvider", { authProvider: { getUserId: () => "u", authorize: () => true }, getUserId: (): string => "u" }],
  ])("%s is refused with its name: %o", (name, options) => {
    expect(() => goWs(options as GoWsOptions)).toThrow(name);
    expect(() => goWs(options as GoWsOptions)).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });

  test("the edges are fine", () => {
    const smallest = { maxConnections: 1, maxConnectionsPerIp: 1, readBufferSize: 1, writeBufferSize: 1 };
    expect(goWsSettings({ ...smallest, pingIntervalMs: 0, maxListedUsers: 0, staleMs: 1 })).toMatchObject(smallest);
    expect(goWsSettings({ pongTimeoutMs: 2 ** 31 - 1 }).pongTimeoutMs).toBe(2 ** 31 - 1);
    expect(goWsSettings({ pingIntervalMs: 1_000, pongTimeoutMs: 1_001 }).pongTimeoutMs).toBe(1_001);
    expect(goWsSettings({ rateLimit: false }).rateLimit).toBeUndefined();
  });
});
