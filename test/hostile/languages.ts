import { expect } from "vitest";
import { aoWebsockets } from "../../src/dialects/ao-websockets/index.ts";
import type { Dialect } from "../../src/dialects/dialect.ts";
import { createRegistry, echo, groups } from "../../src/dialects/go-rtc-lib/index.ts";
import { goWs } from "../../src/dialects/go-ws/index.ts";
import { native } from "../../src/dialects/native/dialect.ts";
import { rtbroadcaster } from "../../src/dialects/rtbroadcaster/index.ts";
import { socketGo } from "../../src/dialects/socket-go/index.ts";
import { Target } from "./target.ts";

/** One of the dialects, as a hostile client meets it. */
export interface Language {
  readonly name: string;
  readonly path: string;
  readonly make: () => Dialect;
  /** What has to be said before anything else, and is not by strangers. */
  readonly greeting?: string;
  /** What is answered with this mark in it, so that all before it has been heard. */
  mark(mark: string): string;
  /** Its clients are slowed down to a rate. */
  readonly isPaced?: boolean;
  /** How it closes those that make no sense to it; without, it does not. */
  readonly closesWith?: readonly number[];
  /** What comes of a message that is another language's. */
  reaction(message: string | Uint8Array): Reaction;
  readonly maxMessageBytes: number;
}

/** All that was said, and the code of the close if there was one. */
export interface Reaction {
  readonly told: readonly unknown[];
  readonly code?: number;
}

/** Nothing: it is ignored. */
const ignored: Reaction = { told: [] };

const nothingThenClosed = (code: number): Reaction => ({ told: [], code });

/** What a JSON decoder, which reads one value and looks no further, makes of a message. */
function shapeOf(message: string | Uint8Array): "an object" | "another value" | "not JSON" {
  if (typeof message !== "string") return "not JSON";
  if (message.startsWith("{")) return "an object";
  return /^\d+(?![a-z])/.test(message) ? "another value" : "not JSON";
}

/** No ping falls into the time that passes between rows. */
const quiet = { pingIntervalMs: 2_000_000_000, pongTimeoutMs: 2_000_000_001 };

const rtb = (value: number, uuid = ""): string =>
  JSON.stringify({ uuid, status: { value, text: "" }, funcKey: "", funcParams: [], stateMessage: false });

export const languages: readonly Language[] = [
  {
    name: "native",
    path: "carillon",
    make: () => native({ pingMs: 0 }),
    greeting: '{"type":"connect"}',
    isPaced: true,
    closesWith: [4400],
    mark: (mark) => JSON.stringify({ type: "request", ref: 1, event: "echo", data: mark }),
    reaction: () => ({
      told: [expect.stringMatching(/^\{"type":"error",.*"code":"(?:bad-request|unknown-type)"/)],
      code: 4400,
    }),
    maxMessageBytes: 65_536,
  },
  {
    name: "rtbroadcaster",
    path: "broadcast",
    make: () => rtbroadcaster(quiet),
    // There is no such room, and the answer has the name that was asked for.
    mark: (mark) => rtb(2, mark),
    reaction: () => ignored,
    maxMessageBytes: 512,
  },
  {
    name: "socket.go",
    path: "socket",
    make: () => socketGo({ pingIntervalMs: 0, conventions: true }),
    mark: (mark) => JSON.stringify({ event: "ping", data: mark }),
    reaction: () => ignored,
    maxMessageBytes: 1_048_576,
  },
  {
    name: "ao-websockets",
    path: "ao",
    make: () => aoWebsockets({ ...quiet, conventions: true }),
    // Nobody may join it, which is said.
    mark: (mark) => JSON.stringify({ e: "join", p: { channel: `private-${mark}` } }),
    closesWith: [1007, 1008],
    reaction: (message) => nothingThenClosed(shapeOf(message) === "not JSON" ? 1007 : 1008),
    maxMessageBytes: 1_048_576,
  },
  {
    name: "go-ws",
    path: "ws",
    make: () => goWs({ ...quiet, enableWhispers: true, rateLimit: false }),
    // Who is not subscribed is told so.
    mark: (mark) => JSON.stringify({ action: "broadcast", channel: mark }),
    reaction(message) {
      const shape = shapeOf(message);
      if (shape === "an object") return ignored;
      const error = shape === "not JSON" ? "invalid JSON" : "a message is a JSON object";
      return { told: [JSON.stringify({ type: "error", error })] };
    },
    maxMessageBytes: 524_288,
  },
  {
    name: "go-rtc-lib groups",
    path: "groups",
    make: () => createRegistry({ ...quiet, handleMessage: groups, name: "groups" }),
    mark: (mark) => JSON.stringify({ action: "message", group: "", message: mark }),
    closesWith: [1005],
    reaction: (message) => (shapeOf(message) === "an object" ? ignored : nothingThenClosed(1005)),
    maxMessageBytes: 1_048_576,
  },
  {
    name: "go-rtc-lib echo",
    path: "echo",
    make: () => createRegistry({ ...quiet, handleMessage: echo, name: "echo" }),
    mark: (mark) => mark,
    reaction: (message) => ({ told: [message] }),
    maxMessageBytes: 1_048_576,
  },
];

/** A server that speaks all of them. */
export async function startAll(): Promise<Target> {
  const endpoints = Object.fromEntries(languages.map(({ path, make }) => [`/${path}`, make()]));
  const target = await Target.start({}, { endpoints, admission: { handshakesPerSecond: Infinity } });
  target.server.on("error", ({ error }) => void target.warnings.push(`error: ${error.code}`));
  return target;
}
