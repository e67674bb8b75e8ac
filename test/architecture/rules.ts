import { resolveImport, type SourceFile } from "./tree.ts";

/** The tables of ARCHITECTURE.md. */
export interface Architecture {
  /** What each folder or file may import. */
  readonly arrows: ReadonlyMap<string, readonly string[]>;
  readonly outside: ReadonlyMap<string, { readonly modules: readonly string[]; readonly packages: readonly string[] }>;
  readonly pure: readonly string[];
  readonly notPure: readonly string[];
  readonly bannedNames: readonly string[];
  /** The files that a message passes on its way. */
  readonly stations: readonly string[];
}

const maxLines = 300;
const drawers = ["utils", "util", "helpers", "helper", "common", "types", "misc", "shared"];

export function readArchitecture(page: string): Architecture {
  const arrows = new Map(rowsOf(page, "layer").map(([layer = "", allowed = ""]) => [only(layer), codes(allowed)]));
  const outside = new Map(
    rowsOf(page, "where", "Node's own modules").map(([where = "", modules = "", packages = ""]) => [
      only(where),
      { modules: modules === "all" ? ["node:"] : codes(modules), packages: codes(packages) },
    ]),
  );
  const [[pure = "", except = "", banned = ""] = []] = rowsOf(page, "pure", "except");
  const stations = rowsOf(page, "#", "where").map(([, where = ""]) => only(where));
  return { arrows, outside, pure: codes(pure), notPure: codes(except), bannedNames: codes(banned), stations };
}

/** One line per import that the tables do not allow. */
export function forbiddenImports(files: readonly SourceFile[], { arrows, outside }: Architecture): readonly string[] {
  const found: string[] = [];
  const known = new Set(files.map(({ path }) => path));
  for (const { path, imports } of files) {
    const layer = rowOf(path, arrows.keys());
    for (const specifier of new Set(imports)) {
      const target = resolveImport(path, specifier);
      if (!specifier.startsWith(".")) {
        const from = outside.get(rowOf(path, outside.keys()) ?? "");
        const allowed = specifier.startsWith("node:") ? from?.modules : from?.packages;
        if (allowed?.some((name) => isWithin(specifier, name) || (name === "node:" && specifier.startsWith(name))))
          continue;
        found.push(`src/${path} imports "${specifier}"; the table "comes from outside" does not allow it there`);
      } else if (!known.has(target) && !/\.(css|svg|html)$/.test(target)) {
        found.push(`src/${path} imports "${specifier}", which is no file under src/ (write the extension, too)`);
      } else if (layer === undefined) {
        found.push(`src/${path} belongs to no row of the table "layer | may import"`);
      } else if (!mayImport(layer, target, arrows)) {
        found.push(`src/${path} imports src/${target}; the row \`${layer}\` may import ${list(arrows.get(layer))}`);
      }
    }
  }
  return found;
}

function mayImport(layer: string, target: string, arrows: Architecture["arrows"]): boolean {
  const allowed = arrows.get(layer) ?? [];
  if (allowed.includes("everything") || rowOf(target, arrows.keys()) === layer) return true;
  return allowed.some((name) => isWithin(target, name));
}

/** Each circle once, as the files on the way round. */
export function cycles(files: readonly SourceFile[]): readonly string[] {
  const targets = new Map(files.map(({ path, imports }) => [path, imports.map((name) => resolveImport(path, name))]));
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, way: readonly string[]): void => {
    const start = way.indexOf(path);
    if (start >= 0) found.push([...way.slice(start), path].join(" → "));
    if (start >= 0 || done.has(path)) return;
    for (const target of targets.get(path) ?? []) walk(target, [...way, path]);
    done.add(path);
  };
  for (const path of targets.keys()) walk(path, []);
  return found;
}

/** Uses of time, chance and the process where they must be given. */
export function impurities(
  files: readonly SourceFile[],
  { pure, notPure, bannedNames }: Architecture,
): readonly string[] {
  return files
    .filter(({ path }) => pure.some((name) => isWithin(path, name)) && !notPure.some((name) => isWithin(path, name)))
    .flatMap(({ path, names }) =>
      bannedNames
        .filter((name) => names.has(name))
        .map((name) => `src/${path} names ${name}; take a Clock or Random from src/platform instead`),
    );
}

export function misshapen(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, lines, hasDefaultExport, hasExportAll }) => {
    const drawer = path.split("/").find((part) => drawers.includes(part.replace(/\.tsx?$/, "")));
    return [
      ...(drawer ? [`src/${path}: "${drawer}" says nothing; put things into files named after them`] : []),
      ...(hasDefaultExport ? [`src/${path} has a default export; export by name`] : []),
      ...(hasExportAll ? [`src/${path} has an "export *"; list what is exported`] : []),
      ...(lines > maxLines ? [`src/${path} has ${lines} lines; more than ${maxLines} are two files`] : []),
    ];
  });
}

/** Folders and rows that have no counterpart. */
export function strayRows(
  files: readonly SourceFile[],
  { arrows, outside, pure, notPure, stations }: Architecture,
): readonly string[] {
  const named = new Set([
    ...arrows.keys(),
    ...outside.keys(),
    ...pure,
    ...notPure,
    ...stations,
    ...[...arrows.values()].flat(),
  ]);
  const gone = [...named].filter((name) => name !== "everything" && !files.some(({ path }) => isWithin(path, name)));
  const unlisted = files.filter(({ path }) => rowOf(path, arrows.keys()) === undefined);
  return [
    ...gone.map((name) => `ARCHITECTURE.md names \`${name}\`, but there is no src/${name}`),
    ...unlisted.map(({ path }) => `src/${path} belongs to no row of the table "layer | may import"`),
  ];
}

function rowOf(path: string, rows: Iterable<string>): string | undefined {
  return [...rows].filter((row) => isWithin(path, row)).toSorted((a, b) => b.length - a.length)[0];
}

function isWithin(path: string, name: string): boolean {
  return path === name || path.startsWith(`${name}/`);
}

/** The cells of the table whose heading begins with these words. */
function rowsOf(page: string, ...heading: readonly string[]): readonly (readonly string[])[] {
  const lines = page.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${heading.join(" | ")} |`));
  if (start < 0) throw new Error(`ARCHITECTURE.md has no table that begins with "${heading.join(" | ")}"`);
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  return lines.slice(start + 2, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function codes(cell: string): readonly string[] {
  if (cell === "everything") return [cell];
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}

function only(cell: string): string {
  return codes(cell)[0] ?? cell;
}

function list(names: readonly string[] = []): string {
  return names.join(", ") || "nothing";
}
