import type { Dialect } from "../../src/dialects/dialect.ts";
import type { Handshake } from "../../src/engine/handshake.ts";
import type { Frame } from "../../src/engine/ports/wire.ts";
import type { CarillonError } from "../../src/errors/carillon-error.ts";
import type { Random } from "../../src/platform/random.ts";
import type { ServerOptions } from "../../src/server/options.ts";
import { createServer } from "../../src/server/server.ts";
import { FakeWire } from "../../src/testing/fake-wire.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { must } from "./target.ts";

/** What stands in a transcript between the frames. */
export type Stage = "drop" | "pass";

/** One conversation of a client with a server of its own. */
export interface Talk {
  readonly dialect: Dialect;
  /** What the client offers as WebSocket subprotocol. */
  readonly subprotocol?: string;
  /** Frames; `drop` cuts the wire and opens another one, `pass` lets 20 seconds pass. */
  readonly script: readonly (Frame | { readonly stage: Stage })[];
  /** Throws for a frame that the language does not have. */
  readonly check: (frame: Frame) => void;
  readonly options?: ServerOptions;
}

/** Nobody may wait longer for a client that does not come back. */
const afterwardsMs = 600_000;

/** Answers may be larger than what they answer, but a client must not be a lever. */
const maxAnswerFrames = 20_000;

/**
 * Talks to a server over fake wires, and hangs up.
 *
 * Throws when the server says what its language does not have, when anything fails inside of it, and when something of the
 * client is left.
 */
export async function talk({ dialect, subprotocol, script, check, options = {} }: Talk): Promise<void> {
  const clock = new ManualClock();
  const failures: CarillonError[] = [];
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const server = createServer({
    channels: {
      "*": { presence: true, history: { size: 8, ttlMs: 60_000 } },
      "whispers-*": { whispers: true },
      "feed-*": { publish: "owner", owner: ({ connection }) => connection.userId === "ada" },
      "closed-*": { authorize: () => false },
    },
    authenticate: ({ token }) => (token === "no" ? undefined : token === undefined ? {} : { userId: "ada" }),
    endpoints: { "/fuzz": dialect },
    clock,
    random: counting(),
    logger,
    ...options,
  });
  server.on("error", ({ error }) => void failures.push(error));
  server.on("add", ({ data, reply }) => reply(data));
  const open = async (): Promise<FakeWire> => {
    const wire = new FakeWire({ clock });
    wire.handler = await server.accept(wire, handshakeOf(subprotocol));
    return wire;
  };
  const wires = [await open()];
  for (const part of script) {
    const wire = wires.at(-1)!;
    if (typeof part === "string" || part instanceof Uint8Array) wire.receive(part);
    else if (part.stage === "pass") clock.advance(20_000);
    else if (wires.length < 8) {
      wire.hangUp();
      wires.push(await open());
    }
    // What the hooks of the application decide, they decide later.
    await undefined;
  }
  await new Promise((resolve) => void setImmediate(resolve));
  const frames = wires.flatMap((wire) => wire.frames);
  must(frames.length < maxAnswerFrames, `${frames.length} frames came of one input`);
  wires.at(-1)!.hangUp(1000);
  clock.advance(afterwardsMs);
  for (const error of failures) if (!isOwnWord(error)) throw error;
  frames.forEach(check);
  const { connections, subscriptions } = server.stats();
  must(connections === 0 && server.connections.length === 0, "a connection is left");
  must(subscriptions === 0, "a subscription is left");
}

/** The application is told of refusals too, which are nobody's fault here. */
function isOwnWord({ code }: CarillonError): boolean {
  return code !== "internal" && code !== "handler-failed";
}

function handshakeOf(subprotocol: string | undefined): Handshake {
  const headers = { host: "localhost", ...(subprotocol !== undefined && { "sec-websocket-protocol": subprotocol }) };
  return {
    method: "GET",
    path: "/fuzz",
    url: new URL("http://localhost/fuzz"),
    headers: new Headers(headers),
    rawHeaders: Object.entries(headers).flat(),
    header: (name) => (Object.hasOwn(headers, name) ? headers[name as keyof typeof headers] : undefined),
    ip: "127.0.0.1",
    secure: false,
    locals: {},
  };
}

/** Ids that a transcript can name: 1, 2, 3. */
function counting(): Random {
  let count = 0;
  return { next: () => 0.5, uuid: () => String((count += 1)) };
}
