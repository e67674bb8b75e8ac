import { nativeDefaults } from "../dialects/native/options.ts";
import { dialectNames, type DialectName } from "./dialects.ts";
import { UsageError } from "./usage-error.ts";

const logLevels = ["debug", "info", "warn", "error", "silent"] as const;

export type LogLevel = (typeof logLevels)[number];

/** What can be set by flag, environment and config file alike. */
export interface Settings {
  readonly port: number;
  readonly host: string;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly dialects: readonly DialectName[];
  /** `undefined`: those of the server's own host, where a dialect does not let in all. */
  readonly origins: readonly string[] | undefined;
  readonly maxMessageBytes: number;
  readonly logLevel: LogLevel;
  readonly demo: boolean;
  readonly metrics: boolean;
}

export type SettingName = keyof Settings;

/** One setting: how it is written, what it takes, and what holds without it. */
export interface Setting<Value> {
  readonly flag: string;
  readonly description: string;
  /** The first of these that is set and not empty counts. */
  readonly env: readonly string[];
  readonly fallback: Value;
  /** What it takes, to end a sentence that begins with "must be". */
  readonly means: string;
  accepts(value: unknown): boolean;
  /** Reads a flag or a variable; what it cannot read comes out as something that `accepts` refuses. */
  parse(text: string): unknown;
}

/** Every setting there is, in the order of `--help`. */
export const settings: { readonly [Name in SettingName]: Setting<Settings[Name]> } = {
  port: {
    flag: "--port <number>",
    description: "the port to listen on; 0 is any free one",
    env: ["CARILLON_PORT", "PORT"],
    fallback: 8080,
    means: "a whole number from 0 to 65535",
    accepts: (value) => isWhole(value, 0) && Number(value) <= 65_535,
    parse: parseWhole,
  },
  host: {
    flag: "--host <address>",
    description: "the address to listen on; 0.0.0.0 or :: lets other machines in",
    env: ["CARILLON_HOST"],
    fallback: "127.0.0.1",
    means: "an address or a host name",
    accepts: isText,
    parse: String,
  },
  tlsCert: {
    flag: "--tls-cert <file>",
    description: "serve https and wss with this certificate (PEM)",
    env: ["CARILLON_TLS_CERT"],
    fallback: undefined,
    means: "the path of a file",
    accepts: isText,
    parse: String,
  },
  tlsKey: {
    flag: "--tls-key <file>",
    description: "the certificate's private key (PEM)",
    env: ["CARILLON_TLS_KEY"],
    fallback: undefined,
    means: "the path of a file",
    accepts: isText,
    parse: String,
  },
  dialects: {
    flag: "--dialects <list>",
    description: "the languages to speak, separated by commas",
    env: ["CARILLON_DIALECTS"],
    fallback: dialectNames,
    means: `a list of ${dialectNames.join(", ")}`,
    accepts: (value) => Array.isArray(value) && value.length > 0 && value.every(isDialectName),
    parse: parseList,
  },
  origins: {
    flag: "--origins <list>",
    description: "other sites whose pages may connect, separated by commas; * is all of them",
    env: ["CARILLON_ORIGINS"],
    fallback: undefined,
    means: `a list of origins such as "https://app.example.com"`,
    accepts: (value) => Array.isArray(value) && value.every(isText),
    parse: parseList,
  },
  maxMessageBytes: {
    flag: "--max-message-bytes <number>",
    description: "the largest message that a native client may send",
    env: ["CARILLON_MAX_MESSAGE_BYTES"],
    fallback: nativeDefaults.maxMessageBytes,
    means: "a whole number of at least 1",
    accepts: (value) => isWhole(value, 1),
    parse: parseWhole,
  },
  logLevel: {
    flag: "--log-level <level>",
    description: `what to log: ${logLevels.join(", ")}`,
    env: ["CARILLON_LOG_LEVEL"],
    fallback: "info",
    means: `one of ${logLevels.join(", ")}`,
    accepts: (value) => logLevels.some((level) => level === value),
    parse: String,
  },
  demo: {
    flag: "--no-demo",
    description: "leave out the demo at / and /languages",
    env: ["CARILLON_DEMO"],
    fallback: true,
    means: "true or false",
    accepts: isBoolean,
    parse: parseBoolean,
  },
  metrics: {
    flag: "--metrics",
    description: "serve metrics for Prometheus at /metrics, to everyone who can reach it",
    env: ["CARILLON_METRICS"],
    fallback: false,
    means: "true or false",
    accepts: isBoolean,
    parse: parseBoolean,
  },
};

/** Where settings come from besides their defaults, as it was found there. */
export interface SettingSources {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly config: Readonly<Record<string, unknown>>;
  /** How to call the config file in a complaint. */
  readonly configName: string;
}

/** The flag wins, then the environment, then the config file. @throws {UsageError} naming the value that makes no sense */
export function resolveSettings(sources: SettingSources): Settings {
  const entries = Object.entries(settings).map(([name, setting]) => [name, resolve(name, setting, sources)]);
  return Object.fromEntries(entries) as Settings;
}

function resolve(name: string, setting: Setting<unknown>, { flags, env, config, configName }: SettingSources): unknown {
  const flag = flags[name];
  // commander itself turns a flag without a value into a boolean.
  if (flag !== undefined)
    return check(setting, typeof flag === "string" ? setting.parse(flag) : flag, flagName(setting), flag);
  for (const variable of setting.env) {
    const text = env[variable];
    if (text) return check(setting, setting.parse(text), variable, text);
  }
  const value = config[name];
  return value === undefined ? setting.fallback : check(setting, value, `${configName}: ${name}`, value);
}

function check(setting: Setting<unknown>, value: unknown, place: string, written: unknown): unknown {
  if (setting.accepts(value)) return value;
  throw new UsageError(`${place} must be ${setting.means}, not ${JSON.stringify(written) ?? typeof written}`);
}

function flagName({ flag }: Setting<unknown>): string {
  return flag.split(" ")[0]!;
}

function isDialectName(value: unknown): boolean {
  return dialectNames.some((name) => name === value);
}

function parseList(text: string): readonly string[] {
  return text
    .split(",")
    .map((entry) => entry.trim())
    .filter(Boolean);
}

function parseWhole(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : NaN;
}

function isWhole(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= least;
}

function parseBoolean(text: string): unknown {
  return { true: true, false: false }[text];
}

function isBoolean(value: unknown): boolean {
  return typeof value === "boolean";
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value.length > 0;
}
