import { describe, expect, test } from "vitest";
import { aoWebsockets, type AoLogger, type AoWebsocketsOptions } from "../../../src/dialects/ao-websockets/index.ts";
import { aoWebsocketsDefaults, settingsOf } from "../../../src/dialects/ao-websockets/options.ts";
import { interfaceOf } from "../../documentation/interfaces.ts";
import { serve, until } from "./support.ts";

type Line = readonly [string, string, object];

function listening(): { readonly logger: AoLogger; readonly lines: Line[] } {
  const lines: Line[] = [];
  const of =
    (level: string) =>
    (facts: object, message: string): void =>
      void lines.push([level, message, facts]);
  return { logger: { info: of("info"), warn: of("warn"), error: of("error") }, lines };
}

describe("options", () => {
  test.each<[string, unknown]>([
    ["batchPrefix", ""],
    ["batchPrefix", 1],
    ["maxMessageBytes", 0],
    ["maxBufferedMessages", 0],
    ["maxBufferedMessages", 1.5],
    ["maxBufferedBytes", -1],
    ["maxBufferedBytes", Infinity],
    ["writeTimeoutMs", 0],
    ["writeTimeoutMs", 2 ** 31],
    ["pingIntervalMs", -1],
    ["pingIntervalMs", 60_000],
    ["pongTimeoutMs", 54_000],
    ["pongTimeoutMs", 2 ** 31],
    ["malformed", "ignore"],
    ["origins", "all"],
    ["conventions", 1],
    ["logger", { info: () => undefined }],
    ["bufferSize", 5],
  ])("%s of %j are refused, by name", (name, value) => {
    expect(() => aoWebsockets({ [name]: value })).toThrow(
      expect.objectContaining({
        code: "option-invalid",
        message: expect.stringMatching(
          new RegExp(`^aoWebsockets: .*${name === "pingIntervalMs" ? "ping" : name}`),
        ) as string,
      }),
    );
  });

  test.each<AoWebsocketsOptions>([
    {},
    { maxMessageBytes: 1, maxBufferedMessages: 1, maxBufferedBytes: 1, writeTimeoutMs: 1 },
    { pingIntervalMs: 0, pongTimeoutMs: 1 },
    { pongTimeoutMs: 54_001 },
    { writeTimeoutMs: 2 ** 31 - 1, pongTimeoutMs: 2 ** 31 - 1 },
  ])("%o are taken", (options) => {
    expect(() => aoWebsockets(options)).not.toThrow();
  });

  test("have the defaults that they say", () => {
    const file = "src/dialects/ao-websockets/options.ts";
    const { logger: _, ...said } = interfaceOf(file, "AoWebsocketsOptions").defaults;
    const values = Object.entries(said).map(([name, text]) => [
      name,
      JSON.parse(text.split(" ")[0]!.replaceAll(/(\d)_/g, "$1")) as unknown,
    ]);
    expect(Object.fromEntries(values)).toEqual(aoWebsocketsDefaults);
  });
});

describe("a container", () => {
  test("AO-26: gives its logger and its configuration", async () => {
    const { logger, lines } = listening();
    const container = {
      getLogger: () => logger,
      getWebsocketsConfig: () => ({ readBufferSize: 7, writeBufferSize: 9, batchPrefix: "batch-" }),
    };
    const settings = settingsOf(container);
    expect([settings.webSocket.maxBufferedMessages, settings.batchPrefix]).toEqual([9, "batch-"]);
    const { ao, connect } = await serve(container);
    ao.subscribe("bad", () => {
      throw new Error("no");
    });
    const client = await connect();
    client.say('{"e":"bad"}', '{"e":"what","p":{"secret":"s"}}', '{"e":"what"}', '{"e":"more"}');
    await client.settled();
    client.say("{bad");
    await client.closed;
    await until(() => lines.length === 3);
    expect(lines.map(([level, message]) => [level, message])).toEqual([
      ["error", "a handler failed"],
      ["warn", "nobody handles an event"],
      ["warn", "a client sent what is no message"],
    ]);
    expect(JSON.stringify(lines)).not.toContain("secret");
  });

  test("AO-26: without a configuration has the defaults, and without a logger is refused", () => {
    const { logger } = listening();
    const { webSocket } = settingsOf({ getLogger: () => logger });
    expect(webSocket.maxBufferedMessages).toBe(256);
    expect(settingsOf({ getLogger: () => logger, getWebsocketsConfig: () => undefined }).webSocket).toEqual(webSocket);
    expect(() => aoWebsockets({ getLogger: () => undefined as unknown as AoLogger })).toThrow(
      expect.objectContaining({ code: "option-invalid" }),
    );
    expect(() =>
      aoWebsockets({ getLogger: () => logger, getWebsocketsConfig: () => ({ writeBufferSize: 0 }) }),
    ).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });
});
