import { existsSync, globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { run } from "../processes.ts";
import { entries, manifest, root } from "./manifest.ts";
import { outsideImports } from "./module-graph.ts";

const installed = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];

describe("the package", () => {
  it("is built", () => {
    expect(existsSync(`${root}dist`), "there is no dist/; npm run build makes it").toBe(true);
  });

  it("has a file behind everything it exports", () => {
    const promised = [...entries.flatMap(({ types, code }) => [types, code]), ...Object.values(manifest.bin)];
    const missing = promised.filter((file) => !existsSync(`${root}${file}`));
    expect(missing, "package.json names files that the build does not make").toEqual([]);
  });

  it("exports every entry that there is", () => {
    const indexes = globSync("dist/**/index.js", { cwd: root }).filter((file) => !file.startsWith("dist/demo/"));
    const exported = entries.map(({ code }) => code);
    const unlisted = indexes.filter((file) => !exported.includes(file));
    expect(unlisted, `an index.ts is an entry; list it under "exports" in package.json`).toEqual([]);
  });

  it("runs its command with Node", () => {
    for (const file of Object.values(manifest.bin)) {
      expect(readFileSync(`${root}${file}`, "utf8").split("\n")[0]).toBe("#!/usr/bin/env node");
    }
  });

  it("holds what was built from the source, five pages, and nothing else", async () => {
    const packed = JSON.parse(await run("npm", ["pack", "--dry-run", "--json"], { cwd: root })) as [
      { files: { path: string }[] },
    ];
    const files = packed[0].files.map(({ path }) => path);
    const pages = ["package.json", "README.md", "LICENSE", "CHANGELOG.md", "PROTOCOL.md"];
    const isPage = (path: string): boolean => pages.includes(path) || /^docs\/reference\/[a-z-]+\.md$/.test(path);
    const isBuilt = (path: string): boolean =>
      path.startsWith("dist/demo/") ||
      path === "dist/carillon.js" ||
      (/^dist\/.+(\.d\.ts|\.js)$/.test(path) &&
        existsSync(root + path.replace("dist/", "src/").replace(/(\.d\.ts|\.js)$/, ".ts")));
    expect(files.filter((path) => !isPage(path) && !isBuilt(path))).toEqual([]);
    expect(pages.filter((page) => !files.includes(page))).toEqual([]);
  });

  it.each(entries)("$specifier imports nothing that is not installed with it", ({ code, types }) => {
    const unknown = [...outsideImports(code), ...outsideImports(types)].filter(
      ([specifier]) => !specifier.startsWith("node:") && !installed.includes(specifier),
    );
    expect(unknown).toEqual([]);
  });
});

describe("the client", () => {
  it.each([
    ["carillon/client", []],
    ["carillon/client/msgpack", ["@msgpack/msgpack"]],
    ["carillon/client/socket-go", []],
    ["carillon/client/rtbroadcaster", []],
    ["carillon/client/go-ws", []],
    ["carillon/react", ["react"]],
    ["carillon/vue", ["vue"]],
  ])("%s runs in a browser: it imports only %j", (specifier, allowed) => {
    const { code, types } = entries.find((entry) => entry.specifier === specifier)!;
    for (const file of [code, types]) {
      const foreign = [...outsideImports(file)].filter(([name]) => !allowed.includes(name));
      expect(foreign, "only node.js files of dist/client may import from Node").toEqual([]);
    }
  });
});
