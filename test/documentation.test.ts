import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, posix } from "node:path";
import { parseAst } from "vite";
import { describe, expect, it } from "vitest";
import { settings } from "../src/cli/settings.ts";
import { nativeDefaults } from "../src/dialects/native/options.ts";
import { defaultLimits } from "../src/engine/limits.ts";
import { closeCodes, mayReconnect } from "../src/errors/close-codes.ts";
import { errorCodes, type ErrorCode } from "../src/errors/codes.ts";
import { errorFamily } from "../src/errors/families.ts";
import { interfaceOf, optionInterfaces } from "./documentation/interfaces.ts";
import {
  anchorsOf,
  linksOf,
  plain,
  readPage,
  readPages,
  root,
  sectionAround,
  tableAfter,
} from "./documentation/pages.ts";
import { snippetsOf } from "./documentation/snippets.ts";
import { sourceOf, typeCheck } from "./documentation/type-check.ts";
import { entries } from "./package/manifest.ts";

const pages = readPages();
const fromReadme = pagesFrom("README.md");
const yesOrNo = (value: boolean): string => (value ? "yes" : "no");

describe("docs/reference/errors.md", () => {
  const rows = tableAfter(readPage("docs/reference/errors.md"), "| code |");

  it("says what the table of error codes says", () => {
    const documented = rows.map(([code, message, temporary, family]) => [plain(code), message, temporary, family]);
    const actual = Object.entries(errorCodes).map(([code, row]) => [
      code,
      row.message,
      yesOrNo(row.temporary),
      errorFamily({ code: code as ErrorCode }),
    ]);
    expect(documented).toEqual(actual);
  });

  it("says what to do about each", () => {
    expect(rows.filter((row) => !row[4])).toEqual([]);
  });

  const sources = textsOf("src/**/*.ts", ["src/errors/codes.ts"]);
  const tests = textsOf("test/**/*.ts", ["test/documentation.test.ts"]);

  it.each(Object.keys(errorCodes))("names %s, which the source uses and a test knows", (code) => {
    const use = new RegExp(`["'\`]${code}["'\`]`);
    expect(
      sources.some((text) => use.test(text)),
      `no file under src/ uses "${code}"`,
    ).toBe(true);
    expect(
      tests.some((text) => use.test(text)),
      `no file under test/ mentions "${code}"`,
    ).toBe(true);
  });
});

describe("docs/reference/close-codes.md", () => {
  it("says what the table of close codes says", () => {
    const rows = tableAfter(readPage("docs/reference/close-codes.md"), "| name |");
    const actual = Object.entries(closeCodes).map(([name, row]) => [
      name,
      String(row.code),
      row.meaning,
      yesOrNo(row.reconnect),
    ]);
    expect(rows.map(([name, ...rest]) => [plain(name), ...rest])).toEqual(actual);
  });

  it.each(Object.values(closeCodes))("needs no table: $code follows the rule", ({ code, reconnect }) => {
    expect(mayReconnect(code)).toBe(reconnect);
  });
});

describe("docs/reference/options.md", () => {
  const page = readPage("docs/reference/options.md");
  const markers = Array.from(page.matchAll(/<!-- options: (\S+) (\S+) -->/g), ([marker, file = "", name = ""]) => ({
    marker,
    file,
    name,
  }));
  const interfaces = optionInterfaces();

  it("has a section for every interface of options", () => {
    const documented = markers.map(({ file, name }) => `${file} ${name}`);
    const actual = interfaces.map(({ file, name }) => `${file} ${name}`);
    expect(documented.toSorted()).toEqual(actual.toSorted());
  });

  const rowsOf = (marker: string): readonly (readonly [string, string])[] =>
    tableAfter(page, marker).map(([option, , value]) => [plain(option), plain(value)]);

  it.each(markers)("lists the options of $name in $file with their defaults", ({ marker, file, name }) => {
    const { defaults, bases } = interfaceOf(file, name);
    const section = sectionAround(page, marker);
    const documented = rowsOf(marker);
    // What it has in common with others stands in one table, to which the section leads.
    const shared = markers.filter(
      (one) =>
        bases.some((base) => base.file === one.file && base.name === one.name) &&
        linksOf(section.text).includes(`#${sectionAround(page, one.marker).anchor}`),
    );
    const all = [...shared.flatMap((one) => rowsOf(one.marker)), ...documented];
    expect(Object.fromEntries(all)).toEqual(mapValues(defaults, plain));
    expect(new Set(documented.map(([option]) => option)).size).toBe(documented.length);
  });

  it.each([
    ["src/dialects/native/options.ts", "NativeOptions", nativeDefaults],
    ["src/engine/limits.ts", "Limits", defaultLimits],
  ])("%s: the defaults of %s are true", (file, name, effective) => {
    const numbers = mapValues(
      interfaceOf(file, name).defaults,
      (text) => JSON.parse(text.split(" ")[0]!.replaceAll("_", "")) as unknown,
    );
    expect(numbers).toEqual(effective);
  });

  it("lists the options of the command with their environment variables and defaults", () => {
    const rows = tableAfter(page, "| flag |").map((row) => row.slice(0, 4).map(plain));
    const actual = Object.entries(settings).map(([name, { flag, env, fallback }]) => [
      flag,
      name,
      env.join(", "),
      fallback === undefined || (Array.isArray(fallback) && fallback.length === 0) ? "–" : String(fallback),
    ]);
    expect(rows).toEqual([...actual, ["--config <file>", "–", "CARILLON_CONFIG", "–"]]);
  });
});

describe("docs/decisions", () => {
  const decisions = globSync("docs/decisions/*", { cwd: root })
    .map((path) => basename(path))
    .toSorted();

  it("are numbered without gaps, and named in words", () => {
    expect(decisions.filter((name) => !/^\d{4}(-[a-z0-9]+)+\.md$/.test(name))).toEqual([]);
    const numbers = decisions.map((name) => Number(name.slice(0, 4)));
    expect(numbers).toEqual(decisions.map((_, index) => index + 1));
  });

  it.each(decisions)("%s says context, choice and consequences in at most 40 lines", (name) => {
    const text = readPage(`docs/decisions/${name}`);
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(40);
    expect(text).toMatch(new RegExp(`^# ${name.slice(0, 4)}\\. `));
    const headings = Array.from(text.matchAll(/^## (.+)$/gm), ([, heading]) => heading);
    expect(headings).toEqual(["Context", "Choice", "Consequences"]);
  });
});

describe("a page", () => {
  it.each([...pages.keys()])("%s has only links that lead somewhere", (path) => {
    const broken = linksOf(pages.get(path)!).filter((link) => {
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? path : posix.join(posix.dirname(path), file);
      if (!existsSync(root + target)) return true;
      return anchor !== undefined && !anchorsOf(readPage(target)).has(anchor);
    });
    expect(broken).toEqual([]);
  });

  it.each([...pages.keys()].filter((path) => /^[^/]+$|^docs\//.test(path)))("%s is found from the README", (path) => {
    expect(fromReadme).toContain(path);
  });

  const snippets = [...pages].flatMap(([path, page]) => snippetsOf(page).map((snippet) => ({ path, ...snippet })));
  const complete = snippets.filter(({ name, text }) => name !== undefined || /^import /m.test(text));

  it("shows TypeScript that compiles", async () => {
    const programs = complete
      .filter(({ language }) => language === "ts" || language === "tsx")
      .map(
        ({ path, line, language, text }) =>
          [`${path.replaceAll(/[/.]/g, "-")}-line-${line}.${language}`, text] as const,
      );
    expect(programs).not.toEqual([]);
    expect(await typeCheck(new Map(programs))).toBe("");
  }, 60_000);

  it("shows JavaScript that parses and imports what there is", async () => {
    for (const { path, line, text } of complete.filter(({ language }) => language === "js")) {
      for (const { specifier, names } of namedImports(text)) {
        const entry = entries.find((one) => one.specifier === specifier);
        const exported = entry && Object.keys((await import(root + sourceOf(entry.code))) as object);
        const missing = names.filter((name) => exported && !exported.includes(name));
        expect(missing, `${path}, line ${line}: ${specifier} has no such export`).toEqual([]);
      }
    }
  });
});

/** The pages that links lead to from a page, itself included. */
function pagesFrom(start: string): ReadonlySet<string> {
  const found = new Set([start]);
  for (const path of found) {
    for (const link of linksOf(pages.get(path) ?? "")) {
      const [file = ""] = link.split("#");
      if (file.endsWith(".md")) found.add(posix.join(posix.dirname(path), file));
    }
  }
  return found;
}

function textsOf(pattern: string, except: readonly string[]): readonly string[] {
  return globSync(pattern, { cwd: root })
    .filter((file) => !except.includes(file.replaceAll("\\", "/")))
    .map((file) => readFileSync(root + file, "utf8"));
}

function mapValues<From, To>(record: Readonly<Record<string, From>>, map: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

function namedImports(text: string): readonly { readonly specifier: string; readonly names: readonly string[] }[] {
  return parseAst(text).body.flatMap((node) => {
    if (node.type !== "ImportDeclaration") return [];
    const names = node.specifiers.flatMap((one) =>
      one.type === "ImportSpecifier" && one.imported.type === "Identifier" ? [one.imported.name] : [],
    );
    return [{ specifier: node.source.value, names }];
  });
}
