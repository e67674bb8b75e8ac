import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../bench/free-port.ts";
import { run, start } from "../processes.ts";
import { snippetsOf, type Snippet } from "../documentation/snippets.ts";
import { installPackage, type Consumer } from "./consumer.ts";
import { entries, manifest, root } from "./manifest.ts";

let consumer: Consumer;

beforeAll(async () => {
  consumer = await installPackage();
});

afterAll(() => consumer?.remove());

/** A conversation, in whichever way the two functions were imported. */
const conversation = `
(async () => {
  const server = createServer({ logger: console });
  server.on("add", ({ data, reply }) => reply(data.a + data.b));
  const { port } = await server.listen({ host: "127.0.0.1" });
  const client = createClient("ws://127.0.0.1:" + port + "/carillon");
  console.log("the sum is " + (await client.request("add", { a: 2, b: 3 })));
  await client.close();
  await server.close();
})();
`;

describe("installed, the package", () => {
  it.each([
    [
      "import",
      "program.mjs",
      `import { createServer } from "carillon"; import { createClient } from "carillon/client";`,
    ],
    [
      "require",
      "program.cjs",
      `const { createServer } = require("carillon"); const { createClient } = require("carillon/client");`,
    ],
  ])("works by %s", async (_, file, head) => {
    await consumer.write(file, head + conversation);
    expect(await run(process.execPath, [file], { cwd: consumer.folder })).toBe("the sum is 5\n");
  });

  it.each(["import", "require"])("offers the same by %s, entry by entry", async (way) => {
    const load = way === "import" ? "await import(entry)" : `createRequire(import.meta.url)(entry)`;
    const text = `import { createRequire } from "node:module"; createRequire;
      for (const entry of process.argv.slice(2)) console.log(Object.keys(${load}).sort().join());`;
    await consumer.write(`names-${way}.mjs`, text);
    const specifiers = entries.map(({ specifier }) => specifier);
    const offered = await run(process.execPath, [`names-${way}.mjs`, ...specifiers], { cwd: consumer.folder });
    const names = await Promise.all(
      entries.map(async ({ code }) => Object.keys((await import(`${root}${code}`)) as object)),
    );
    expect(offered.trim().split("\n")).toEqual(names.map((list) => list.toSorted().join()));
  });

  it.each([
    ["node16", "node16", "program.mts"],
    ["nodenext", "nodenext", "program.mts"],
    ["nodenext, by require", "nodenext", "program.cts"],
    ["bundler", "bundler", "program.ts"],
  ])("has types for moduleResolution %s", async (_, moduleResolution, file) => {
    const imports = entries.map(({ specifier }, index) => `import * as entry${index} from "${specifier}";`);
    const uses = entries.map((_entry, index) => `export type Entry${index} = keyof typeof entry${index};`);
    const events = "interface Events { add: (numbers: { a: number; b: number }) => number }";
    const use = `
      import { createClient } from "carillon/client";
      export const sum: Promise<number> = createClient<Events>("ws://localhost").request("add", { a: 1, b: 2 });
      // @ts-expect-error a payload of another type
      void createClient<Events>("ws://localhost").request("add", { a: "1" });`;
    await consumer.write(file, [...imports, ...uses, events, use].join("\n"));
    const module = moduleResolution === "bundler" ? "esnext" : moduleResolution;
    await consumer.write(
      "tsconfig.json",
      JSON.stringify({
        files: [file],
        compilerOptions: {
          module,
          moduleResolution,
          target: "es2023",
          lib: ["es2024", "dom", "dom.iterable"],
          strict: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
          noEmit: true,
          typeRoots: [`${root}node_modules/@types`],
          types: ["node"],
        },
      }),
    );
    await run(`${root}node_modules/.bin/tsc`, ["-p", "."], { cwd: consumer.folder });
  });

  it("tells its version", async () => {
    const command = `${consumer.folder}/node_modules/.bin/carillon`;
    expect(await run(command, ["--version"], { cwd: consumer.folder })).toContain(manifest.version);
  });
});

describe("what the README shows, in an empty folder,", () => {
  const snippets = snippetsOf(readFileSync(`${root}README.md`, "utf8"));
  const snippet = (name: string): Snippet => {
    const found = snippets.find((one) => one.name === name);
    if (!found) throw new Error(`README.md has no block behind a line "<!-- snippet: ${name} -->"`);
    return found;
  };
  const onPort = (name: string, port: number): string => snippet(name).text.replaceAll("8080", String(port));

  it("runs: a client talks to the server", async () => {
    const port = await freePort();
    await consumer.write("server.mjs", onPort("server.mjs", port));
    await consumer.write("client.mjs", onPort("client.mjs", port));
    const server = start(process.execPath, ["server.mjs"], { cwd: consumer.folder });
    try {
      await server.prints(String(port));
      const printed = await run(process.execPath, ["client.mjs"], { cwd: consumer.folder });
      const calls = snippet("client.mjs").text.split("console.log(").length - 1;
      expect(printed.trim().split("\n"), `each console.log of client.mjs prints:\n${printed}`).toHaveLength(calls);
    } finally {
      await server.stop();
    }
  });

  it("runs: the standalone server with the config file of its guide", async () => {
    const port = await freePort();
    const guide = snippetsOf(readFileSync(`${root}docs/guides/standalone.md`, "utf8"));
    const config = guide.find(({ name }) => name === "carillon.config.mjs")!;
    await consumer.write("carillon.config.mjs", config.text.replace("8080", String(port)));
    const command = "npx carillon serve --config carillon.config.mjs";
    const env = { TOKEN_SECRET: "s".repeat(32) };
    const server = start("sh", ["-ec", command], { cwd: consumer.folder, env });
    try {
      await server.prints("Stop with");
      expect(server.output).not.toContain('"warn"');
      const statuses = await Promise.all(
        ["/readyz", "/metrics", "/carillon.js", "/", "/carillon", "/socket"].map(
          async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).status,
        ),
      );
      expect(statuses).toEqual([200, 200, 200, 404, 426, 404]);
    } finally {
      await server.stop();
    }
  });

  it("runs: the standalone server shows its page", async () => {
    const port = await freePort();
    const server = start("sh", ["-ec", onPort("standalone", port)], { cwd: consumer.folder });
    try {
      await server.prints(String(port));
      const page = await fetch(`http://localhost:${port}/`);
      expect(page.status).toBe(200);
      expect(page.headers.get("content-type")).toContain("text/html");
    } finally {
      await server.stop();
    }
  });
});
