import { afterEach, describe, expect, test } from "vitest";
import { createServer, type Connection, type Server, type ServerOptions } from "../../src/index.ts";
import { createClient, longPolling, sse, webSocket, type Client, type ClientOptions } from "../../src/client/index.ts";
import { msgpackCodec } from "../../src/client/msgpack.ts";
import type { Transport } from "../../src/client/transports/transport.ts";
import { TcpProxy } from "../faults/proxy/tcp.ts";

/**
 * What holds for every transport, over real sockets: the same channels, the same handlers, the same promises.
 */

const transports: Readonly<Record<string, () => Transport>> = {
  websocket: () => webSocket(),
  sse: () => sse(),
  "long-polling": () => longPolling(),
};

const codecs = { JSON: undefined, MessagePack: msgpackCodec() } as const;

/** A server, its clients, and a way between them that can be cut. */
class World {
  readonly server: Server;
  readonly connections: Connection[] = [];
  readonly #clients: Client[] = [];
  readonly #transport: () => Transport;
  readonly #codec: ClientOptions["codec"];
  #way: TcpProxy | undefined;

  constructor(transport: () => Transport, codec: ClientOptions["codec"], options: ServerOptions = {}) {
    this.#transport = transport;
    this.#codec = codec;
    this.server = createServer({
      channels: { "log*": { history: { size: 1_000, ttlMs: 60_000 }, publish: "anyone" } },
      ...options,
    });
    this.server.on("connect", ({ connection }) => this.connections.push(connection));
  }

  async open(): Promise<this> {
    const { port } = await this.server.listen({ host: "127.0.0.1" });
    this.#way = await TcpProxy.start({ port });
    return this;
  }

  client(options: ClientOptions = {}): Client {
    const client = createClient(`http://127.0.0.1:${this.#way!.port}/carillon`, {
      transports: [this.#transport()],
      reconnect: { delayMs: 10, maxDelayMs: 50 },
      ...(this.#codec && { codec: this.#codec }),
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** Resets every connection between the clients and the server. */
  cut(): void {
    this.#way?.reset();
  }

  async end(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.server.close({ timeoutMs: 1_000 });
    await this.#way?.close();
  }
}

/** Resolves when the list has so many entries. */
async function holds(list: readonly unknown[], count: number): Promise<void> {
  await expect.poll(() => list.length, { timeout: 8_000, interval: 5 }).toBeGreaterThanOrEqual(count);
}

let world: World;
afterEach(() => world.end());

for (const [name, transport] of Object.entries(transports)) {
  for (const [format, codec] of Object.entries(codecs)) {
    describe(`${name}, ${format}`, () => {
      const begin = (options?: ServerOptions): Promise<World> => (world = new World(transport, codec, options)).open();

      test("connects, and says over what", async () => {
        await begin({ authenticate: ({ token }) => (token === "t" ? { userId: "ada" } : undefined) });
        const client = world.client({ token: "t" });
        await client.connect();
        expect(client.state).toMatchObject({ kind: "open", transport: name, user: "ada" });
        expect(world.connections[0]).toMatchObject({ userId: "ada", dialect: "native", isOpen: true });
      });

      test("a token that is refused closes the client for good, with the server's word", async () => {
        await begin({ authenticate: ({ token }) => (token === "t" ? { userId: "ada" } : undefined) });
        const client = world.client({ token: "wrong" });
        await expect(client.connect()).rejects.toMatchObject({ code: "unauthorized" });
        expect(client.state).toMatchObject({ kind: "closed" });
      });

      test("publishes to itself and others, bytes and text, each once and in order", async () => {
        await begin();
        const [ada, bob] = [world.client(), world.client()];
        const heard: Record<string, unknown[]> = { ada: [], bob: [] };
        ada.channel("lobby").on("m", (data) => heard["ada"]!.push(data));
        bob.channel("lobby").on("m", (data) => heard["bob"]!.push(data));
        await Promise.all([ada.channel("lobby").subscribe(), bob.channel("lobby").subscribe()]);
        const sent = [1, "é\n\r\u2028\0", { a: [null] }, new Uint8Array([0, 255]), "x".repeat(50_000)];
        for (const data of sent) await ada.channel("lobby").publish("m", data);
        await holds(heard["bob"]!, sent.length);
        expect(heard).toEqual({ ada: sent, bob: sent });
      });

      test("many publications at once arrive in order, both ways", async () => {
        await begin();
        const client = world.client();
        const heard: unknown[] = [];
        const channel = client.channel("lobby");
        channel.on("m", (data) => heard.push(data));
        await channel.subscribe();
        // As many as may wait for the server's word, but one for the subscription.
        const numbers = Array.from({ length: 999 }, (_, number) => number);
        await Promise.all(numbers.map((number) => channel.publish("m", number)));
        await holds(heard, numbers.length);
        expect(heard).toEqual(numbers);
      });

      test("asks and is asked", async () => {
        await begin();
        world.server.on("double", ({ data, reply }) => reply((data as number) * 2));
        const client = world.client();
        client.on("where", (_, { reply }) => reply("here"));
        await expect(client.request("double", 21)).resolves.toBe(42);
        await expect(world.connections[0]!.request("where")).resolves.toBe("here");
        await expect(client.request("nobody")).rejects.toMatchObject({ code: "no-handler" });
      });

      test("what is sent before close() arrives", async () => {
        await begin();
        const heard: unknown[] = [];
        world.server.on("m", ({ data }) => heard.push(data));
        const client = world.client();
        await client.connect();
        for (let number = 0; number < 50; number += 1) client.send("m", number);
        await client.close();
        await holds(heard, 50);
        expect(heard).toEqual(Array.from({ length: 50 }, (_, number) => number));
      });

      test("both sides hear of the end, whoever ends it", async () => {
        await begin();
        const ends: unknown[] = [];
        world.server.on("disconnect", ({ code }) => ends.push(code));
        const leaving = world.client();
        await leaving.connect();
        await leaving.close();
        await holds(ends, 1);
        expect(ends).toEqual([1000]);
        const sent = world.client();
        const told: unknown[] = [];
        sent.on("disconnect", ({ code, reason, willReconnect }) => told.push({ code, reason, willReconnect }));
        await sent.connect();
        world.connections[1]!.close(4410, "enough");
        await holds(told, 1);
        expect(told).toEqual([{ code: 4410, reason: "enough", willReconnect: false }]);
      });

      test("members are told of joins and leaves", async () => {
        await begin({ authenticate: ({ token }) => ({ userId: token! }) });
        const ada = world.client({ token: "ada" });
        await ada.channel("presence-lobby").subscribe();
        const bob = world.client({ token: "bob" });
        await bob.channel("presence-lobby").subscribe();
        const users = (): readonly string[] => ada.channel("presence-lobby").presence.members.map(({ user }) => user);
        await expect.poll(users).toEqual(["ada", "bob"]);
        await bob.close();
        await expect.poll(users).toEqual(["ada"]);
      });

      test("P3: a link that is cut is resumed: the same connection, nothing lost, nothing twice, in order", async () => {
        await begin();
        const heard: unknown[] = [];
        const connects: unknown[] = [];
        const gaps: unknown[] = [];
        const client = world.client();
        client.on("connect", ({ resumed }) => connects.push(resumed));
        client.on("gap", (gap) => gaps.push(gap));
        client.channel("lobby").on("m", (data) => heard.push(data));
        await client.channel("lobby").subscribe();
        for (let number = 0; number < 200; number += 1) {
          if (number % 50 === 25) world.cut();
          void world.server.channel("lobby").publish("m", number);
          await new Promise(setImmediate);
        }
        await holds(heard, 200);
        expect(heard).toEqual(Array.from({ length: 200 }, (_, number) => number));
        expect(connects.slice(1).every((resumed) => resumed === true)).toBe(true);
        // A link of plain requests may live through a cut by itself.
        if (name === "websocket") expect(connects.length).toBeGreaterThan(1);
        expect(gaps).toEqual([]);
        expect(world.connections).toHaveLength(1);
      });

      test("P2, P4: what is published over a link that is cut again and again is accepted once each", async () => {
        await begin();
        const heard: unknown[] = [];
        await world.server.channel("log").subscribe(({ data }) => heard.push(data));
        const client = world.client();
        await client.connect();
        const acked: Promise<unknown>[] = [];
        for (let number = 0; number < 200; number += 1) {
          if (number % 50 === 25) world.cut();
          acked.push(client.channel("log").publish("m", number));
          if (number % 10 === 0) await new Promise(setImmediate);
        }
        await expect(Promise.all(acked)).resolves.toHaveLength(200);
        expect(heard).toEqual(Array.from({ length: 200 }, (_, number) => number));
      });

      test("P3: history since a position of an earlier client is replayed", async () => {
        await begin();
        const first = world.client();
        await first.channel("log").subscribe();
        const { position } = await first.channel("log").publish("m", 0);
        await first.close();
        for (let number = 1; number <= 20; number += 1) await world.server.channel("log").publish("m", number);
        const heard: unknown[] = [];
        const later = world.client();
        later.channel("log").on("m", (data) => heard.push(data));
        await later.channel("log").subscribe({ since: position! });
        await world.server.channel("log").publish("m", 21);
        await holds(heard, 21);
        expect(heard).toEqual(Array.from({ length: 21 }, (_, number) => number + 1));
        const page = await later.channel("log").history({ limit: 3 });
        expect(page.publications.map(({ data }) => data)).toEqual([19, 20, 21]);
      });

      test("P10: a server that drains answers what it took and lets the client go with 4510", async () => {
        await begin();
        world.server.on("slow", async ({ reply }) => {
          await new Promise((resolve) => setTimeout(resolve, 50));
          reply("done");
        });
        const client = world.client();
        const ends: unknown[] = [];
        client.on("disconnect", ({ code, willReconnect }) => ends.push({ code, willReconnect }));
        await client.connect();
        const answer = client.request("slow");
        await expect.poll(() => world.server.stats().received).toBe(1);
        const closed = world.server.close({ timeoutMs: 5_000 });
        expect(world.server.isReady).toBe(false);
        await expect(answer).resolves.toBe("done");
        await closed;
        await holds(ends, 1);
        expect(ends).toEqual([{ code: 4510, willReconnect: true }]);
      });
    });
  }
}
