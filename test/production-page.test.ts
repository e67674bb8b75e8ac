import { describe, expect, test } from "vitest";
import { settings } from "../src/cli/settings.ts";
import { closeCodes } from "../src/errors/close-codes.ts";
import { errorCodes } from "../src/errors/codes.ts";
import { createServer } from "../src/index.ts";
import { metricTable } from "../src/metrics/table.ts";
import { optionInterfaces } from "./documentation/interfaces.ts";
import { plain, readPage, tableAfter } from "./documentation/pages.ts";
import { snippetsOf } from "./documentation/snippets.ts";

const page = readPage("docs/guides/production.md");
const words = Array.from(page.replaceAll(/^```[\s\S]*?^```$/gm, "").matchAll(/`([^`\n]+)`/g), ([, word = ""]) => word);
const options = new Set(optionInterfaces().flatMap(({ defaults }) => Object.keys(defaults)));

/** Names that are written like options and are none. */
const others = new Set(["healthz", "readyz", "accepting", "eventLoop", "brokerContract", "createServer"]);

describe("docs/guides/production.md", () => {
  test.each([
    ["monitoring and alerting", "## Monitoring", "## Alerts"],
    ["timeouts", "## Timeouts"],
    ["rate limits", "## Limits"],
    ["error tracking", "## Errors"],
    ["logging", "## Logs"],
    ["health checks", "## Health"],
    ["scaling", "## Scaling"],
    ["reconnection", "## Reconnection"],
    ["backup and recovery", "## Backup and recovery"],
    ["TLS", "## TLS"],
  ])("has something to say about %s", (_, ...headings) => {
    for (const heading of headings) expect(page).toMatch(new RegExp(`^${heading}\n\n(?!#)`, "m"));
  });

  test("says how http becomes https", () => {
    expect(page).toContain("Strict-Transport-Security");
  });

  test("names only metrics that there are", () => {
    const named = new Set(Array.from(page.matchAll(/\bcarillon_\w+/g), ([name]) => name));
    expect(named.size).toBeGreaterThan(10);
    expect([...named].filter((name) => !Object.hasOwn(metricTable, name))).toEqual([]);
  });

  test("names only options that there are", () => {
    const named = words.filter((word) => /^[a-z]+([A-Z][a-z]+)+$/.test(word) && !others.has(word));
    expect(named).toContain("maxEventLoopDelayMs");
    expect(named.filter((name) => !options.has(name))).toEqual([]);
  });

  test.each(["| set |", "| option | what for |", "| option | what ends |"])(
    "lists only options under %s",
    (heading) => {
      expect(page).toContain(heading);
      const named = tableAfter(page, heading)
        .flatMap(([cell]) => plain(cell).split(", "))
        .filter((name) => !name.startsWith("server."));
      expect(named).not.toEqual([]);
      expect(named.filter((name) => !options.has(name))).toEqual([]);
    },
  );

  test("names only flags and variables of the command", () => {
    const flags = new Set(Array.from(page.matchAll(/(?<![\w-])--[a-z][a-z-]*/g), ([flag]) => flag));
    const variables = new Set(Array.from(page.matchAll(/\bCARILLON_[A-Z_]+/g), ([name]) => name));
    const all = Object.values(settings);
    const known = new Set([...all.map(({ flag }) => flag.split(" ")[0]), ...all.flatMap(({ env }) => env)]);
    expect(flags.size).toBeGreaterThan(3);
    expect([...flags, ...variables].filter((name) => !known.has(name))).toEqual([]);
    expect(words.filter((word) => /^carillon \w/.test(word) && !word.startsWith("carillon serve"))).toEqual([]);
  });

  test("calls only what a server has", async () => {
    const server = createServer();
    const called = Array.from(page.matchAll(/\bserver\.(\w+)/g), ([, name = ""]) => name);
    expect(called).toContain("health");
    expect(called.filter((name) => !(name in server))).toEqual([]);
    const checks = tableAfter(page, "| check |").map(([name]) => plain(name));
    expect(checks).toEqual(Object.keys(server.health().checks));
    await server.close();
  });

  test("names only codes that there are", () => {
    const numbers = Array.from(page.matchAll(/\b(4[45]\d\d)\b/g), ([, code]) => Number(code));
    expect(numbers).toContain(4510);
    const known = Object.values(closeCodes).map(({ code }) => code as number);
    expect(numbers.filter((code) => !known.includes(code))).toEqual([]);
    const errors = tableAfter(page, "| `code` |").flatMap(([cell]) => plain(cell).split(", "));
    expect(errors.filter((code) => !Object.hasOwn(errorCodes, code))).toEqual([]);
  });
});

describe("its alert rules", () => {
  const text = snippetsOf(page).find(({ language }) => language === "yaml")!.text;
  const rules = text.split(/^ {6}- /m).slice(1);

  test("are eight", () => {
    expect(rules).toHaveLength(8);
  });

  test.each(rules.map((rule) => [/^alert: (\w+)$/m.exec(rule)?.[1] ?? "a rule without a name", rule]))(
    "%s has a condition on what is measured, a time, a severity and a summary",
    (name, rule) => {
      expect(rule).toMatch(
        /^alert: Carillon\w+\n {8}expr: .+\n {8}for: \d+m\n {8}labels: \{ severity: (page|ticket) \}\n {8}annotations: \{ summary: "[^"]+" \}\s*$/,
      );
      const condition = /expr: (.+)/.exec(rule)![1]!;
      expect(condition).toMatch(/ (==|>|<) /);
      for (const [metric] of condition.matchAll(/carillon_\w+/g)) {
        const isRate = new RegExp(`(rate|increase)\\(${metric}\\[\\d+m\\]\\)`).test(condition);
        expect([name, metric, isRate]).toEqual([name, metric, metricTable[metric]!.type === "counter"]);
      }
    },
  );
});
