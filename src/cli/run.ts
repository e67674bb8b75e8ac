import { CarillonError } from "../errors/carillon-error.ts";
import { readCommandLine } from "./command-line.ts";
import { loadConfig } from "./config-file.ts";
import { dialectNames } from "./dialects.ts";
import { jsonLog, ownLog } from "./log.ts";
import { serve, type Serving } from "./serve.ts";
import { resolveSettings } from "./settings.ts";
import { endOn } from "./shutdown.ts";
import { UsageError } from "./usage-error.ts";

/** Runs the command: 0 is a clean end, 1 a failure, 2 something to mend on the command line or in a file. */
export async function run(args: readonly string[]): Promise<void> {
  try {
    await start(args);
  } catch (error) {
    const { line, code } = explain(error);
    console.error(line);
    process.exit(code);
  }
}

async function start(args: readonly string[]): Promise<void> {
  const commandLine = readCommandLine(args);
  if (!commandLine) return;
  const { flags, configFile } = commandLine;
  const config = configFile === undefined ? {} : await loadConfig(configFile);
  const settings = resolveSettings({ flags, env: process.env, config: { ...config }, configName: configFile ?? "" });
  const log = config.logger ? ownLog(config.logger) : jsonLog(settings.logLevel);
  const serving = await serve(settings, config, log);
  endOn(process, serving, log);
  log.info(
    { url: serving.url, endpoints: serving.endpoints.map(({ url }) => url), node: process.version },
    "listening",
  );
  if (settings.logLevel !== "silent") console.error(greeting(serving, settings.demo));
}

function greeting({ url, endpoints }: Pick<Serving, "url" | "endpoints">, demo: boolean): string {
  const spoken = new Set(endpoints.map(({ dialect }) => dialect));
  const others = dialectNames.every((name) => spoken.has(name)) ? `, or see six languages talk at ${url}languages` : "";
  const page =
    demo && spoken.has("native")
      ? `Carillon is up. Open ${url} in two windows and write to yourself${others}`
      : `Carillon is up at ${url}`;
  const places = endpoints.map((endpoint) => `  ${endpoint.url} (${endpoint.dialect})`);
  return [page, "Clients connect to", ...places, "Stop with Ctrl+C."].join("\n");
}

function explain(error: unknown): { readonly line: string; readonly code: number } {
  if (error instanceof UsageError) return { line: `carillon: ${error.message}`, code: 2 };
  if (error instanceof CarillonError) {
    return { line: `carillon: ${error.message}`, code: error.code === "option-invalid" ? 2 : 1 };
  }
  // Code of the application's, or a bug: whoever mends it needs the stack.
  return { line: `carillon: could not start: ${error instanceof Error ? error.stack : String(error)}`, code: 1 };
}
