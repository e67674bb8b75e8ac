import { setTimeout as delay } from "node:timers/promises";
import {
  createClient,
  longPolling,
  sse,
  webSocket,
  type Client,
  type ClientOptions,
  type Transport,
} from "../../src/client/index.ts";
import { createServer, type Server, type ServerOptions } from "../../src/index.ts";
import { SeededRandom } from "../load/programs/random.ts";
import { Publisher, Subscriber, topsOf } from "./actors.ts";
import { check, type CheckOptions, type Verdict } from "./checker.ts";
import type { Logs } from "./logs.ts";
import { differences, isFlawless, lineOf } from "./report.ts";

/** How large a run is. */
export interface Size {
  readonly publishes: number;
  readonly perSecond: number;
  readonly subscribers: number;
  readonly publishers: number;
  readonly channels: number;
  /** To how many channels each subscriber listens. */
  readonly listensTo: number;
}

/** Ten subscribers listen to each channel, so that there are ten deliveries to a publish. */
const quick: Size = { publishes: 3_000, perSecond: 500, subscribers: 40, publishers: 10, channels: 20, listensTo: 5 };
const full: Size = { publishes: 30_000, perSecond: 500, subscribers: 200, publishers: 10, channels: 20, listensTo: 1 };

/** `CARILLON_FAULTS=full` asks for the full size. */
export const isFull: boolean = process.env["CARILLON_FAULTS"] === "full";
export const standard: Size = isFull ? full : quick;

/** A tenth of the quick size, for what is tried one by one. */
export const small: Size = { publishes: 300, perSecond: 300, subscribers: 8, publishers: 2, channels: 4, listensTo: 4 };

export const seed: number = Number(process.env["CARILLON_FAULTS_SEED"] ?? 1);

/** Of five clients three speak over a WebSocket, and one each over the other transports. */
export const mixed: readonly (() => Transport)[] = [webSocket, webSocket, webSocket, sse, longPolling];

export const history = { size: 10_000, ttlMs: 600_000 };

export interface WorkloadOptions {
  readonly name: string;
  /** @default standard */
  readonly size?: Size;
  /** In turn, for subscribers and for publishers. @default mixed */
  readonly transports?: readonly (() => Transport)[];
  /** Makes payloads larger. */
  readonly padBytes?: number;
  /** Where clients find the server on this port, such as through a proxy. @default directly */
  readonly through?: (port: number) => Promise<number>;
  readonly server?: ServerOptions;
  readonly client?: ClientOptions;
  /** How long the subscribers may take to the top once all has been published. @default 5_000 */
  readonly catchUpMs?: number;
  readonly check?: CheckOptions;
  /** Connections may be given up while their clients are away. */
  readonly sessionsEnded?: boolean;
}

export interface Outcome {
  readonly verdict: Verdict;
  readonly line: string;
  /** What differs from the server's own counts. */
  readonly differing: readonly string[];
  readonly isFlawless: boolean;
}

/** A server, subscribers and publishers that keep a log each. */
export class Workload {
  readonly server: Server;
  readonly subscribers: Subscriber[] = [];
  readonly random: SeededRandom = new SeededRandom(seed);
  readonly #options: WorkloadOptions;
  readonly #size: Size;
  /** Subscribers' and publishers'. */
  readonly clients: Client[] = [];
  readonly #publishers: Publisher[] = [];
  #url = "";

  constructor(options: WorkloadOptions) {
    this.#options = options;
    this.#size = options.size ?? standard;
    this.server = createServer({ channels: { "room-*": { publish: "anyone", history } }, ...options.server });
  }

  /** Everyone is connected and has subscribed. @returns the server's port */
  async start(): Promise<number> {
    const { through = (port) => Promise.resolve(port), transports = mixed } = this.#options;
    const { port } = await this.server.listen({ host: "127.0.0.1" });
    this.#url = addressOf(await through(port));
    const { subscribers, publishers, channels, listensTo } = this.#size;
    for (let number = 0; number < subscribers; number += 1) {
      const own = Array.from({ length: listensTo }, (_, at) => `room-${(number * listensTo + at) % channels}`);
      this.subscribe(this.client(transports[number % transports.length]!()), own);
    }
    for (let number = 0; number < publishers; number += 1) {
      this.#publishers.push(new Publisher(number, this.client(transports[number % transports.length]!())));
    }
    await Promise.all(this.clients.map((client) => client.connect()));
    await Promise.all(this.subscribers.map((subscriber) => subscriber.join()));
    return port;
  }

  /** One more client, at the address of all or at one of its own. */
  client(transport: Transport | readonly Transport[], url: string = this.#url): Client {
    const transports = [transport].flat();
    // What is tried here comes back at once and not together, so that a run is short.
    const client = createClient(url, {
      transports,
      reconnect: { delayMs: 100, maxDelayMs: 500 },
      ...this.#options.client,
    });
    this.clients.push(client);
    return client;
  }

  /** One more subscriber; it has yet to join. */
  subscribe(client: Client, channels: readonly string[]): Subscriber {
    const subscriber = new Subscriber(client, channels);
    this.subscribers.push(subscriber);
    return subscriber;
  }

  /** Publishes the size's number of publications at its pace, by all publishers and into all channels. */
  async publish(count: number = this.#size.publishes): Promise<void> {
    const { perSecond, channels } = this.#size;
    const pad = this.#options.padBytes ? "x".repeat(this.#options.padBytes) : undefined;
    const begin = performance.now();
    for (let published = 0; published < count;) {
      const due = Math.min(count, Math.ceil(((performance.now() - begin) / 1_000) * perSecond));
      for (; published < due; published += 1) {
        const publisher = this.#publishers[published % this.#publishers.length]!;
        publisher.publish(`room-${this.random.below(channels)}`, pad);
      }
      await delay(5);
    }
  }

  /** Waits until all has been answered and heard, as far as it will be, and reads the logs. */
  async settle(): Promise<Outcome> {
    const { name, catchUpMs = 5_000, check: options = { history }, sessionsEnded = false } = this.#options;
    await until(() => this.#publishers.every(({ waiting }) => waiting === 0), 15_000);
    const tops = topsOf(this.#publishers.map(({ log }) => log));
    await until(() => this.subscribers.every((subscriber) => subscriber.isAt(tops)), catchUpMs);
    // Whatever comes too often comes now.
    await delay(200);
    const stats = this.server.stats();
    const verdict = check(this.#logs(), options);
    const differing = differences(verdict, stats, { sessionsEnded });
    const line = lineOf(`${name} (seed ${seed})`, verdict, differing);
    return { verdict, line, differing, isFlawless: isFlawless(verdict) };
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
    await this.server.close({ timeoutMs: 500 });
  }

  #logs(): Logs {
    return {
      publishers: new Map(this.#publishers.map(({ log }, number) => [number, log])),
      subscribers: new Map(this.subscribers.map(({ log }, number) => [`s${number}`, log])),
    };
  }
}

export function addressOf(port: number): string {
  return `ws://127.0.0.1:${port}/carillon`;
}

/** Waits for it, and no longer than that. */
export async function until(isSo: () => boolean, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  while (!isSo() && performance.now() < end) await delay(10);
}
