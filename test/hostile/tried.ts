import { readFileSync, readdirSync } from "node:fs";

const root = new URL("../../", import.meta.url);

/** A file of this repository. */
export function read(path: string): string {
  return readFileSync(new URL(path, root), "utf8");
}

/** The rows that are tried here: their ids are quoted where they are listed. */
export function triedHere(): ReadonlySet<string> {
  const files = readdirSync(new URL("test/hostile/", root)).filter((file) => file.endsWith(".test.ts"));
  const lists = files.filter((file) => file !== "coverage.test.ts").map((file) => read(`test/hostile/${file}`));
  return new Set(lists.flatMap((list) => [...list.matchAll(/"([A-Z]{1,2}\d\d)"/g)].map(([, id]) => id!)));
}
