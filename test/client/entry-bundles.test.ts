import { gzipSync } from "node:zlib";
import { parse } from "acorn";
import { describe, expect, it } from "vitest";
import { bundle } from "./bundling.ts";

const from = (path: string): URL => new URL(`../../src/${path}`, import.meta.url);

/** What a page may pay for each, minified and gzipped. Those of React and Vue come on top of the client. */
const entries = [
  { name: "carillon/client/socket-go", file: "client/socket-go/index.ts", budget: 5_120, external: [] },
  { name: "carillon/client/rtbroadcaster", file: "client/rtbroadcaster/index.ts", budget: 1_024, external: [] },
  { name: "carillon/client/go-ws", file: "client/go-ws/index.ts", budget: 3_840, external: [] },
  { name: "carillon/react", file: "react/index.ts", budget: 1_664, external: ["react"] },
  { name: "carillon/vue", file: "vue/index.ts", budget: 1_664, external: ["vue"] },
];

describe.each(entries)("the bundle of $name", ({ name, file, budget, external }) => {
  it("stays within its budget", async () => {
    const bytes = gzipSync(await bundle(from(file), external), { level: 9 }).length;
    expect(bytes, `${name} is ${bytes} bytes gzipped; the budget is ${budget}. Make it smaller.`).toBeLessThanOrEqual(
      budget,
    );
  });

  it("imports nothing else, and is written in the syntax of ES2022 without static blocks", async () => {
    const code = await bundle(from(file), external);
    const { body } = parse(code, { ecmaVersion: 2022, sourceType: "module" });
    const imported = body.flatMap((node) => (node.type === "ImportDeclaration" ? [node.source.value] : []));
    expect(imported.filter((specifier) => !external.includes(String(specifier)))).toEqual([]);
    expect(/\bstatic\s*\{/.test(code)).toBe(false);
  });
});
