import { native } from "../../../src/dialects/native/dialect.ts";
import type { ChannelRule } from "../../../src/engine/channel-rules.ts";
import type { Handshake } from "../../../src/engine/handshake.ts";
import type { Wire, WireHandler } from "../../../src/engine/ports/wire.ts";
import { CarillonError } from "../../../src/errors/carillon-error.ts";
import type { ServerOptions } from "../../../src/server/options.ts";
import { createServer, type Server } from "../../../src/server/server.ts";
import { payload } from "../checks/truth.ts";
import { ActorClock } from "./actor-clock.ts";
import type { Reachable } from "./network.ts";
import type { World } from "./world.ts";

/** What a client sends, requests and is told. */
export interface Numbered {
  readonly client: string;
  readonly number: number;
}

/** One server process. */
export class NodeActor implements Reachable {
  readonly name: string;
  readonly clock: ActorClock;
  readonly server: Server;
  readonly #world: World;
  readonly #leaveBroker: () => void;
  #state: "up" | "draining" | "gone" = "up";
  #published = 0;
  #hasStalled = false;
  /** Timers of its own handlers. */
  #waits = 0;

  constructor(world: World, name: string) {
    const { config, scheduler, broker, random } = world;
    const own = random.part(name);
    this.#world = world;
    this.name = name;
    this.clock = new ActorClock(scheduler, own.whole(0, 1_000_000));
    const seat = broker.node(name, this.clock);
    this.#leaveBroker = seat.leave;
    const { size, ttlMs, recovered, recoveredBytes } = config.bounds;
    const options = {
      broker: seat.broker,
      clock: this.clock,
      random: own,
      logger: { info: ignore, warn: ignore, error: ignore },
      endpoints: {
        "/carillon": native({
          resumeMs: config.resumeMs,
          heartbeatMs: config.heartbeatMs,
          maxBufferedBytes: config.maxBufferedBytes,
          connectTimeoutMs: 4_000,
        }),
      },
      channels: {
        "h-*": { publish: "anyone", history: { size, ttlMs } },
        "p-*": { publish: "anyone" },
      } as Readonly<Record<string, ChannelRule>>,
      limits: {
        heldDeliveries: config.heldDeliveries,
        recoveredPublications: recovered,
        recoveredBytes,
      } as ServerOptions["limits"],
      authenticate: async ({ token }: { readonly token: string | undefined }) => {
        await this.#wait(own.time(config.authMs));
        return world.identities.identify(token);
      },
    } as ServerOptions;
    this.server = createServer(options);
    this.#handle();
    this.#trace("starts");
  }

  get isUp(): boolean {
    return this.#state !== "gone";
  }

  async accept(wire: Wire, handshake: Handshake): Promise<WireHandler> {
    const wasDraining = this.#state === "draining";
    const handler = await this.server.accept(wire, handshake);
    if (wasDraining) this.#world.fail(`I19 ${this.name} took a client while it drained`);
    return handler;
  }

  /** Tells each of its clients its next number. */
  tell(): void {
    const { conduct } = this.#world;
    for (const connection of this.server.connections) {
      connection.send("tick", { client: connection.id, number: conduct.tells(connection.id) } satisfies Numbered);
    }
  }

  publish(channel: string): void {
    this.#published += 1;
    const data = payload(this.name, this.#published, channel, 0);
    this.#world.truth.attempt(channel, data);
    this.server.channel(channel).publish("m", data).catch(ignore);
  }

  /** Looks at how much waits for its clients. */
  look(): void {
    const { conduct, config } = this.#world;
    for (const connection of this.server.connections) {
      // What the application does not see of a connection.
      const { id, wire } = connection as unknown as { readonly id: string; readonly wire: Wire };
      conduct.waits(id, wire.bufferedBytes, config.maxBufferedBytes);
    }
  }

  /** The process dies, and everything in it. */
  crash(): void {
    this.#trace("crashes");
    this.#end();
  }

  /** SIGTERM. */
  async drain(timeoutMs: number): Promise<void> {
    if (this.clock.isStopped) await new Promise<void>((resolve) => this.clock.whenAwake(resolve));
    if (this.#state !== "up") return;
    this.#state = "draining";
    this.#trace(`drains within ${timeoutMs}`);
    const start = this.clock.now();
    this.#hasStalled = false;
    await this.server.close({ timeoutMs });
    if (this.#isGone) return;
    const tookMs = this.clock.now() - start;
    this.#trace(`has drained in ${tookMs.toFixed(0)}`);
    if (tookMs > timeoutMs + 50 && !this.#hasStalled)
      this.#world.fail(`I19 ${this.name} took ${tookMs} ms to drain, and not ${timeoutMs}`);
    const { connections } = this.server.stats();
    if (connections > 0) this.#world.fail(`I19 ${this.name} has ${connections} connections after it drained`);
    // What its own handlers still wait for are not the server's timers.
    const timers = this.clock.timers - this.#waits;
    if (timers > 0) this.#world.fail(`I13 ${this.name} left ${timers} timers behind`);
    this.#end();
  }

  /** The process stands still for a while. */
  stall(ms: number): void {
    if (this.clock.isStopped) return;
    this.#trace(`stalls for ${ms}`);
    this.#hasStalled = true;
    this.clock.stop(false);
    this.#world.scheduler.after(ms, () => this.clock.goOn());
  }

  get #isGone(): boolean {
    return this.#state === "gone";
  }

  #wait(ms: number): Promise<void> {
    this.#waits += 1;
    return new Promise((resolve) => {
      this.clock.after(ms, () => {
        this.#waits -= 1;
        resolve();
      });
    });
  }

  #handle(): void {
    const { conduct, random, config } = this.#world;
    const { server } = this;
    const own = random.part(`${this.name} handlers`);
    server.on("connect", ({ connection }) => conduct.connected(connection.id));
    server.on("disconnect", ({ connection, code }) => {
      this.#trace(`loses ${connection.id} ${code}`);
      conduct.disconnected(connection.id);
    });
    server.on("error", ({ error }) => {
      this.#trace(`reports ${error.code}`);
      const isBug = error.cause instanceof TypeError || error.cause instanceof RangeError;
      if (isBug) this.#world.fail(`${this.name} reports ${String((error.cause as Error).stack)}`);
    });
    server.on("note", ({ connection, data }) => {
      const { client, number } = data as Numbered;
      conduct.handled(connection.id, "note", client, number);
    });
    server.on("ask", async ({ connection, data, reply }) => {
      const { client, number } = data as Numbered;
      conduct.handled(connection.id, "ask", client, number);
      if (number % 13 === 0) throw new CarillonError("forbidden");
      await this.#wait(own.time(config.delayMs * 5));
      reply({ client, number });
    });
  }

  #end(): void {
    this.#state = "gone";
    this.clock.kill();
    this.#leaveBroker();
    this.#world.nodeIsGone(this);
  }

  #trace(event: string): void {
    this.#world.trace.add(this.name, event);
  }
}

function ignore(): void {}
