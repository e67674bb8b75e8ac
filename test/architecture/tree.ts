import { readFileSync, globSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAst } from "vite";

/** What the rules need to know of one source file. */
export interface SourceFile {
  /** From `src/`, with slashes. */
  readonly path: string;
  readonly lines: number;
  /** As they are written; imports of types and `import("…")` included. */
  readonly imports: readonly string[];
  /** The names that are used as values: `Date`, `Math.random`, … */
  readonly names: ReadonlySet<string>;
  readonly hasDefaultExport: boolean;
  readonly hasExportAll: boolean;
}

interface SyntaxNode {
  readonly type: string;
  readonly [field: string]: unknown;
}

const sourceFolder = fileURLToPath(new URL("../../src/", import.meta.url));

export function readTree(): readonly SourceFile[] {
  return globSync("**/*.{ts,tsx}", { cwd: sourceFolder })
    .map((path) => parseFile(path.replaceAll("\\", "/"), readFileSync(`${sourceFolder}${path}`, "utf8")))
    .toSorted((a, b) => a.path.localeCompare(b.path));
}

export function parseFile(path: string, text: string): SourceFile {
  const imports: string[] = [];
  const names = new Set<string>();
  let hasDefaultExport = false;
  let hasExportAll = false;

  function visit(value: unknown, isType: boolean): void {
    if (Array.isArray(value)) for (const item of value) visit(item, isType);
    else if (isNode(value)) visitNode(value, isType);
  }

  function visitNode(node: SyntaxNode, isType: boolean): void {
    const { source } = node;
    if (isNode(source) && typeof source["value"] === "string") imports.push(source["value"]);
    if (node.type === "ExportDefaultDeclaration" || isDefaultSpecifier(node)) hasDefaultExport = true;
    if (node.type === "ExportAllDeclaration") hasExportAll = true;
    if (!isType) for (const name of namesOf(node)) names.add(name);
    for (const [field, value] of Object.entries(node)) visit(value, isType || !holdsValues(node, field));
  }

  visit(parseAst(text, { lang: path.endsWith("x") ? "tsx" : "ts" }), false);
  return { path, lines: text.trimEnd().split("\n").length, imports, names, hasDefaultExport, hasExportAll };
}

/** The file that a relative import means; what is not relative stays as it is. */
export function resolveImport(from: string, specifier: string): string {
  return specifier.startsWith(".") ? posix.join(posix.dirname(from), specifier) : specifier;
}

function namesOf(node: SyntaxNode): readonly string[] {
  if (node.type === "Identifier") return [String(node["name"])];
  if (node.type !== "MemberExpression" || node["computed"] === true) return [];
  const object = identifier(node["object"]);
  const property = identifier(node["property"]);
  if (!object || !property) return [];
  return [object === "globalThis" ? property : `${object}.${property}`];
}

/** The name of a property is no use of that name, and neither is a type. */
function holdsValues(node: SyntaxNode, field: string): boolean {
  if (field === "property" || field === "key") return node["computed"] === true;
  return (
    !["typeAnnotation", "typeArguments", "typeParameters", "returnType"].includes(field) &&
    node.type !== "TSInterfaceDeclaration"
  );
}

function isDefaultSpecifier(node: SyntaxNode): boolean {
  return node.type === "ExportSpecifier" && identifier(node["exported"]) === "default";
}

function identifier(value: unknown): string | undefined {
  return isNode(value) && value.type === "Identifier" ? String(value["name"]) : undefined;
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
