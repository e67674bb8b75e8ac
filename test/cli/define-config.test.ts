import { expect, test } from "vitest";
import { defineConfig, type Config } from "../../src/cli/config.ts";

interface Events {
  add: (numbers: { a: number; b: number }) => number;
  chat: { text: string };
}

test("defineConfig gives back what it is given, and knows its types", () => {
  const given: Config<Events, { name: string }> = {
    port: 9_000,
    dialects: ["native", "go-ws"],
    channels: { "room-*": { presence: true } },
    setup(server) {
      server.on("add", ({ data, reply }) => reply(data.a + data.b));
      server.on("connect", ({ connection }) => connection.data.get("name") satisfies string | undefined);
      // @ts-expect-error -- no such payload
      server.on("chat", ({ data }) => data.texts);
    },
  };
  expect(defineConfig<Events, { name: string }>(given)).toBe(given);
});

test("what is no option, or not of its kind, does not compile", () => {
  // @ts-expect-error -- a slip of the pen
  expect(defineConfig({ prot: 80 })).toEqual({ prot: 80 });
  // @ts-expect-error -- no such language
  expect(defineConfig({ dialects: ["socket-io"] })).toEqual({ dialects: ["socket-io"] });
  // @ts-expect-error -- an option of the server
  expect(defineConfig({ limits: { channel: 1 } })).toEqual({ limits: { channel: 1 } });
});
