import { readFile } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { serverOptionNames } from "../server/check-options.ts";
import type { Config } from "./config.ts";
import { settings } from "./settings.ts";
import { UsageError } from "./usage-error.ts";

const known: ReadonlySet<string> = new Set([...serverOptionNames, ...Object.keys(settings), "setup"]);

/** Loads a config file. @throws {UsageError} naming the file, and what is wrong with it */
export async function loadConfig(file: string): Promise<Config> {
  const path = resolve(file);
  const config = await load(file, path);
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new UsageError(`${file} must ${extname(path) === ".json" ? "hold" : "export default"} an object of options`);
  }
  const unknown = Object.keys(config).filter((key) => !known.has(key));
  if (unknown.length > 0) {
    throw new UsageError(`${file}: unknown option ${unknown.join(", ")}; there are ${[...known].join(", ")}`);
  }
  const { setup, tlsCert, tlsKey } = config as Config;
  if (setup !== undefined && typeof setup !== "function") throw new UsageError(`${file}: setup must be a function`);
  return {
    ...config,
    ...(typeof tlsCert === "string" && tlsCert && { tlsCert: resolve(dirname(path), tlsCert) }),
    ...(typeof tlsKey === "string" && tlsKey && { tlsKey: resolve(dirname(path), tlsKey) }),
  };
}

async function load(file: string, path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new UsageError(`cannot read the config file ${file}: ${reasonOf(error)}`);
  });
  try {
    if (extname(path) === ".json") return JSON.parse(text) as unknown;
    const loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
    return loaded.default;
  } catch (error) {
    // Node keeps the place of a syntax error to itself unless it is the one that prints it.
    const where =
      error instanceof SyntaxError && extname(path) !== ".json" ? `; to see where: node --check ${file}` : "";
    throw new UsageError(`the config file ${file} does not work: ${reasonOf(error)}${where}`);
  }
}

/** Why the file could not be read or run, in one line. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES") return "not allowed to read it";
  if (code === "EISDIR") return "it is a folder";
  if (code === "ERR_UNKNOWN_FILE_EXTENSION")
    return `Node ${process.versions.node} runs .js and .mjs, and .ts from 22.18 on`;
  return (message ?? String(error)).split("\n")[0]!;
}
