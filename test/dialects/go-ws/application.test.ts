import { afterEach, describe, expect, test } from "vitest";
import type { GoWsOptions, GoWsStorage } from "../../../src/dialects/go-ws/index.ts";
import type { ServerOptions } from "../../../src/index.ts";
import { handshake } from "../../server/raw-client.ts";
import { byToken, eventually, Speaker, start, stopAll } from "./support.ts";

afterEach(stopAll);

/** Knows who is in which channel, and nothing else. */
function membersOnly(): { readonly storage: GoWsStorage; readonly channels: Set<string> } {
  const channels = new Set<string>();
  const storage: GoWsStorage = {
    saveClient: () => undefined,
    removeClient: () => undefined,
    updateClientLastSeen: () => undefined,
    addClientToChannel: (channel) => void channels.add(channel),
    removeClientFromChannel: (channel) => void channels.delete(channel),
  };
  return { storage, channels };
}

describe("go-ws: what the application does besides", () => {
  test("GWS-1 a broadcast whose data a schema or an interceptor replaced keeps its empty event and its id", async () => {
    const copy = (value: unknown): { readonly value: unknown } => ({ value: { ...(value as object), checked: true } });
    const schema = { "~standard": { version: 1, vendor: "test", validate: copy } } as const;
    const { connect, server } = await start({}, { schemas: { message: schema } });
    server.intercept((message) => {
      message.data = { ...(message.data as object), seen: true };
    });
    const ada = await connect();
    await ada.subscribe("c");
    ada.say({ action: "broadcast", channel: "c", data: { n: 1 } });
    const [heard] = await ada.hears(1);
    expect(heard).toMatchObject({ event: "", data: { n: 1, seen: true, checked: true } });
    expect(heard!["message_id"]).toMatch(new RegExp(`^${String(heard!["sender_id"])}-\\d{19}$`));
  });

  test("GWS-1 a broadcast whose event an interceptor renamed has the new one", async () => {
    const { connect, server } = await start();
    server.intercept((message) => {
      message.event = "renamed";
    });
    const ada = await connect();
    await ada.subscribe("c");
    ada.say({ action: "broadcast", channel: "c", event: "named", data: 1 });
    expect(await ada.hears(1)).toMatchObject([{ event: "renamed", data: 1 }]);
  });

  test("GWS-11 GWS-28 a client that the server puts into a presence channel hears its own join, and is stored", async () => {
    const { storage, channels } = membersOnly();
    const { connect, hub } = await start({ ...byToken, storage });
    const ada = await connect("?token=ada");
    const { connection } = [...hub.clients.values()][0]!;
    await connection.subscribe("presence-r");
    expect(await ada.hears(1)).toMatchObject([
      { event: "presence:join", users: [{ user_id: "ada" }], data: { user_id: "ada" } },
    ]);
    expect([...channels]).toEqual(["presence-r"]);
    await connection.unsubscribe("presence-r");
    expect((await ada.hears(2))[1]).toEqual({
      type: "error",
      error: "unsubscribed by the server",
      channel: "presence-r",
    });
    expect([...channels]).toEqual([]);
  });

  test("GWS-28 a channel that middleware put the client into is stored", async () => {
    const { storage, channels } = membersOnly();
    const { connect, server, hub } = await start({ storage });
    server.use(async (connection, next) => {
      await connection.subscribe("news");
      await next();
    });
    const ada = await connect();
    await ada.settled();
    expect([...channels]).toEqual(["news"]);
    await hub.broadcast({ channelName: "news", data: 1 });
    expect(await ada.hears(1)).toMatchObject([{ channel: "news", data: 1 }]);
  });

  test("GWS-11 a client that middleware put into a presence channel hears its own join, once", async () => {
    const { connect, server } = await start(byToken);
    server.use(async (connection, next) => {
      await connection.subscribe("presence-r");
      // Still on its way when the client is in.
      void connection.subscribe("presence-s");
      return next();
    });
    const ada = await connect("?token=ada");
    await ada.settled();
    const told = ada.heard.map(({ channel, event, users }) => ({ channel, event, users }));
    const users = [{ user_id: "ada", client_id: expect.any(String) as string }];
    expect(told).toEqual(["presence-r", "presence-s"].map((channel) => ({ channel, event: "presence:join", users })));
  });

  test.each<[string, (answer: Promise<boolean>) => [GoWsOptions, ServerOptions]]>([
    ["authHandler", (answer) => [{ authHandler: () => answer }, {}]],
    ["the channel's rule", (answer) => [{}, { channels: { "presence-r": { authorize: () => answer } } }]],
  ])("GWS-11 a client that the server puts into a channel while %s is asked stays there", async (_, options) => {
    const answer = Promise.withResolvers<boolean>();
    const { connect, hub, server } = await start(...options(answer.promise));
    const ada = await connect();
    ada.say({ action: "subscribe", channel: "presence-r" });
    await eventually(() => hub.stats().messagesReceived === 1);
    await [...hub.clients.values()][0]!.connection.subscribe("presence-r");
    answer.resolve(true);
    await ada.settled();
    expect(ada.heard).toMatchObject([{ event: "presence:join" }]);
    expect(ada.heard).toHaveLength(1);
    expect(server.channel("presence-r").connections).toHaveLength(1);
  });

  test("a client whose metadata cannot be written is not half in the channel", async () => {
    const { connect, server } = await start({ onConnect: ({ metadata }) => metadata.set("n", 1n) });
    const ada = await connect();
    await ada.subscribe("presence-r");
    expect(ada.heard).toEqual([{ type: "error", error: "the server failed", channel: "presence-r" }]);
    expect(server.channel("presence-r").connections).toEqual([]);
  });

  test("a client whose identity has ended is closed with 1001 and no word of a server that stops", async () => {
    const wall = Date.now();
    const { url } = await start({}, { authenticate: () => ({ userId: "ada", expiresAt: wall + 100 }) });
    const ada = new Speaker(url);
    expect(await ada.closed).toEqual({ code: 1001, reason: "" });
  });

  test("a publication of the server's that is refused may be dropped", async () => {
    const { hub, connect } = await start();
    void hub.broadcast({ channelName: "" });
    await expect(hub.broadcast({ channelName: "" })).rejects.toMatchObject({ code: "channel-name-invalid" });
    const ada = await connect();
    await ada.settled();
  });

  test("GWS-19 GWS-23 refusals are plain text that nobody should take for anything else", async () => {
    const { url, connect } = await start({
      maxConnections: 1,
      middleware: [
        (asking, next) =>
          asking.url.searchParams.has("who") ? { status: 403, message: "who?", headers: { "X-A": "b" } } : next(),
      ],
    });
    await connect();
    const full = await handshake(url);
    expect([full.status, full.body]).toEqual([503, "too many connections\n"]);
    expect(full.headers["x-content-type-options"]).toBe("nosniff");
    const asked = await handshake(`${url}?who`);
    expect([asked.status, asked.body]).toEqual([403, "who?\n"]);
    expect(asked.headers).toMatchObject({ "x-a": "b", "x-content-type-options": "nosniff" });
  });
});
