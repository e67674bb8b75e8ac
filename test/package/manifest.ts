import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  /** All of them optional. */
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
}

export const root: string = fileURLToPath(new URL("../../", import.meta.url));

export const manifest: Manifest = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as Manifest;

/** What users import, with the files behind it, from the root of the repository. */
export const entries: readonly { readonly specifier: string; readonly types: string; readonly code: string }[] =
  Object.entries(manifest.exports).flatMap(([path, target]) =>
    typeof target === "string"
      ? []
      : [{ specifier: manifest.name + path.slice(1), types: target.types.slice(2), code: target.default.slice(2) }],
  );
