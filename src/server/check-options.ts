import type { ChannelRule } from "../engine/channel-rules.ts";
import type { HistoryPolicy, StatePolicy } from "../engine/ports/broker.ts";
import { CarillonError } from "../errors/carillon-error.ts";
import type { AdmissionOptions } from "./admission.ts";
import type { HealthOptions } from "./health.ts";
import type { MessageRateOptions } from "./message-rate.ts";
import type { ServerOptions } from "./options.ts";

/** What a value may be. What is not there is always fine. */
interface Check {
  /** To end a sentence that begins with "must be". */
  readonly means: string;
  accepts(value: unknown): boolean;
}

const anything: Check = { means: "anything", accepts: () => true };
const aFunction: Check = { means: "a function", accepts: (value) => typeof value === "function" };
const aSwitch: Check = { means: "true or false", accepts: (value) => typeof value === "boolean" };
const anObject: Check = { means: "an object", accepts: isRecord };

/** The compiler holds these against the interfaces, so that no option is ever unknown here. */
const admissionChecks: Readonly<Record<keyof AdmissionOptions, Check>> = {
  connections: anything,
  connectionsPerIp: anything,
  handshakesPerSecond: anything,
};

const rateChecks: Readonly<Record<keyof MessageRateOptions, Check>> = { perSecond: anything, burst: anything };

const healthChecks: Readonly<Record<keyof HealthOptions, Check>> = { maxEventLoopDelayMs: anything };

const historyChecks: Readonly<Record<keyof HistoryPolicy, Check>> = { size: anything, ttlMs: anything };

const stateChecks: Readonly<Record<keyof StatePolicy, Check>> = { keys: anything, bytes: anything, ttlMs: anything };

const ruleChecks: Readonly<Record<keyof ChannelRule, Check>> = {
  authorize: aFunction,
  publish: oneOf("subscribers", "anyone", "owner", "server"),
  owner: aFunction,
  ownerLeaves: oneOf("keep", "close"),
  whispers: aSwitch,
  presence: anything,
  history: anObject,
  state: anything,
};

const checks: Readonly<Record<keyof ServerOptions, Check>> = {
  endpoints: anObject,
  broker: having("a broker such as memoryBroker()", "start", "publish"),
  authenticate: aFunction,
  channels: anObject,
  schemas: anObject,
  origins: {
    means: 'a list of origins such as "https://app.example.com"',
    accepts: (value) => Array.isArray(value) && value.every((one) => typeof one === "string"),
  },
  trustProxy: {
    means: 'false, how many proxies there are, or a list of their addresses such as ["10.0.0.0/8"]',
    accepts: (value) => value === false || typeof value === "number" || Array.isArray(value),
  },
  admission: anObject,
  messageRate: anObject,
  limits: anObject,
  maxBufferedBytes: anything,
  logger: having("a logger such as the console", "info", "warn", "error"),
  health: anObject,
  clock: having("a clock", "now", "wall", "after"),
  random: having("a source of randomness", "next", "uuid"),
};

const aDialect = having("a dialect such as native()", "mount");
const aSchema: Check = { means: "a Standard Schema", accepts: (value) => isHolder(value) && "~standard" in value };

/** The names of all options of a server. */
export const serverOptionNames: readonly string[] = Object.keys(checks);

/**
 * Refuses what the compiler would, for those who have none: behind a slip of the pen a server would stand open.
 *
 * @throws {CarillonError} `option-invalid`, naming the option
 */
export function checkOptions(options: object): void {
  check("what createServer is given", anObject, options);
  checkNames("", options, checks);
  const {
    endpoints = {},
    channels = {},
    schemas = {},
    admission = {},
    messageRate = {},
    health = {},
  } = options as ServerOptions;
  checkNames("admission: ", admission, admissionChecks);
  checkNames("messageRate: ", messageRate, rateChecks);
  checkNames("health: ", health, healthChecks);
  for (const [path, dialect] of Object.entries(endpoints)) check(`endpoints: "${path}"`, aDialect, dialect);
  for (const [event, schema] of Object.entries(schemas)) check(`schemas: "${event}"`, aSchema, schema);
  for (const [pattern, rule] of Object.entries(channels)) {
    check(`channels: "${pattern}"`, anObject, rule);
    checkNames(`channels: "${pattern}": `, rule, ruleChecks);
    checkNames(`channels: "${pattern}": history: `, rule.history ?? {}, historyChecks);
    if (typeof rule.state === "object") checkNames(`channels: "${pattern}": state: `, rule.state, stateChecks);
  }
}

function checkNames(place: string, options: object, known: Readonly<Record<string, Check>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(known, name)) {
      refuse(`${place}there is no option ${name}; there are ${Object.keys(known).join(", ")}`);
    }
    check(`${place}${name}`, known[name]!, value);
  }
}

function check(place: string, { means, accepts }: Check, value: unknown): void {
  if (value !== undefined && !accepts(value)) refuse(`${place} must be ${means}`);
}

function refuse(message: string): never {
  throw new CarillonError("option-invalid", { message });
}

function oneOf(...values: readonly string[]): Check {
  const means = values.map((value) => `"${value}"`).join(", ");
  return { means: `one of ${means}`, accepts: (value) => values.some((one) => one === value) };
}

function having(means: string, ...methods: readonly string[]): Check {
  return {
    means,
    accepts: (value) => isHolder(value) && methods.every((name) => typeof Reflect.get(value, name) === "function"),
  };
}

/** Some schemas are functions. */
function isHolder(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** What is a list, or a `Map`, has no names to be known by. */
function isRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null && !(Symbol.iterator in value);
}
