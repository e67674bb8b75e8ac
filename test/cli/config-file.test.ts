import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { nodeWebSocket } from "../../src/client/node.ts";
import { loadConfig } from "../../src/cli/config-file.ts";
import { file, folder, run, start } from "./command.ts";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const runsTypeScript = major > 22 || (major === 22 && minor >= 18);

describe("the kinds of config files", () => {
  test.each([
    ["carillon.config.mjs", `export default { demo: false };`],
    ["carillon.config.js", `export default { demo: false };`],
    ["carillon.json", `{ "demo": false }`],
  ])("%s", async (name, text) => {
    const folderPath = folder({ [name]: text, "package.json": `{ "type": "module" }` });
    const { url } = await start(["--config", join(folderPath, name)]);
    expect((await fetch(url)).status).toBe(404);
  });

  test.runIf(runsTypeScript)("carillon.config.ts", async () => {
    const config = file("carillon.config.ts", `const demo: boolean = false;\nexport default { demo };`);
    const { url } = await start(["--config", config]);
    expect((await fetch(url)).status).toBe(404);
  });

  test("a relative path starts where the command was started", async () => {
    const path = file("carillon.config.mjs", `export default { port: "here" }`);
    const { stderr } = await run(["--config", basename(path)], {}, dirname(path));
    expect(stderr).toBe(`carillon: carillon.config.mjs: port must be a whole number from 0 to 65535, not "here"\n`);
  });

  test("tlsCert and tlsKey start at the file", async () => {
    const path = file("carillon.json", `{ "tlsCert": "tls/cert.pem", "tlsKey": "/etc/key.pem" }`);
    expect(await loadConfig(path)).toEqual({ tlsCert: join(dirname(path), "tls/cert.pem"), tlsKey: "/etc/key.pem" });
  });
});

describe("what a config file can do", () => {
  test("authenticate, channels and setup", async () => {
    const config = file(
      "carillon.config.mjs",
      `export default {
        authenticate: ({ token }) => (token === "t-123" ? { userId: "ada", info: { name: "Ada" } } : undefined),
        channels: { "private-diary": { authorize: ({ connection }) => connection.userId === "ada", presence: true } },
        async setup(server) {
          await null;
          server.on("add", ({ data, reply }) => reply(data.a + data.b));
        },
      };`,
    );
    const { url, log } = await start(["--config", config]);
    expect(log.filter(({ level }) => level === "warn")).toEqual([]);
    const transports = [nodeWebSocket()];
    const ada = createClient(`${url}carillon`, { transports, token: "t-123" });
    expect(await ada.request("add", { a: 2, b: 3 })).toBe(5);
    const diary = ada.channel("private-diary");
    await diary.subscribe();
    expect(diary.presence.members).toEqual([{ user: "ada", info: { name: "Ada" } }]);
    await expect(createClient(`${url}carillon`, { transports }).connect()).rejects.toMatchObject({
      code: "unauthorized",
    });
    await ada.close();
  });

  test("a logger of its own gets what would be logged", async () => {
    const config = file(
      "carillon.config.mjs",
      `const write = (level) => (facts, msg) => console.log(JSON.stringify({ level: "own " + level, msg, ...facts }));
      export default { logger: { info: write("info"), warn: write("warn"), error: write("error") } };`,
    );
    const { logged } = await start(["--config", config]);
    expect(await logged("listening")).toMatchObject({ level: "own info" });
  });
});

describe("a config file that does not work is named in one line, with exit code 2", () => {
  test.each([
    ["gone.mjs", undefined, "cannot read the config file gone.mjs: there is no such file"],
    [".", undefined, "cannot read the config file .: it is a folder"],
    ["a.json", "{", "the config file a.json does not work: "],
    ["a.json", "[]", "a.json must hold an object of options"],
    ["a.mjs", "export const port = 1;", "a.mjs must export default an object of options"],
    [
      "a.mjs",
      "export default {\n port = 1 }",
      "the config file a.mjs does not work: Invalid shorthand property initializer; to see where: node --check a.mjs",
    ],
    ["a.mjs", `throw new Error("no\\nway");`, "the config file a.mjs does not work: no\n"],
    ["a.mjs", `import "./gone.mjs";`, "the config file a.mjs does not work: Cannot find module"],
    ["a.mjs", "export default { prot: 1, hots: 2 }", "a.mjs: unknown option prot, hots; there are endpoints, "],
    ["a.mjs", "export default { setup: 1 }", "a.mjs: setup must be a function"],
    ["a.mjs", `export default { port: "80" }`, `a.mjs: port must be a whole number from 0 to 65535, not "80"`],
    ["a.mjs", "export default { demo: () => {} }", "a.mjs: demo must be true or false, not function"],
    ["a.mjs", "export default { limits: { cows: 1 } }", 'limits: "cows" is no limit; there are '],
    ["a.mjs", `export default { endpoints: {}, maxMessageBytes: 1 }`, "maxMessageBytes has no effect beside endpoints"],
    ["a.mjs", `export default { endpoints: {}, dialects: ["native"] }`, "dialects has no effect beside endpoints"],
    ["a.yaml", "port: 1", "the config file a.yaml does not work: Node "],
  ])("%s: %s", async (name, text, complaint) => {
    const path = folder(text === undefined ? {} : { [name]: text });
    const { code, stdout, stderr } = await run(["--config", name], {}, path);
    expect(stderr.startsWith(`carillon: ${complaint}`), stderr).toBe(true);
    expect(stderr.match(/\n/g)).toHaveLength(1);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  test("a setup that fails is told with its stack, with exit code 1", async () => {
    const config = file("carillon.config.mjs", `export default { setup() { throw new Error("no database"); } };`);
    const { code, stderr } = await run(["--config", config]);
    expect(stderr).toMatch(/^carillon: could not start: Error: no database\n +at .*setup \(.*carillon\.config\.mjs:1/);
    expect(code).toBe(1);
  });
});
