import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { cycles, forbiddenImports, impurities, misshapen, readArchitecture, strayRows } from "./architecture/rules.ts";
import { parseFile, readTree } from "./architecture/tree.ts";

const architecture = readArchitecture(readFileSync(new URL("../ARCHITECTURE.md", import.meta.url), "utf8"));
const tree = readTree();

describe("the source", () => {
  it("imports along the arrows of ARCHITECTURE.md only", () => {
    expect(forbiddenImports(tree, architecture)).toEqual([]);
  });

  it("has no import circle, not even of types", () => {
    expect(cycles(tree)).toEqual([]);
  });

  it("takes time and chance from outside in its pure layers", () => {
    expect(impurities(tree, architecture)).toEqual([]);
  });

  it("has small files, named exports, and no drawers", () => {
    expect(misshapen(tree)).toEqual([]);
  });

  it("is what ARCHITECTURE.md lists, no more and no less", () => {
    expect(strayRows(tree, architecture)).toEqual([]);
  });
});

describe("these checks", () => {
  const importsOf = (path: string, text: string): readonly string[] =>
    forbiddenImports([...tree, parseFile(path, text)], architecture).filter((line) => line.startsWith(`src/${path} `));

  it.each([
    ["against an arrow", "engine/planted.ts", `import type { Dialect } from "../dialects/dialect.ts";`],
    ["of a sibling dialect's parts", "dialects/planted.ts", `import { native } from "./native/dialect.ts";`],
    ["in a type", "protocol/planted.ts", `export type Planted = import("../engine/engine.ts").Engine;`],
    ["made later", "errors/planted.ts", `export const planted = () => import("../engine/engine.ts");`],
    ["that passes something on", "errors/planted.ts", `export { Engine } from "../engine/engine.ts";`],
    ["of Node", "engine/planted.ts", `import { randomUUID } from "node:crypto";`],
    ["of a package", "engine/planted.ts", `import WebSocket from "ws";`],
    ["of no file", "engine/planted.ts", `import { Engine } from "./engine";`],
  ])("see an import %s", (_, path, text) => {
    expect(importsOf(path, text)).toHaveLength(1);
  });

  it("see a circle of types", () => {
    const files = [
      parseFile("a.ts", `import type { B } from "./b.ts";`),
      parseFile("b.ts", `import type { C } from "./c.ts";`),
      parseFile("c.ts", `import type { B } from "./b.ts";`),
    ];
    expect(cycles(files)).toEqual(["b.ts → c.ts → b.ts"]);
  });

  it.each([
    "new Date()",
    "Date.now()",
    "Math.random()",
    "setTimeout(run, 1)",
    "globalThis.performance.now()",
    "process.exit()",
  ])("see %s", (use) => {
    const planted = parseFile("engine/planted.ts", `export const planted = (run) => ${use};`);
    expect(impurities([planted], architecture)).toHaveLength(1);
  });

  it("take no type or property for a use", () => {
    const text = "export interface P { crypto: Date } export const p = (q: { process: Date }): Date => q.process;";
    expect(impurities([parseFile("engine/planted.ts", text)], architecture)).toEqual([]);
  });

  it.each([
    ["a default export", "engine/planted.ts", "export default 1;"],
    ["a default export by another name", "engine/planted.ts", "const a = 1; export { a as default };"],
    ["an export of everything", "engine/planted.ts", `export * from "./engine.ts";`],
    ["a drawer", "engine/utils.ts", "export const a = 1;"],
    ["a drawer full of files", "helpers/planted.ts", "export const a = 1;"],
    ["a long file", "engine/planted.ts", "export {};\n".repeat(301)],
  ])("see %s", (_, path, text) => {
    expect(misshapen([parseFile(path, text)])).toHaveLength(1);
  });

  it("see a layer without a row, and a row without a layer", () => {
    const withStray = [...tree, parseFile("planted/planted.ts", "")];
    expect(strayRows(withStray, architecture).filter((line) => line.includes("planted"))).toHaveLength(1);
    const without = tree.filter(({ path }) => !path.startsWith("brokers/"));
    expect(strayRows(without, architecture).filter((line) => line.includes("`brokers`"))).toHaveLength(1);
  });
});
