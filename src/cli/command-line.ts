import { readFileSync } from "node:fs";
import { Command, CommanderError, Option } from "commander";
import { settings, type Setting } from "./settings.ts";
import { UsageError } from "./usage-error.ts";

/** What was written on the command line. */
export interface CommandLine {
  /** By the name of the setting; only what was given. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly configFile: string | undefined;
}

const examples = `
Flags win over the environment, and that wins over the config file.

Examples:
  carillon serve
  carillon serve --port 9000 --host 0.0.0.0 --origins https://app.example.com
  carillon serve --dialects native,go-ws
  carillon serve --tls-cert cert.pem --tls-key key.pem
  carillon serve --config carillon.config.mjs

A config file (.js, .mjs, .ts or .json) holds the options of createServer and those above:
  export default {
    port: 9000,
    authenticate: ({ token }) => (token === "t-123" ? { userId: "ada" } : undefined),
    setup: (server) => server.on("add", ({ data, reply }) => reply(data.a + data.b)),
  };`;

/**
 * Reads the command line. Prints what `--help` and `--version` ask for.
 *
 * @returns `undefined` when everything asked for is done
 * @throws {UsageError} for what is not understood
 */
export function readCommandLine(args: readonly string[]): CommandLine | undefined {
  const command = describe();
  try {
    command.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw new UsageError(`${error.message.replace(/^error: /, "").replaceAll("\n", " ")}; see carillon --help`);
  }
  const [name = "serve", ...rest] = command.args;
  if (name !== "serve") throw new UsageError(`unknown command "${name}"; there is serve; see carillon --help`);
  if (rest.length > 0) throw new UsageError(`serve takes no "${rest[0]}"; see carillon --help`);
  const given = Object.entries(command.opts()).filter(([option]) => command.getOptionValueSource(option) === "cli");
  const { config, ...flags } = Object.fromEntries(given) as Record<string, unknown>;
  return { flags, configFile: (config as string | undefined) || process.env["CARILLON_CONFIG"] || undefined };
}

function describe(): Command {
  const command = new Command("carillon")
    .description("A realtime messaging server.")
    .usage("serve [options]")
    .argument("[command]")
    .argument("[rest...]")
    .configureHelp({ visibleArguments: () => [] })
    .configureOutput({ writeErr: () => undefined })
    .exitOverride();
  for (const setting of Object.values(settings)) command.addOption(new Option(setting.flag, descriptionOf(setting)));
  return command
    .addOption(new Option("--config <file>", "more options, and handlers (env: CARILLON_CONFIG)"))
    .version(ownVersion(), "--version", "print the version")
    .helpOption("-h, --help", "print this")
    .addHelpText("after", examples);
}

function descriptionOf({ description, fallback, env }: Setting<unknown>): string {
  const notes: string[] = [];
  if (typeof fallback === "string" || typeof fallback === "number") notes.push(`default: ${fallback}`);
  if (Array.isArray(fallback)) notes.push(`default: ${fallback.join(",")}`);
  notes.push(`env: ${typeof fallback === "boolean" ? `${env[0]}=${!fallback}` : env.join(", ")}`);
  return `${description} (${notes.join("; ")})`;
}

function ownVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
