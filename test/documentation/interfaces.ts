import { globSync, readFileSync } from "node:fs";
import { parseAst } from "vite";
import { root } from "./pages.ts";

/** An exported interface, and the `@default` of each of its properties; `–` where there is none. */
export interface Interface {
  readonly file: string;
  readonly name: string;
  readonly defaults: Readonly<Record<string, string>>;
}

interface Declaration {
  readonly type: string;
  readonly id?: { readonly name: string };
  readonly body?: { readonly start: number; readonly body: readonly Member[] };
}

interface Member {
  readonly type: string;
  readonly key: { readonly name: string };
  readonly start: number;
  readonly end: number;
}

/** All interfaces that hold options, in the layers that users see. */
export function optionInterfaces(): readonly Interface[] {
  return globSync("src/**/*.ts", { cwd: root, exclude: ["src/cli/**", "src/demo/**"] })
    .flatMap((file) => interfacesOf(file.replaceAll("\\", "/"), readFileSync(root + file, "utf8")))
    .filter(({ name }) => /Options$|^Limits$|^ChannelRule$|^StatePolicy$/.test(name));
}

export function interfacesOf(file: string, text: string): readonly Interface[] {
  const { body } = parseAst(text, { lang: "ts" }) as unknown as {
    body: readonly { declaration?: Declaration | null }[];
  };
  return body.flatMap(({ declaration }) => {
    if (declaration?.type !== "TSInterfaceDeclaration" || !declaration.id || !declaration.body) return [];
    const { start } = declaration.body;
    const members = declaration.body.body.filter(
      ({ type }) => type === "TSPropertySignature" || type === "TSMethodSignature",
    );
    const entries = members.map((member, index) => {
      const comment = text.slice(members[index - 1]?.end ?? start, member.start);
      return [member.key.name, defaultIn(comment)] as const;
    });
    return [{ file, name: declaration.id.name, defaults: Object.fromEntries(entries) }];
  });
}

/** `10_000 // 10 seconds` reads `10_000 (10 seconds)`. */
function defaultIn(comment: string): string {
  const text = /@default (.+?)\s*(?:\*\/|\n)/.exec(comment)?.[1];
  return text === undefined ? "–" : text.replace(/ \/\/ (.+)$/, " ($1)");
}
