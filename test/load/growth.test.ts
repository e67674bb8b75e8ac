import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { memoryBroker } from "../../src/brokers/memory.ts";
import { nativeEncoder } from "../../src/dialects/native/encoder.ts";
import type { Application } from "../../src/engine/application.ts";
import { ChannelRules } from "../../src/engine/channel-rules.ts";
import type { LiveConnection } from "../../src/engine/connection.ts";
import { Engine } from "../../src/engine/engine.ts";
import { defaultLimits } from "../../src/engine/limits.ts";
import type { Encoder } from "../../src/engine/ports/encoder.ts";
import type { Wire } from "../../src/engine/ports/wire.ts";
import { Handlers } from "../../src/events/handlers.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { systemRandom } from "../../src/platform/random.ts";
import { createJsonCodec } from "../../src/protocol/codec.ts";
import { frame } from "../../src/transports/websocket/framing.ts";
import { SharedSends } from "../../src/transports/shared-sends.ts";
import { handshake } from "../engine/support.ts";
import { median } from "./median.ts";

const application: Application = {
  authenticate: undefined,
  middleware: [],
  handlers: new Handlers(),
  interceptors: [],
  publicationListeners: new Handlers(),
  schemas: new Map(),
  connected: () => undefined,
  disconnected: () => undefined,
  suspended: () => undefined,
  resumed: () => undefined,
  failed({ error }) {
    throw error;
  },
  failures: 0,
  hearsRefusals: false,
  refused: () => undefined,
};

/** An engine whose wires go as far as the write, and the encoder of all its clients. */
class Node {
  readonly engine: Engine = new Engine({
    application,
    broker: memoryBroker(),
    rules: new ChannelRules({}),
    limits: { ...defaultLimits, subscriptions: Number.MAX_SAFE_INTEGER },
    clock: systemClock,
    random: systemRandom,
  });
  readonly #encoder: Encoder = nativeEncoder(createJsonCodec());
  readonly #shared = new SharedSends(frame, systemClock);
  writtenBytes = 0;

  static async start(): Promise<Node> {
    const node = new Node();
    await node.engine.start();
    return node;
  }

  connect(): LiveConnection {
    const sends = this.#shared.sends({
      write: (bytes) => {
        this.writtenBytes += bytes.length;
      },
    });
    const wire: Wire = {
      transport: "in-process",
      bufferedBytes: 0,
      lastWriteAt: 0,
      send: (packet) => sends.push(packet),
      whenDrained: (run) => void setImmediate(run),
      pause: () => undefined,
      resume: () => undefined,
      close: () => undefined,
      destroy: () => undefined,
    };
    const connection = this.engine.admit({ dialect: "native", handshake: handshake(), encoder: this.#encoder, wire });
    void this.engine.connect(connection, undefined, () => undefined);
    return connection;
  }

  connectMany(count: number): readonly LiveConnection[] {
    return Array.from({ length: count }, () => this.connect());
  }

  join(connection: LiveConnection, channel: string): void {
    const joined = this.engine.join(connection, channel);
    if (joined instanceof Promise) throw new Error("nothing here takes time");
    joined.start();
  }

  publish(channel: string): void {
    void this.engine.publish(this.engine.compose({ channel, event: "tick", data: payload }));
  }
}

const payload = "x".repeat(128);
const publicationsPerTurn = 16;

/** What a measurement costs per step, in nanoseconds of this process's own time: others may be busy meanwhile. */
async function cost(steps: number, run: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / steps;
}

/** The medians of five measurements each, taken in turn, so that what disturbs one disturbs the other. */
async function compare(small: () => Promise<number>, large: () => Promise<number>): Promise<readonly [number, number]> {
  await small();
  await large();
  const [smalls, larges]: [number[], number[]] = [[], []];
  for (let round = 0; round < 5; round += 1) {
    smalls.push(await small());
    larges.push(await large());
  }
  return [median(smalls), median(larges)];
}

describe("growth", () => {
  test("a delivery costs at most twice as much with 10,000 subscribers as with 1,000", async ({ annotate }) => {
    const deliveries = 1_600_000;
    const measure = async (subscribers: number): Promise<() => Promise<number>> => {
      const node = await Node.start();
      for (const connection of node.connectMany(subscribers)) node.join(connection, "room");
      return () =>
        cost(deliveries, async () => {
          for (let published = 0; published < deliveries / subscribers; published += publicationsPerTurn) {
            for (let one = 0; one < publicationsPerTurn; one += 1) node.publish("room");
            await turn();
          }
        });
    };
    const [few, many] = await compare(await measure(1_000), await measure(10_000));
    await annotate(`${few.toFixed(1)} ns with 1,000, ${many.toFixed(1)} ns with 10,000`);
    expect(many).toBeLessThanOrEqual(2 * few);
  });

  test("a delivery costs at most twice as much in one of 100,000 channels as in one of 100", async ({ annotate }) => {
    const publications = 32_000;
    const subscribers = 100;
    const measure = async (channels: number): Promise<() => Promise<number>> => {
      const node = await Node.start();
      const connections = node.connectMany(subscribers);
      const names = Array.from({ length: channels }, (_, channel) => `channel-${channel}`);
      for (const [index, name] of names.entries()) node.join(connections[index % subscribers]!, name);
      expect(node.engine.stats().channels).toBe(channels);
      let next = 0;
      return () =>
        cost(publications, async () => {
          for (let published = 0; published < publications; published += publicationsPerTurn) {
            for (let one = 0; one < publicationsPerTurn; one += 1) {
              // A hundred of them, far apart: the work is compared, and not what the processor's caches hold.
              next = (next + channels / 100) % channels;
              node.publish(names[next]!);
            }
            await turn();
          }
        });
    };
    const [few, many] = await compare(await measure(100), await measure(100_000));
    await annotate(`${few.toFixed(0)} ns with 100, ${many.toFixed(0)} ns with 100,000`);
    expect(many).toBeLessThanOrEqual(2 * few);
  });

  test("leaving and joining cost at most three times as much among 10,000 members as among 100", async ({
    annotate,
  }) => {
    const moves = 50_000;
    const measure = async (members: number): Promise<() => Promise<number>> => {
      const node = await Node.start();
      const connections = node.connectMany(members);
      for (const connection of connections) node.join(connection, "room");
      let next = 0;
      return () =>
        cost(moves, async () => {
          for (let move = 0; move < moves; move += 1) {
            // Again a hundred of them, far apart.
            next = (next + members / 100) % members;
            node.engine.leave(connections[next]!, "room");
            node.join(connections[next]!, "room");
          }
          expect(node.engine.stats().subscriptions).toBe(members);
        });
    };
    const [few, many] = await compare(await measure(100), await measure(10_000));
    await annotate(`${few.toFixed(0)} ns among 100, ${many.toFixed(0)} ns among 10,000`);
    expect(many).toBeLessThanOrEqual(3 * few);
  });
});
