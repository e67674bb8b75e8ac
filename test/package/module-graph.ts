import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseAst } from "vite";
import { root } from "./manifest.ts";

/** What is not relative, anywhere in the graph of a built file, with the file that imports it. */
export function outsideImports(entry: string): ReadonlyMap<string, string> {
  const outside = new Map<string, string>();
  const seen = new Set<string>();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const specifier of importsOf(readFileSync(join(root, file), "utf8"))) {
      if (specifier.startsWith(".")) waiting.push(target(file, specifier));
      else if (!outside.has(specifier)) outside.set(specifier, file);
    }
  }
  return outside;
}

function target(from: string, specifier: string): string {
  const path = join(dirname(from), specifier);
  if (!from.endsWith(".d.ts")) return path;
  const declaration = path.replace(/\.(js|ts)$/, ".d.ts");
  return existsSync(join(root, declaration)) ? declaration : path;
}

function importsOf(text: string): readonly string[] {
  const found: string[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (typeof value !== "object" || value === null) return;
    const { source } = value as { readonly source?: { readonly value?: unknown } | null };
    if (typeof source?.value === "string") found.push(source.value);
    Object.values(value).forEach(visit);
  };
  visit(parseAst(text, { lang: "ts" }));
  return found;
}
