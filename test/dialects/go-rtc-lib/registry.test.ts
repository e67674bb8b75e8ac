import { describe, expect, test } from "vitest";
import {
  createRegistry,
  echo,
  JsonMessage,
  type Registry,
  type RtcConnection,
} from "../../../src/dialects/go-rtc-lib/index.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { createServer } from "../../../src/index.ts";
import { Cluster } from "../../contracts/cluster-broker.ts";
import { RtcClient, serve, until } from "./support.ts";

const nobody = { id: "nobody" } as RtcConnection;

describe("a registry", () => {
  test.each<[string, (registry: Registry) => unknown]>([
    ["connections", (registry) => registry.connections],
    ["count", (registry) => registry.count],
    ["connection", (registry) => registry.connection("x")],
    ["groups", (registry) => registry.groups],
    ["membersOf", (registry) => registry.membersOf("r")],
    ["addToGroup", (registry) => registry.addToGroup("r", nobody)],
    ["joinGroup", (registry) => registry.joinGroup("r", nobody)],
    ["removeFromGroup", (registry) => registry.removeFromGroup("r", nobody)],
    ["deleteGroup", (registry) => registry.deleteGroup("r")],
    ["broadcast", (registry) => registry.broadcast("x", "r")],
    ["broadcastToAll", (registry) => registry.broadcastToAll("x")],
    ["clearConnections", (registry) => registry.clearConnections()],
  ])("says what to do when %s comes before it is mounted", async (_, call) => {
    const error = await (async () => call(createRegistry()))().catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      code: "option-invalid",
      message: expect.stringMatching(/mount it first: createServer/) as string,
    });
  });

  test("may be prepared before it is mounted", () => {
    const registry = createRegistry();
    registry.createGroup("r");
    registry.registerMessageType("own", (content) => new JsonMessage(content));
    expect(registry.deserialize("own", "x")).toEqual(new JsonMessage("x"));
    createServer({ endpoints: { "/ws": registry } });
    expect(registry.groups).toEqual(["r"]);
  });

  test("is part of one server at a time, and of the next one when that is closed", async () => {
    const registry = createRegistry();
    const server = createServer({ endpoints: { "/ws": registry } });
    const again = (): unknown => createServer({ endpoints: { "/ws": registry } });
    expect(again).toThrow(/part of another server; make one for each/);
    await server.close();
    expect(again).not.toThrow();
  });

  test("refuses what is no handler", () => {
    expect(() => createRegistry().registerHandler({} as typeof echo)).toThrow(/a handler must be a function/);
  });

  test("several paths share connections and groups, each with a handler of its own", async () => {
    const { client, registry, url } = await serve(echo, (one) => ({
      endpoints: { "/shout": one.registerHandler((_, content) => String(content).toUpperCase()) },
    }));
    const [[a], [b]] = [await client(), await client({ path: "/shout" })];
    for (const one of [a, b]) one.send("hi");
    expect([await a.next(), await b.next()]).toEqual([["hi"], ["HI"]]);
    for (const one of registry.connections) await registry.addToGroup("r", one);
    await registry.broadcast("all", "r");
    expect([await a.next(), await b.next(), url.endsWith("/ws"), registry.count]).toEqual([["all"], ["all"], true, 2]);
  });

  test("its options are what its endpoint goes by", () => {
    const given = { maxMessageBytes: 1, maxBufferedMessages: 2, maxBufferedBytes: 3, writeTimeoutMs: 4 };
    const registry = createRegistry({ ...given, pingIntervalMs: 5, pongTimeoutMs: 12, name: "a" });
    expect(registry.mount({} as Engine).webSocket).toEqual({
      ...given,
      pingMs: 5,
      pongMs: 7,
      compressFromBytes: 0,
      needsPongs: true,
      isUnpaced: true,
      silent: {},
      slow: {},
    });
    expect(createRegistry({ name: "a" }).mount({} as Engine).webSocket).toMatchObject({
      maxMessageBytes: 1_048_576,
      maxBufferedMessages: 256,
      maxBufferedBytes: 16_777_216,
      writeTimeoutMs: 10_000,
      pingMs: 30_000,
      pongMs: 30_000,
    });
  });

  test.each([
    ["of one name are one", "hub", ["from the other node", "end"]],
    ["without a name are strangers", undefined, ["end"]],
  ])("registries on two nodes that are %s", async (_, name, expected) => {
    const cluster = new Cluster();
    const options = name === undefined ? {} : { name };
    const here = await serve(options, { broker: cluster.node() });
    const there = await serve(options, { broker: cluster.node() });
    const [client, own] = await here.client();
    await here.registry.addToGroup("r", own);
    await there.registry.broadcast("from the other node", "r");
    await there.server.channel("r").publish("message", "end");
    await until(() => client.unread.some((text) => text.includes("end")));
    expect(client.unread.map((text) => (text.startsWith("{") ? "end" : text))).toEqual(expected);
  });

  test("a group that another node's broker takes its time for is complete before a broadcast", async () => {
    const cluster = new Cluster();
    const { url, registry } = await serve(
      {
        handleMessage: async (connection, content, hub) => {
          await hub.addToGroup("r", connection);
          await hub.broadcast(content, "r");
        },
      },
      { broker: cluster.node() },
    );
    const client = await RtcClient.connect(url);
    client.send("1", "2", "3");
    expect(await client.next(3)).toEqual(["1", "2", "3"]);
    expect(registry.groups).toEqual(["r"]);
  });
});
