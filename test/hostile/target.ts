import { once } from "node:events";
import { inspect } from "node:util";
import { expect } from "vitest";
import { WebSocket } from "ws";
import { createServer, native, type NativeOptions, type Server, type ServerOptions } from "../../src/index.ts";
import { metrics } from "../../src/metrics/index.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { canary } from "../canary.ts";
import { turn } from "../transports/http/serve.ts";

interface Answer {
  readonly type: string;
  readonly ref?: number;
  readonly data?: unknown;
}

/** A connection that does nothing wrong, and wants its echo whatever others do. */
class Witness {
  readonly #socket: WebSocket;
  #asked = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  async echo(): Promise<void> {
    const ref = (this.#asked += 1);
    const answer = new Promise<Answer>((resolve) => {
      const take = (data: Buffer): void => {
        const message = JSON.parse(data.toString()) as Answer;
        if (message.ref !== ref) return;
        this.#socket.off("message", take);
        resolve(message);
      };
      this.#socket.on("message", take);
    });
    this.#socket.send(JSON.stringify({ type: "request", ref, event: "echo", data: { ref } }));
    expect(await answer).toMatchObject({ type: "response", data: { ref } });
  }

  leave(): void {
    this.#socket.terminate();
  }
}

const prototypeKeys = Reflect.ownKeys(Object.prototype);

/** A server that hostile clients may try, and what must be true of it after each of them. */
export class Target {
  readonly server: Server;
  readonly clock: ManualClock;
  /** Of the native endpoint. */
  readonly url: string;
  readonly warnings: string[];
  /** Everything that was logged, with its facts. */
  readonly log: string[];
  /** How long the witness waited for its echo after each row, in milliseconds. */
  readonly waits: number[] = [];
  readonly #witness: Witness;

  private constructor(parts: {
    server: Server;
    clock: ManualClock;
    url: string;
    warnings: string[];
    log: string[];
    witness: Witness;
  }) {
    this.server = parts.server;
    this.clock = parts.clock;
    this.url = parts.url;
    this.warnings = parts.warnings;
    this.log = parts.log;
    this.#witness = parts.witness;
  }

  /** @param credentials the witness's */
  static async start(
    options: NativeOptions = {},
    more: ServerOptions = {},
    { token, query = "" }: { readonly token?: string; readonly query?: string } = {},
  ): Promise<Target> {
    const clock = (more.clock as ManualClock | undefined) ?? new ManualClock();
    const warnings: string[] = [];
    const log: string[] = [];
    const logged = (facts: object, message: string): void => void log.push(`${message} ${inspect(facts)}`);
    const logger = {
      debug: logged,
      info: logged,
      warn(facts: object, message: string) {
        logged(facts, message);
        warnings.push(message);
      },
      error(facts: object, message: string) {
        logged(facts, message);
        warnings.push(`error: ${message} ${JSON.stringify(facts)}`);
      },
    };
    const server = createServer({
      // Time stands still between rows, so nobody is pinged, and nobody misses it.
      endpoints: {
        "/carillon": native({ pingMs: 0, ...options }),
        "/deflate": native({ pingMs: 0, compressFromBytes: 1 }),
      },
      channels: { "open*": { publish: "anyone" } },
      origins: ["https://app.example.com"],
      logger,
      ...more,
      clock,
    });
    server.on("echo", ({ data, reply }) => reply(data));
    const url = `${(await server.listen({ host: "127.0.0.1" })).url}carillon`;
    const socket = new WebSocket(url.replace("http", "ws") + query);
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "connect", token }));
    await once(socket, "message");
    return new Target({ server, clock, url, warnings, log, witness: new Witness(socket) });
  }

  /** The witness asks, and waits for its answer. */
  async echo(): Promise<void> {
    const asked = performance.now();
    await this.#witness.echo();
    this.waits.push(performance.now() - asked);
  }

  /** What is true after whatever was tried: others are served, nothing is left behind, nothing is polluted. */
  async check(): Promise<void> {
    await this.echo();
    // Those who left without a word are found out.
    this.clock.advance(31_000);
    for (let turns = 0; turns < 1_000 && this.server.stats().connections > 1; turns += 1) await turn();
    expect(this.server.stats().connections, "connections that are left behind").toBe(1);
    await this.#witness.echo();
    expect(Reflect.ownKeys(Object.prototype)).toEqual(prototypeKeys);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    expect([...this.log.splice(0), metrics(this.server)].join("\n")).not.toContain(canary);
    for (const line of this.warnings.splice(0)) {
      expect(line.length).toBeLessThanOrEqual(512);
      expect(line).not.toMatch(/^error:/);
    }
  }

  async stop(): Promise<void> {
    this.#witness.leave();
    const closed = this.server.close({ timeoutMs: 1 });
    this.clock.advance(1);
    await closed;
    expect(this.clock.timers, "timers that outlive their server").toBe(0);
  }
}
