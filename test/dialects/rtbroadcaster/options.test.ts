import { describe, expect, test } from "vitest";
import {
  rtbroadcasterDefaults,
  settingsOf,
  type RtbroadcasterOptions,
} from "../../../src/dialects/rtbroadcaster/options.ts";
import { rtbroadcaster } from "../../../src/dialects/rtbroadcaster/index.ts";
import { interfaceOf } from "../../documentation/interfaces.ts";

describe("the options of rtbroadcaster", () => {
  test.each<[string, RtbroadcasterOptions, RtbroadcasterOptions]>([
    ["maxRooms", { maxRooms: 1 }, { maxRooms: 0 }],
    ["maxRooms", { maxRooms: Infinity }, { maxRooms: 1.5 }],
    ["maxMessageBytes", { maxMessageBytes: 1 }, { maxMessageBytes: 0 }],
    ["maxBufferedMessages", { maxBufferedMessages: 1 }, { maxBufferedMessages: 0 }],
    ["maxBufferedBytes", { maxBufferedBytes: 1 }, { maxBufferedBytes: Infinity }],
    ["writeTimeoutMs", { writeTimeoutMs: 2 ** 31 - 1 }, { writeTimeoutMs: 2 ** 31 }],
    ["pingIntervalMs", { pingIntervalMs: 0 }, { pingIntervalMs: -1 }],
    ["pongTimeoutMs", { pingIntervalMs: 9, pongTimeoutMs: 10 }, { pingIntervalMs: 10, pongTimeoutMs: 10 }],
    ["publish", { publish: "subscribers" }, { publish: "everyone" as "owner" }],
    ["ownerLeaves", { ownerLeaves: "close" }, { ownerLeaves: "go" as "keep" }],
    ["state", { state: "append" }, { state: true as unknown as "last" }],
    ["authorizeCreate", { authorizeCreate: () => true }, { authorizeCreate: true as never }],
    ["authorizeJoin", { authorizeJoin: () => true }, { authorizeJoin: {} as never }],
    ["origins", { origins: [] }, { origins: "all" as "any" }],
    ["there is no option origin", { origins: "any" }, { origin: "any" } as RtbroadcasterOptions],
  ])("%s takes %o, and refuses %o by its name", (name, good, bad) => {
    expect(() => rtbroadcaster(good)).not.toThrow();
    expect(() => rtbroadcaster(bad)).toThrow(
      expect.objectContaining({ code: "option-invalid", message: expect.stringContaining(`rtbroadcaster: ${name}`) }),
    );
  });

  test("undefined is the default, and the defaults are those that are documented", () => {
    expect(settingsOf({ maxRooms: undefined as never })).toEqual(settingsOf({}));
    const file = "src/dialects/rtbroadcaster/options.ts";
    const { defaults } = interfaceOf(file, "RtbroadcasterOptions");
    const { authorizeCreate: _, authorizeJoin: __, ...documented } = defaults;
    const plain = Object.entries(documented).map(([name, text]) => [name, text.split(" ")[0]!.replaceAll(/[_"]/g, "")]);
    const actual = Object.entries(rtbroadcasterDefaults).map(([name, value]) => [name, String(value)]);
    expect(Object.fromEntries(plain)).toEqual(Object.fromEntries(actual));
  });

  test("what bounds a slow guest is handed to its wire", () => {
    const given = { maxBufferedMessages: 3, maxBufferedBytes: 4_000, writeTimeoutMs: 5_000 };
    expect(settingsOf(given).webSocket).toMatchObject({ ...given, slow: {}, needsPongs: true, isUnpaced: true });
  });
});
