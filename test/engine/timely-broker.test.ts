import { describe, expect, it } from "vitest";
import { codeOf, nothingLeft, PendingBroker, turn, world } from "./support.ts";

/** Everything that an engine asks a broker, and what it is called. */
const questions = {
  publish: ({ connected }: ReturnType<typeof world>) => connected("bob").publish("inbox", "a"),
  "signal event": ({ engine }: ReturnType<typeof world>) => engine.signal({ kind: "event", event: "a", data: 1 }),
  "read inbox": ({ engine }: ReturnType<typeof world>) => engine.history("inbox", { limit: 1 }),
  "clear inbox": ({ engine }: ReturnType<typeof world>) => engine.clearState("inbox"),
} as const;

const channels = { inbox: { publish: "anyone", history: { size: 10, ttlMs: 60_000 }, state: true } } as const;

describe("a broker that hangs", () => {
  it.each(Object.entries(questions))("has 10 s for %s, and then it is unavailable", async (name, ask) => {
    const broker = new PendingBroker();
    const one = world({ broker, channels });
    const answer = codeOf(() => ask(one));
    await turn();
    expect(broker.pending).toEqual([expect.stringContaining(name)]);
    one.clock.advance(9_999);
    await turn();
    expect(one.application.failureCodes).toEqual([]);
    one.clock.advance(1);
    expect(await answer).toBe("broker-unavailable");
    expect(one.application.failureCodes).toEqual(["broker-unavailable"]);
    expect(one.clock.timers).toBe(0);
    // Nobody waits for what it says then.
    await broker.fail();
    expect(one.application.failureCodes).toEqual(["broker-unavailable"]);
  });

  it("has as long as the limits say, and what it answers in time is its answer", async () => {
    const broker = new PendingBroker();
    const one = world({ broker, channels, limits: { brokerTimeoutMs: 50 } });
    const ada = one.connected("ada");
    const answers = [codeOf(() => ada.publish("inbox", "a")), codeOf(() => ada.publish("inbox", "b"))];
    one.clock.advance(49);
    await broker.finish();
    one.clock.advance(1);
    expect(await Promise.all(answers)).toEqual([undefined, "broker-unavailable"]);
    expect(one.engine.stats()).toMatchObject({ published: 1, failures: 1 });
    expect(one.clock.timers).toBe(0);
  });

  it("sends nothing of a channel that its subscriber could not wait for, and the next one asks afresh", async () => {
    const broker = new PendingBroker();
    const one = world({ broker });
    const ada = one.connected("ada");
    const first = codeOf(() => ada.subscribe("lobby"));
    one.clock.advance(10_000);
    expect(await first).toBe("broker-unavailable");
    expect(one.engine.stats()).toMatchObject({ ...nothingLeft, connections: 1 });
    const second = codeOf(() => ada.subscribe("lobby"));
    expect(broker.pending).toEqual(["subscribe lobby", "unsubscribe lobby", "subscribe lobby"]);
    await broker.finish(2);
    expect([...broker.channels]).toEqual([]);
    await broker.finish();
    expect(await second).toBeUndefined();
    expect([...broker.channels]).toEqual(["lobby"]);
    ada.heard();
    broker.deliver({ id: "1", time: 0, channel: "lobby", event: "a", data: 1 });
    expect(ada.heard()).toEqual(["lobby a 1"]);
  });

  it("may not even be told that the subscriber could not wait", async () => {
    const broker = new PendingBroker();
    broker.unsubscribe = () => {
      throw new Error("the network is gone");
    };
    const one = world({ broker });
    const answer = codeOf(() => one.connected("ada").subscribe("lobby"));
    one.clock.advance(10_000);
    expect(await answer).toBe("broker-unavailable");
    expect(one.application.failureCodes).toEqual(["broker-unavailable"]);
  });

  it("is told of when it does not let go of a channel", async () => {
    const broker = new PendingBroker();
    const one = world({ broker });
    const ada = one.connected("ada");
    const joined = ada.subscribe("lobby");
    await broker.finishAll();
    await joined;
    ada.unsubscribe("lobby");
    one.clock.advance(10_000);
    await turn();
    expect(one.application.failureCodes).toEqual(["broker-unavailable"]);
  });
});

describe("a broker that answers at once", () => {
  it("is not waited for", () => {
    const { clock, connected } = world();
    const ada = connected("ada");
    expect(ada.subscribe("lobby")).toBeUndefined();
    expect(ada.publish("lobby", "a")).not.toBeInstanceOf(Promise);
    expect(clock.timers).toBe(0);
  });
});

it("closing waits for no deadline", async () => {
  const broker = new PendingBroker();
  const { clock, engine } = world({ broker });
  const answer = codeOf(() => engine.signal({ kind: "event", event: "a", data: 1 }));
  expect(clock.timers).toBe(1);
  await engine.close();
  expect([clock.timers, broker.isClosed]).toEqual([0, true]);
  await broker.finishAll();
  expect(await answer).toBeUndefined();
});
