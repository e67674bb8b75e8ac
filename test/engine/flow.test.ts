import { expect, it } from "vitest";
import { memoryBroker } from "../../src/brokers/memory.ts";
import type { Application } from "../../src/engine/application.ts";
import { ChannelRules } from "../../src/engine/channel-rules.ts";
import type { LiveConnection } from "../../src/engine/connection.ts";
import { Engine } from "../../src/engine/engine.ts";
import { defaultLimits } from "../../src/engine/limits.ts";
import type { Encoder } from "../../src/engine/ports/encoder.ts";
import { Handlers } from "../../src/events/handlers.ts";
import { FakeWire } from "../../src/testing/fake-wire.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { handshake } from "./support.ts";

// The life of one publication, from the inside. No socket, no wire format, no time: what is here is what the engine is.

it("a publication goes from one client to every subscriber of its channel, each hearing it once", async () => {
  // An application tells the engine what it wants: here only to be told who comes and goes.
  const diary: string[] = [];
  const application: Application = {
    authenticate: ({ token }) => (token === undefined ? undefined : { userId: token }),
    middleware: [],
    handlers: new Handlers(),
    interceptors: [],
    publicationListeners: new Handlers(),
    schemas: new Map(),
    connected: (connection) => diary.push(`${connection.userId} is here`),
    disconnected: (connection, { code }) => diary.push(`${connection.userId} is gone: ${code}`),
    suspended: (connection) => diary.push(`${connection.userId} is away`),
    resumed: (connection) => diary.push(`${connection.userId} is back`),
    failed: ({ error }) => diary.push(`failed: ${error.code}`),
    failures: 0,
    hearsRefusals: false,
    refused: () => undefined,
  };

  // The engine, with a broker for one node and all its time and chance from outside.
  let lastId = 0;
  const engine = new Engine({
    application,
    broker: memoryBroker(),
    rules: new ChannelRules({}),
    limits: defaultLimits,
    clock: new ManualClock(1_767_225_600_000),
    random: { next: () => 0.5, uuid: () => `id-${(lastId += 1)}` },
  });
  await engine.start();

  // A dialect has an encoder, which all its clients share: the engine asks it once for all of them.
  let encoded = 0;
  const encoder: Encoder = {
    encode(delivery) {
      encoded += 1;
      if (delivery.kind !== "publication") return undefined; // no word for it: nothing is sent
      const { event, data, from } = delivery.publication;
      return [`${from?.user ?? "the server"}: ${event} ${JSON.stringify(data)}`];
    },
  };

  // A wire opens, the dialect admits a connection on it and, when the client has said who it is, connects it.
  const open = (user: string): { connection: LiveConnection; wire: FakeWire } => {
    const wire = new FakeWire();
    const connection = engine.admit({ dialect: "text", handshake: handshake(), encoder, wire });
    wire.handler = {
      receive: () => undefined,
      closed: (code, reason) => engine.disconnect(connection, { code, reason }),
    };
    expect(connection.isOpen).toBe(false);
    void engine.connect(connection, user, () => wire.send(["welcome"]));
    expect(connection.isOpen).toBe(true);
    return { connection, wire };
  };
  const ada = open("ada");
  const bob = open("bob");
  const eve = open("eve");
  expect(diary.splice(0)).toEqual(["ada is here", "bob is here", "eve is here"]);

  // Subscribing has two steps, so that the reply comes before the news. The memory broker finishes at once: no promise.
  for (const { connection, wire } of [ada, bob]) {
    const joined = engine.join(connection, "lobby");
    if (joined instanceof Promise) throw new Error("nothing here takes time");
    await engine.publish(engine.compose({ channel: "lobby", event: "early", data: connection.userId }));
    wire.send(["subscribed"]); // the dialect's reply; what was published meanwhile is held back for it
    joined.start();
  }
  expect(ada.wire.takeFrames()).toEqual([
    "welcome",
    "subscribed",
    'the server: early "ada"',
    'the server: early "bob"',
  ]);
  expect(bob.wire.takeFrames()).toEqual(["welcome", "subscribed", 'the server: early "bob"']);

  // A client publishes. The broker hands the publication back to every node that has subscribers, this one included.
  encoded = 0;
  const published = engine.publishFrom(ada.connection, { channel: "lobby", event: "chat", data: { text: "hi" } });
  expect(published).toEqual({ id: "id-6", position: undefined });
  expect(ada.wire.takeFrames()).toEqual(['ada: chat {"text":"hi"}']);
  expect(bob.wire.takeFrames()).toEqual(['ada: chat {"text":"hi"}']);
  expect(eve.wire.takeFrames()).toEqual(["welcome"]);
  expect(encoded).toBe(1);

  // Both were handed one and the same packet, by which a transport knows that it needs the bytes only once.
  expect(ada.wire.packets.at(-1)).toBe(bob.wire.packets.at(-1));

  // With `echo: false` the publisher is left out.
  void engine.publishFrom(ada.connection, { channel: "lobby", event: "typing", echo: false });
  expect(ada.wire.takeFrames()).toEqual([]);
  expect(bob.wire.takeFrames()).toEqual(["ada: typing undefined"]);

  // Who has left hears nothing more, and who is not in the channel may not publish there.
  engine.leave(bob.connection, "lobby");
  void engine.publishFrom(ada.connection, { channel: "lobby", event: "chat", data: "still there?" });
  expect(bob.wire.takeFrames()).toEqual([]);
  expect(() => engine.publishFrom(bob.connection, { channel: "lobby", event: "chat" })).toThrow(
    expect.objectContaining({ code: "not-subscribed" }),
  );
  expect(engine.stats()).toMatchObject({ connections: 3, channels: 1, subscriptions: 1 });

  // Wires end, by the peer, by the network or by the server. Nothing stays behind.
  ada.wire.hangUp();
  bob.connection.close(4403, "enough");
  eve.wire.hangUp(1000);
  expect(diary).toEqual(["ada is gone: 1006", "bob is gone: 4403", "eve is gone: 1000"]);
  expect(engine.stats()).toEqual({
    connections: 0,
    channels: 0,
    subscriptions: 0,
    connected: 3,
    refused: 0,
    published: 5,
    whispered: 0,
    whispersRefused: 0,
    throttled: 0,
    delivered: 7,
    received: 0,
    dropped: 0,
    failures: 0,
    suspended: 0,
    resumed: 0,
    recovered: 0,
    gaps: 0,
    repeated: 0,
    duplicates: 0,
    slow: 0,
    tooFast: 0,
  });
});
