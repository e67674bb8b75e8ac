import { globSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { parseAst } from "vite";
import { root } from "./pages.ts";

/** An exported interface. */
export interface Interface {
  readonly file: string;
  readonly name: string;
  /** The `@default` of each of its properties, those of its bases included; `–` where there is none. */
  readonly defaults: Readonly<Record<string, string>>;
  /** What it extends, in this repository. */
  readonly bases: readonly Interface[];
}

interface Named {
  readonly name: string;
}

interface Statement {
  readonly type: string;
  readonly declaration?: Declaration | null;
  readonly source?: { readonly value: string } | null;
  readonly specifiers?: readonly { readonly local: Named }[];
}

interface Declaration {
  readonly type: string;
  readonly id?: Named;
  readonly extends?: readonly Heritage[];
  readonly body?: { readonly start: number; readonly body: readonly Member[] };
}

interface Heritage {
  readonly expression: Named;
  readonly typeArguments?: { readonly params: readonly TypeArgument[] } | null;
}

/** The name of a type, a text, or a union of texts. */
interface TypeArgument {
  readonly typeName?: Named;
  readonly literal?: { readonly value: string };
  readonly types?: readonly TypeArgument[];
}

interface Member {
  readonly type: string;
  readonly key: Named;
  readonly start: number;
  readonly end: number;
}

/** All interfaces that hold options, in the layers that users see. */
export function optionInterfaces(): readonly Interface[] {
  return globSync("src/**/*.ts", { cwd: root, exclude: ["src/cli/**", "src/demo/**"] })
    .map((file) => file.replaceAll("\\", "/"))
    .flatMap((file) => Array.from(declarationsIn(file).keys(), (name) => ({ file, name })))
    .filter(({ name }) => /Options$|^Limits$|^ChannelRule$|^StatePolicy$/.test(name))
    .map(({ file, name }) => interfaceOf(file, name));
}

/** Reads one interface, and what it extends. Throws where that cannot be followed. */
export function interfaceOf(file: string, name: string): Interface {
  const declaration = declarationsIn(file).get(name);
  if (!declaration) throw new Error(`${file} exports no interface ${name}`);
  const heritage = (declaration.extends ?? []).map((one) => inherited(file, one));
  const defaults = Object.assign({}, ...heritage.map((one) => one.defaults), ownDefaults(file, declaration)) as object;
  return {
    file,
    name,
    defaults: defaults as Interface["defaults"],
    bases: heritage.flatMap(({ base }) => base ?? []),
  };
}

/** Also of `Partial`, `Pick` and `Omit`; of a package's own types, picked names alone are known. */
function inherited(
  file: string,
  { expression, typeArguments }: Heritage,
): Pick<Interface, "defaults"> & { base?: Interface } {
  const [first, second] = typeArguments?.params ?? [];
  const wrapper = ["Partial", "Pick", "Omit"].find((one) => one === expression.name);
  const name = wrapper === undefined ? expression.name : first!.typeName!.name;
  const named = second?.types ?? [second];
  const names = new Set(wrapper === "Partial" ? [] : named.map((one) => one?.literal?.value));
  const origin = declarationsIn(file).has(name) ? file : originOf(file, name);
  if (!origin?.startsWith("src/")) {
    if (wrapper !== "Pick") throw new Error(`${file}: ${name} cannot be followed`);
    return { defaults: Object.fromEntries(Array.from(names, (one) => [one, "–"])) };
  }
  const base = interfaceOf(origin, name);
  const isKept = ([one]: readonly [string, string]): boolean =>
    wrapper === "Pick" ? names.has(one) : wrapper !== "Omit" || !names.has(one);
  return { base, defaults: Object.fromEntries(Object.entries(base.defaults).filter(isKept)) };
}

function ownDefaults(file: string, { body }: Declaration): Interface["defaults"] {
  const text = textOf(file);
  const members = body!.body.filter(({ type }) => type === "TSPropertySignature" || type === "TSMethodSignature");
  const entries = members.map((member, index) => {
    const comment = text.slice(members[index - 1]?.end ?? body!.start, member.start);
    return [member.key.name, defaultIn(comment)] as const;
  });
  return Object.fromEntries(entries);
}

function declarationsIn(file: string): ReadonlyMap<string, Declaration> {
  const declarations = statementsOf(file).flatMap(({ declaration }) =>
    declaration?.type === "TSInterfaceDeclaration" ? [[declaration.id!.name, declaration] as const] : [],
  );
  return new Map(declarations);
}

/** The file that a name is imported from. */
function originOf(file: string, name: string): string | undefined {
  const from = statementsOf(file).find(
    ({ type, specifiers }) => type === "ImportDeclaration" && specifiers?.some(({ local }) => local.name === name),
  )?.source?.value;
  return from?.startsWith(".") ? posix.join(posix.dirname(file), from) : from;
}

const parsed = new Map<string, readonly Statement[]>();

function statementsOf(file: string): readonly Statement[] {
  const known = parsed.get(file);
  if (known) return known;
  const { body } = parseAst(textOf(file), { lang: "ts" }) as unknown as { readonly body: readonly Statement[] };
  parsed.set(file, body);
  return body;
}

function textOf(file: string): string {
  return readFileSync(root + file, "utf8");
}

/** `10_000 // 10 seconds` reads `10_000 (10 seconds)`. */
function defaultIn(comment: string): string {
  const text = /@default (.+?)\s*(?:\*\/|\n)/.exec(comment)?.[1];
  return text === undefined ? "–" : text.replace(/ \/\/ (.+)$/, " ($1)");
}
