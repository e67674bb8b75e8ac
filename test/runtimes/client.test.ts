import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Server } from "../../src/server/server.ts";
import { run } from "../processes.ts";

/** Each runtime comes from the registry, and runs a program with the rights that a client needs and no others. */
const runtimes: Readonly<Record<string, readonly string[]>> = {
  "Node 22": ["--package=node@22.23.3", "--", "node"],
  "Node 26": ["--package=node@26.10.0", "--", "node"],
  Bun: ["--package=bun@1.4.5", "--", "bun", "run"],
  Deno: ["--package=deno@2.9.6", "--", "deno", "run", "--no-lock", "--allow-net=localhost", "--allow-read=."],
};

const root = fileURLToPath(new URL("../../", import.meta.url));
const program = "test/runtimes/programs/conversation.mjs";
let server: Server;
let url = "";

beforeAll(async () => {
  const { createServer } = (await import(`${root}dist/index.js`)) as typeof import("../../src/index.ts");
  server = createServer();
  server.on("connect", ({ connection }) => connection.send("hello", { n: 1 }));
  server.on("add", ({ data, reply }) => {
    const { a, b } = data as { a: number; b: number };
    reply(a + b);
  });
  server.on("ask me", async ({ connection, reply }) => reply(await connection.request("where")));
  const { port } = await server.listen({ host: "localhost" });
  url = `ws://localhost:${port}/carillon`;
});

afterAll(() => server.close({ timeoutMs: 500 }));

describe.each(Object.entries(runtimes))("the client on %s", (_, runtime) => {
  it.each(["json", "msgpack"])("connects, subscribes, publishes, asks and answers in %s", async (format) => {
    const printed = await run("npm", ["exec", "--yes", ...runtime, program, url, format], { cwd: root });
    const heard: unknown = JSON.parse(printed.trim().split("\n").at(-1)!);
    expect(heard).toEqual([
      ["greeted", { n: 1 }],
      ["received", { text: "héllo" }],
      ["members", 1],
      ["asked", 5],
      ["was asked", { page: "/start" }],
      ["refused", "no-handler"],
    ]);
  });
});
