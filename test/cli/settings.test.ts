import { describe, expect, test } from "vitest";
import { dialectNames } from "../../src/cli/dialects.ts";
import { resolveSettings, settings, type SettingName } from "../../src/cli/settings.ts";

const nothing = { flags: {}, env: {}, config: {}, configName: "carillon.config.mjs" };

/** For every setting: as a flag, as a variable and in a config file, each with what comes of it. */
const ways: Readonly<
  Record<SettingName, readonly [flag: unknown, env: string, config: unknown, results: readonly unknown[]]>
> = {
  port: ["1", "2", 3, [1, 2, 3, 8080]],
  host: ["a", "b", "c", ["a", "b", "c", "127.0.0.1"]],
  tlsCert: ["a", "b", "c", ["a", "b", "c", undefined]],
  tlsKey: ["a", "b", "c", ["a", "b", "c", undefined]],
  dialects: ["go-ws, native,", "go-ws", ["native"], [["go-ws", "native"], ["go-ws"], ["native"], dialectNames]],
  origins: ["https://a, https://b,", "*", ["https://c"], [["https://a", "https://b"], ["*"], ["https://c"], undefined]],
  maxMessageBytes: ["1", "2", 3, [1, 2, 3, 65_536]],
  logLevel: ["debug", "warn", "error", ["debug", "warn", "error", "info"]],
  demo: [false, "false", false, [false, false, false, true]],
  metrics: [true, "true", true, [true, true, true, false]],
};

describe.each(Object.entries(ways))("%s", (key, [flag, text, inFile, [fromFlag, fromEnv, fromFile, fallback]]) => {
  const name = key as SettingName;
  const flags = { [name]: flag };
  const env = { [settings[name].env[0]!]: text };
  const config = { [name]: inFile };

  test("a flag wins over the environment, that wins over the config file, and that wins over the default", () => {
    expect(resolveSettings({ ...nothing, flags, env, config })[name]).toEqual(fromFlag);
    expect(resolveSettings({ ...nothing, env, config })[name]).toEqual(fromEnv);
    expect(resolveSettings({ ...nothing, config })[name]).toEqual(fromFile);
    expect(resolveSettings(nothing)[name]).toEqual(fallback);
  });

  test("an empty variable counts as none", () => {
    expect(resolveSettings({ ...nothing, env: { [settings[name].env[0]!]: "" } })[name]).toEqual(fallback);
  });

  test("what makes no sense in the config file is named", () => {
    expect(() => resolveSettings({ ...nothing, config: { [name]: {} } })).toThrow(
      `carillon.config.mjs: ${name} must be ${settings[name].means}, not {}`,
    );
  });
});

test("PORT is heard when CARILLON_PORT is silent", () => {
  expect(resolveSettings({ ...nothing, env: { PORT: "1" } }).port).toBe(1);
  expect(resolveSettings({ ...nothing, env: { PORT: "1", CARILLON_PORT: "2" } }).port).toBe(2);
});
