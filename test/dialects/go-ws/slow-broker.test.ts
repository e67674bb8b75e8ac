import { describe, expect, test } from "vitest";
import { goWs, type GoWs, type GoWsOptions } from "../../../src/dialects/go-ws/index.ts";
import { FakeWire } from "../../../src/testing/fake-wire.ts";
import { codeOf, handshake, PendingBroker, turn, world } from "../../engine/support.ts";
import type { Said } from "./support.ts";

interface Client {
  say(message: object): void;
  heard(): readonly Said[];
  readonly wire: FakeWire;
}

function slowWorld(options: GoWsOptions = {}): {
  readonly broker: PendingBroker;
  readonly hub: GoWs;
  readonly stats: () => { readonly channels: number };
  readonly opened: () => Client;
} {
  const broker = new PendingBroker();
  const { engine } = world({ broker, channels: { "presence-*": { presence: true } } });
  const hub = goWs({ rateLimit: false, enableWhispers: true, ...options });
  const endpoint = hub.mount(engine);
  return {
    broker,
    hub,
    stats: () => engine.stats(),
    opened() {
      const wire = new FakeWire();
      wire.handler = endpoint.open(wire, handshake(), undefined);
      return {
        wire,
        say: (message) => wire.receive(JSON.stringify(message)),
        heard: () => wire.takeFrames().map((frame) => JSON.parse(frame as string) as Said),
      };
    },
  };
}

describe("go-ws over a broker that takes its time", () => {
  test("GWS-11 a join is announced once the subscription stands, and what was published meanwhile comes after it", async () => {
    const { broker, opened } = slowWorld();
    const ada = opened();
    ada.say({ action: "subscribe", channel: "presence-r" });
    ada.say({ action: "broadcast", channel: "presence-r", data: 1 });
    await turn();
    expect([broker.pending, ada.heard()]).toEqual([["subscribe presence-r"], []]);
    await broker.finish();
    expect(ada.heard()).toMatchObject([{ event: "presence:join" }]);
    expect(broker.pending).toEqual(["publish presence-r message"]);
    await broker.finish();
    expect(ada.heard()).toMatchObject([{ type: "message", data: 1, event: "" }]);
  });

  test("GWS-17 a subscription that fails is told, and the next attempt works", async () => {
    const { broker, opened, stats } = slowWorld();
    const ada = opened();
    ada.say({ action: "subscribe", channel: "c" });
    await turn();
    await broker.fail();
    expect(ada.heard()).toMatchObject([{ type: "error", channel: "c" }]);
    await broker.finishAll();
    expect(stats().channels).toBe(0);
    ada.say({ action: "subscribe", channel: "c" });
    await turn();
    await broker.finishAll();
    ada.say({ action: "broadcast", channel: "c", data: 2 });
    await turn();
    await broker.finishAll();
    expect(ada.heard()).toMatchObject([{ data: 2 }]);
  });

  test("GWS-17 a broadcast that fails is told to its sender alone", async () => {
    const { broker, opened } = slowWorld();
    const [ada, bob] = [opened(), opened()];
    for (const one of [ada, bob]) one.say({ action: "subscribe", channel: "c" });
    await turn();
    await broker.finishAll();
    ada.say({ action: "broadcast", channel: "c", data: 1 });
    await turn();
    await broker.fail();
    expect(ada.heard()).toMatchObject([{ type: "error", channel: "c" }]);
    expect(bob.heard()).toEqual([]);
  });

  test("GWS-12 who goes while it is being let in was never there", async () => {
    const { broker, hub, opened, stats } = slowWorld();
    const ada = opened();
    ada.say({ action: "subscribe", channel: "presence-r" });
    await turn();
    await broker.finish();
    ada.heard();
    const bob = opened();
    bob.say({ action: "subscribe", channel: "presence-s" });
    await turn();
    bob.wire.destroy();
    await broker.finishAll();
    expect(ada.heard()).toEqual([]);
    expect([hub.clients.size, stats().channels]).toEqual([1, 1]);
  });

  test("GWS-43 as many broadcasts as writeBufferSize wait for the broker, and one more is refused", async () => {
    const { broker, hub } = slowWorld({ writeBufferSize: 2 });
    const first = hub.broadcast({ channelName: "c", data: 1 });
    const second = hub.broadcast({ channelName: "c", data: 2 });
    expect(await codeOf(() => hub.broadcast({ channelName: "c", data: 3 }))).toBe("queue-full");
    await broker.finish();
    await first;
    const third = hub.broadcast({ channelName: "c", data: 3 });
    await broker.finishAll();
    await Promise.all([second, third]);
  });
});
