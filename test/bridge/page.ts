import { readPage } from "../documentation/pages.ts";

export const pagePath = "docs/guides/bridge.md";

/** The room that stands for all rooms on the page. */
const exampleRoom = "f63ca67e-69bb-4a16-a71f-86a87acbe0b5";

/** What one client was told, each frame on a line. */
export interface Heard {
  readonly name: string;
  readonly frames: readonly string[];
}

/** What was said and what became of it, as the page shows it; whoever is told the same bytes stands on one line. */
export function blockOf(room: string, said: Heard, heard: readonly Heard[]): string {
  const shown = ({ frames }: Heard): string =>
    frames.length === 0 ? "  (nothing)" : frames.map((frame) => `  ${withoutChance(frame, room)}`).join("\n");
  const groups = new Map<string, string[]>();
  for (const one of heard) {
    const frames = shown(one);
    const names = groups.get(frames) ?? [];
    groups.set(frames, [...names, one.name]);
  }
  const lines = Array.from(groups, ([frames, names]) => `${names.join(" / ")}:\n${frames}`);
  return [`${said.name} says:\n${shown(said)}`, ...lines].join("\n");
}

/** The page with these blocks in the place of those that are marked with their names. */
export function pageWith(blocks: ReadonlyMap<string, string>): string {
  const marks = new Set<string>();
  const page = readPage(pagePath).replaceAll(
    /(<!-- bytes: (.+?) -->\n```text)\n[^`]*(```)/g,
    (whole, before: string, name: string, after: string) => {
      marks.add(name);
      return blocks.has(name) ? `${before}\n${blocks.get(name)}\n${after}` : whole;
    },
  );
  const missing = [...blocks.keys()].filter((name) => !marks.has(name));
  const unknown = [...marks].filter((name) => !blocks.has(name));
  if (missing.length + unknown.length === 0) return page;
  throw new Error(
    `${pagePath} lacks ${missing.join(", ") || "nothing"} and has unknown ${unknown.join(", ") || "none"}`,
  );
}

/** Ids and times are others each time; a line feed at the end is shown. */
function withoutChance(frame: string, room: string): string {
  return frame
    .replaceAll(room, "ROOM")
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(-\d{19})?|\b[0-9a-f]{16}-[0-9a-f]{4}\b/g, "…")
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "…")
    .replaceAll(/("time":)\d+/g, "$1…")
    .replaceAll("ROOM", exampleRoom)
    .replaceAll("\n", "⏎");
}
