import { describe, expect, it } from "vitest";
import { originalNames } from "./original-names.ts";
import { readPage, readPages } from "./pages.ts";

/** What stands between the marks of code in a page's tables and text, outside of fences. */
function codeIn(page: string): readonly string[] {
  const text = page.replaceAll(/^(`{3,})[^\n]*\n[\s\S]*?^\1$/gm, "");
  return Array.from(text.matchAll(/`([^`\n]+)`/g), ([, code = ""]) => code);
}

/** Whether some code has the name as a whole word. */
function names(code: readonly string[], name: string): boolean {
  const word = new RegExp(`(?<![A-Za-z_])${name.replaceAll(/[.?*+]/g, "\\$&")}(?![A-Za-z_])`);
  return code.some((piece) => word.test(piece));
}

describe("docs/guides/coming-from-*.md", () => {
  it("are there for every system whose clients connect", () => {
    const pages = [...readPages().keys()].filter((path) => path.startsWith("docs/guides/coming-from-"));
    const expected = Object.keys(originalNames).map((system) => `docs/guides/coming-from-${system}.md`);
    expect(pages.toSorted()).toEqual(expected.toSorted());
  });

  it.each(Object.entries(originalNames))("coming-from-%s.md says what becomes of every public name", (system, all) => {
    const code = codeIn(readPage(`docs/guides/coming-from-${system}.md`));
    expect(all.filter((name) => !names(code, name))).toEqual([]);
    expect(new Set(all).size).toBe(all.length);
  });

  it("a name counts as a whole word only", () => {
    expect(names(["socket.Send(event)"], "Send")).toBe(true);
    expect(names(["SendMessage"], "Send")).toBe(false);
    expect(names(["WithSend"], "Send")).toBe(false);
  });
});
