/** One fenced block of a page. */
export interface Snippet {
  /** From the comment `<!-- snippet: name -->` on the line before it. */
  readonly name: string | undefined;
  readonly language: string;
  readonly text: string;
  /** Where its first line is, counted from 1. */
  readonly line: number;
}

export function snippetsOf(page: string): readonly Snippet[] {
  const lines = page.split("\n");
  const snippets: Snippet[] = [];
  for (let start = 0; start < lines.length; start += 1) {
    const [, fence, language = ""] = /^(`{3,})(\S*)/.exec(lines[start]!) ?? [];
    if (fence === undefined) continue;
    const end = lines.findIndex((line, index) => index > start && line === fence);
    if (end < 0) throw new Error(`the fence in line ${start + 1} is never closed`);
    const name = /^<!-- snippet: (\S+) -->$/.exec(lines[start - 1] ?? "")?.[1];
    snippets.push({ name, language, text: lines.slice(start + 1, end).join("\n"), line: start + 2 });
    start = end;
  }
  return snippets;
}
