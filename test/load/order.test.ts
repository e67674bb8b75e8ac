import { randomInt } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createServer, type Connection, type Server, type ServerOptions } from "../../src/index.ts";
import { Crowd } from "./crowd.ts";
import type { OrderClients, OrderReport, Tick } from "./programs/order-clients.ts";
import { told } from "./programs/told.ts";

const clientCount = 1_000;
const channelCount = 200;
const deliveryCount = 1_000_000;

/** What the server did, in the order it did it; its place is its number. */
type Deed =
  | { readonly kind: "join" | "leave"; readonly client: number; readonly channel: number }
  | ({ readonly kind: "publication" } & Tick)
  | { readonly kind: "union"; readonly channels: readonly number[] }
  | { readonly kind: "everyone" }
  | { readonly kind: "send"; readonly to: number };

/** A server that numbers all it says, and remembers to whom it should go. */
function numberingServer(): { readonly server: Server; readonly deeds: readonly Deed[] } {
  const deeds: Deed[] = [];
  const number = (deed: Deed): number => deeds.push(deed) - 1;
  const connections: Connection[] = [];
  const options: ServerOptions = {
    authenticate: ({ token }) => ({ userId: token! }),
    channels: {
      "c*": {
        authorize({ connection, action, channel }) {
          if (action === "subscribe") {
            number({ kind: "join", client: Number(connection.userId), channel: Number(channel.slice(1)) });
          }
          return true;
        },
      },
    },
    schemas: {
      // A schema may make something else of a payload: the last moment before a publication goes out.
      tick: {
        "~standard": {
          version: 1,
          vendor: "test",
          validate(value) {
            const tick = value as Tick;
            return { value: { number: number({ kind: "publication", ...tick }), channels: [`c${tick.channel}`] } };
          },
        },
      },
    },
  };
  const server = createServer(options);
  const sendTo = (client: number): void => {
    connections[client]!.send("told", { number: number({ kind: "send", to: client }) });
  };
  server.on("connect", ({ connection }) => {
    connections[Number(connection.userId)] = connection;
  });
  server.on("tell", ({ connection, data, reply }) => {
    sendTo((data as { to: number }).to);
    reply({ number: number({ kind: "send", to: Number(connection.userId) }) });
  });
  server.on("union", ({ connection, data, reply }) => {
    const { channels } = data as { channels: readonly number[] };
    const names = channels.map((channel) => `c${channel}`);
    void server.channel(names).publish("together", { number: number({ kind: "union", channels }), channels: names });
    reply({ number: number({ kind: "send", to: Number(connection.userId) }) });
  });
  server.on("everyone", ({ connection, reply }) => {
    void server.broadcast("told", { number: number({ kind: "everyone" }) });
    reply({ number: number({ kind: "send", to: Number(connection.userId) }) });
  });
  server.on("leave", ({ connection, data, reply }) => {
    const { channel } = data as { channel: number };
    const client = Number(connection.userId);
    number({ kind: "leave", client, channel });
    void connection.unsubscribe(`c${channel}`);
    reply({ number: number({ kind: "send", to: client }) });
  });
  return { server, deeds };
}

/** The plain model: for every wire a list of what it is told. Its deliveries are numbered upwards, each there once. */
function listsOf(deeds: readonly Deed[]): readonly (readonly number[])[] {
  const lists = Array.from({ length: clientCount }, () => [] as number[]);
  const members = Array.from({ length: channelCount }, () => new Set<number>());
  for (const [number, deed] of deeds.entries()) {
    switch (deed.kind) {
      case "join":
        members[deed.channel]!.add(deed.client);
        lists[deed.client]!.push(told.subscribed(deed.channel));
        break;
      case "leave":
        members[deed.channel]!.delete(deed.client);
        lists[deed.client]!.push(told.unsubscribed(deed.channel));
        break;
      case "publication":
        for (const client of members[deed.channel]!) {
          if (deed.echo || client !== deed.client) lists[client]!.push(told.delivery(number));
        }
        lists[deed.client]!.push(told.published(deed.ref));
        break;
      case "union":
        for (const client of new Set(deed.channels.flatMap((channel) => [...members[channel]!]))) {
          lists[client]!.push(told.delivery(number));
        }
        break;
      case "everyone":
        for (const list of lists) list.push(told.delivery(number));
        break;
      case "send":
        lists[deed.to]!.push(told.delivery(number));
        break;
    }
  }
  return lists;
}

/** Where a list is not the one that was expected, with what stands around it. */
function difference(client: number, heard: Int32Array, expected: readonly number[]): readonly object[] {
  let at = 0;
  while (at < expected.length && heard[at] === expected[at]) at += 1;
  if (at === expected.length && at === heard.length) return [];
  const around = (list: ArrayLike<number>): readonly number[] => Array.from(list).slice(Math.max(0, at - 3), at + 4);
  return [{ client, at, heard: around(heard), expected: around(expected) }];
}

describe("order under load", () => {
  test("1,000 connections in 200 channels with random subscriptions and direct replies: 1,000,000 deliveries, each exactly once, in order", async ({
    annotate,
  }) => {
    const seed = Number(process.env["LOAD_SEED"] ?? randomInt(2 ** 32));
    await annotate(`LOAD_SEED=${seed}`);
    const { server, deeds } = numberingServer();
    const crowd = new Crowd<OrderClients>(new URL("programs/order-clients.ts", import.meta.url));
    try {
      const { port } = await server.listen({ host: "127.0.0.1" });
      const before = performance.now();
      await crowd.ask({ port, seed, clients: clientCount, channels: channelCount, deliveries: deliveryCount });
      const expected = listsOf(deeds);
      await server.broadcast("over");
      const { lists } = await crowd.answer<OrderReport>();

      const deliveries = lists.reduce((sum, list) => sum + list.filter((entry) => entry >= 0).length, 0);
      await annotate(`${Math.round(deliveries / (performance.now() - before))},000 deliveries/s, connecting included`);
      const differences = lists.flatMap((list, client) => difference(client, list, expected[client]!));
      expect(differences.slice(0, 5), `${differences.length} clients, seed ${seed}`).toEqual([]);
      expect(lists.length).toBe(clientCount);
      expect(deliveries).toBeGreaterThanOrEqual(deliveryCount);
      expect(server.stats()).toMatchObject({ connections: clientCount, failures: 0 });
    } finally {
      await crowd.stop();
      await server.close({ timeoutMs: 100 });
    }
  }, 60_000);
});
