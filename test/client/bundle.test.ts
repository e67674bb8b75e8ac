import { gzipSync } from "node:zlib";
import { parse } from "acorn";
import { describe, expect, it } from "vitest";
import { bundle } from "./bundling.ts";

/** What a page may pay, minified and gzipped. */
const budgets = { everything: 9_280, core: 8_000 };

/** Not in Chrome 100, Firefox 100 or Safari 15.4, the oldest browsers that are promised. */
const tooNew: Readonly<Record<string, RegExp>> = {
  "Promise.withResolvers": /\.withResolvers\b/,
  "Promise.try": /\bPromise\.try\b/,
  "AbortSignal.any": /\bAbortSignal\.any\b/,
  "AbortSignal.timeout": /\bAbortSignal\.timeout\b/,
  "Array.prototype.toSorted and its like": /\.(toSorted|toReversed|toSpliced)\(/,
  "Array.prototype.findLast": /\.findLast(Index)?\(/,
  "Array.fromAsync": /\bfromAsync\b/,
  "Object.groupBy, Map.groupBy": /\.groupBy\(/,
  "Set methods": /\.(isSubsetOf|isSupersetOf|isDisjointFrom|symmetricDifference|union|intersection|difference)\(/,
  "iterator helpers": /\.(values|keys|entries)\(\)\.(map|filter|some|every|forEach|toArray|take|drop)\(/,
  "URL.canParse, URL.parse": /\bURL\.(canParse|parse)\b/,
  "Uint8Array base64": /\.(toBase64|fromBase64|setFromBase64)\(/,
  "String.prototype.isWellFormed": /\.(isWellFormed|toWellFormed)\(/,
  "ArrayBuffer.prototype.transfer": /\.transfer\(/,
  WebSocketStream: /\bWebSocketStream\b/,
  "regular expressions with lookbehind or the flag v": /\(\?<[=!]|\/v[.,;)]/,
};

const everything = await bundle(new URL("../../src/client/index.ts", import.meta.url));
const core = await bundle(new URL("./bundles/core.ts", import.meta.url));

describe("the bundle of the client", () => {
  it.each([
    ["everything", everything],
    ["core", core],
  ] as const)("stays within its budget (%s)", (name, code) => {
    const bytes = gzipSync(code, { level: 9 }).length;
    expect(
      bytes,
      `${name} of the client is ${bytes} bytes gzipped; the budget is ${budgets[name]}. Make it smaller or move it to an entry of its own.`,
    ).toBeLessThanOrEqual(budgets[name]);
  });

  it("imports nothing, least of all from Node", () => {
    const found = /\brequire\s*\(|["']node:[a-z/]+["']|\bimport\s*[("'{*\w]/.exec(everything)?.[0];
    expect(found, `the client's bundle imports something: ${found}. Only src/client/node.ts may.`).toBeUndefined();
  });

  it("is written in the syntax of ES2022", () => {
    expect(() => parse(everything, { ecmaVersion: 2022, sourceType: "module" })).not.toThrow();
  });

  it("has no static block, which Safari learnt in 16.4", () => {
    expect(/\bstatic\s*\{/.test(everything), "a class has a static block; use a module constant").toBe(false);
  });

  it.each(Object.entries(tooNew))("does not use %s, which is younger than the oldest browser", (name, use) => {
    const at = everything.search(use);
    expect(at, `${name} in: …${everything.slice(Math.max(0, at - 60), at + 60)}…`).toBe(-1);
  });
});
