import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** Every page of the repository, by its path from the root. */
export function readPages(): ReadonlyMap<string, string> {
  const paths = globSync(["*.md", "{docs,examples,src,test}/**/*.md"], { cwd: root }).map((path) =>
    path.replaceAll("\\", "/"),
  );
  return new Map(paths.toSorted().map((path) => [path, readPage(path)]));
}

export function readPage(path: string): string {
  return readFileSync(root + path, "utf8");
}

/** The cells of the first table behind some text, without its heading. */
export function tableAfter(page: string, text: string): readonly (readonly string[])[] {
  const lines = page.slice(page.indexOf(text)).split("\n");
  const start = lines.findIndex((line) => line.startsWith("|"));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  return lines.slice(start + 2, end < 0 ? undefined : end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The section that some text is in, from its heading to the next one. */
export function sectionAround(page: string, text: string): { readonly anchor: string; readonly text: string } {
  const start = page.lastIndexOf("\n#", page.indexOf(text));
  const end = page.indexOf("\n#", start + 1);
  const whole = page.slice(start, end < 0 ? undefined : end);
  const anchor = [...anchorsOf(page.slice(0, start + whole.length))].at(-1) ?? "";
  return { anchor, text: whole };
}

/** What a cell says, without the marks around code. */
export function plain(cell = ""): string {
  return cell.replaceAll("`", "");
}

/** The anchors of a page: its headings as GitHub writes them into addresses. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = withoutFences(page).matchAll(/^#{1,6} +(.+?) *$/gm);
  return new Set(
    Array.from(anchors, ([, heading = ""]) => {
      const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
      const anchor = words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(/\s/g, "-");
      const count = seen.get(anchor) ?? 0;
      seen.set(anchor, count + 1);
      return count === 0 ? anchor : `${anchor}-${count}`;
    }),
  );
}

/** Where the links of a page lead that stay within the repository. */
export function linksOf(page: string): readonly string[] {
  const text = withoutFences(page).replaceAll(/`[^`\n]*`/g, "");
  return Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, link = ""]) => link).filter(
    (link) => !/^[a-z]+:/.test(link),
  );
}

function withoutFences(page: string): string {
  return page.replaceAll(/^(`{3,})[^\n]*\n[\s\S]*?^\1$/gm, "");
}
