import fc from "../properties.ts";
import { describe, expect, it } from "vitest";
import { nothingLeft, PendingBroker, world, type TestClient } from "./support.ts";

// Whatever clients do, and whenever the broker gets round to it: a client hears of a channel exactly what the broker
// handed on while the client was in it, in that order, each thing once, and nothing before its "subscribed".

type Step =
  | {
      readonly kind: "subscribe" | "unsubscribe" | "publish" | "quiet publish";
      readonly who: number;
      readonly channel: string;
    }
  | { readonly kind: "hang up"; readonly who: number }
  | { readonly kind: "finish"; readonly count: number }
  | { readonly kind: "fail" };

const who = fc.nat({ max: 2 });
const channel = fc.constantFrom("a", "b");

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("subscribe" as const), who, channel }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("unsubscribe" as const), who, channel }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("publish" as const), who, channel }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("quiet publish" as const), who, channel }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("hang up" as const), who }) },
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant("finish" as const), count: fc.integer({ min: 1, max: 3 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("fail" as const) }) },
  ),
  { maxLength: 40 },
);

/** What a client should hear, kept as simply as possible. */
class Model {
  /** Who is in a channel, from asking to leaving; `told` since its reply. */
  readonly places: Map<string, { told: boolean; held: string[] }> = new Map();
  readonly heard: string[] = [];

  join(channel: string): void {
    this.places.set(channel, { told: false, held: [] });
  }

  leave(channel: string): void {
    this.places.delete(channel);
  }

  deliver(channel: string, line: string): void {
    const place = this.places.get(channel);
    if (!place) return;
    if (place.told) this.heard.push(line);
    else place.held.push(line);
  }

  told(channel: string): void {
    const place = this.places.get(channel)!;
    place.told = true;
    this.heard.push(`subscribed ${channel}`, ...place.held.splice(0));
  }
}

async function play(schedule: readonly Step[]): Promise<void> {
  const broker = new PendingBroker();
  const { connected, engine } = world({ broker, channels: { "*": { publish: "anyone" } } });
  const clients = ["ada", "bob", "eve"].map((user) => connected(user));
  const models = clients.map(() => new Model());
  const gone = new Set<number>();
  let lastNumber = 0;

  const subscribe = async (client: TestClient, model: Model, name: string): Promise<void> => {
    const place = model.places.get(name);
    if (!place) model.join(name);
    const mine = model.places.get(name);
    try {
      await client.subscribe(name);
    } catch (error) {
      const { code } = error as { code: string };
      // It had it already, it left meanwhile, or the broker failed.
      expect(["already-subscribed", "closed", "broker-unavailable"]).toContain(code);
      if (code === "broker-unavailable" && !place && model.places.get(name) === mine) model.leave(name);
    }
  };

  // The broker hands on what is published: the model hears of it here, from outside of the engine.
  const { deliver } = broker;
  broker.deliver = (publication) => {
    if (broker.channels.has(publication.channel)) {
      const line = `${publication.channel} n ${String(publication.data)}`;
      for (const [index, model] of models.entries()) {
        if (publication.except !== clients[index]!.connection.id) model.deliver(publication.channel, line);
      }
    }
    deliver.call(broker, publication);
  };

  for (const client of clients) {
    const model = models[clients.indexOf(client)]!;
    const { wire } = client;
    const send = wire.send.bind(wire);
    wire.send = (packet) => {
      const [line] = packet as [string];
      if (line.startsWith("subscribed ")) model.told(line.slice("subscribed ".length));
      send(packet);
    };
  }

  for (const step of schedule) {
    if ("who" in step && gone.has(step.who)) continue;
    switch (step.kind) {
      case "subscribe":
        void subscribe(clients[step.who]!, models[step.who]!, step.channel);
        break;
      case "unsubscribe":
        models[step.who]!.leave(step.channel);
        clients[step.who]!.unsubscribe(step.channel);
        break;
      case "publish":
      case "quiet publish": {
        const published = clients[step.who]!.publish(step.channel, "n", (lastNumber += 1), {
          echo: step.kind === "publish",
        });
        void Promise.resolve(published).catch(() => undefined);
        break;
      }
      case "hang up":
        gone.add(step.who);
        for (const name of ["a", "b"]) models[step.who]!.leave(name);
        clients[step.who]!.wire.hangUp();
        break;
      case "finish":
        await broker.finish(step.count);
        break;
      case "fail":
        await broker.fail();
        break;
    }
  }
  await broker.finishAll();
  expect(clients.map((client) => client.heard())).toEqual(models.map(({ heard }) => heard));
  const live = models.reduce((sum, { places }) => sum + places.size, 0);
  expect(engine.stats()).toMatchObject({ connections: 3 - gone.size, subscriptions: live });
  for (const client of clients) client.wire.hangUp();
  await broker.finishAll();
  expect(engine.stats()).toMatchObject(nothingLeft);
}

describe("exactly once", () => {
  it("for any schedule of clients and broker, everyone hears what the channel said while they were in it", async () => {
    await fc.assert(fc.asyncProperty(steps, play), { numRuns: 500 });
  });
});
