import { describe, expect, it } from "vitest";
import type { ChannelAttempt, ChannelRule } from "../../src/engine/channel-rules.ts";
import type { Grant } from "../../src/engine/grant.ts";
import { codeOf, gate, nothingLeft, PendingBroker, turn, world, type World } from "./support.ts";

const day = 86_400_000;

/** A world whose channels grant this to whoever subscribes, and nothing else. */
function granting(grant: Grant, rule: ChannelRule = {}): World & { readonly attempts: ChannelAttempt[] } {
  const attempts: ChannelAttempt[] = [];
  const authorize = (attempt: ChannelAttempt): Grant | false => {
    attempts.push(attempt);
    return attempt.action === "subscribe" && grant;
  };
  return { ...world({ channels: { "*": { whispers: true, authorize, ...rule } } }), attempts };
}

describe("a grant", () => {
  it.each<[string, Grant["actions"], readonly (string | undefined)[]]>([
    ["nothing more", [], ["forbidden", "forbidden"]],
    ["publishing", ["publish"], [undefined, "forbidden"]],
    ["whispering", ["whisper"], ["forbidden", undefined]],
    ["both", ["whisper", "publish"], [undefined, undefined]],
  ])("of %s holds as long as the client stays, and the rule is asked once", async (_, actions, codes) => {
    const { attempts, connected } = granting({ actions });
    const ada = connected("ada");
    await ada.subscribe("lobby", undefined, "a token");
    for (let times = 0; times < 2; times += 1) {
      expect([
        await codeOf(() => ada.publish("lobby", "say")),
        await codeOf(() => ada.whisper("lobby", "typing")),
      ]).toEqual(codes);
    }
    expect(attempts).toMatchObject([{ action: "subscribe", channel: "lobby", token: "a token" }]);
  });

  it("ends with the subscription: afterwards the rule is asked again", async () => {
    const { attempts, connected } = granting({ actions: ["publish"] }, { publish: "anyone" });
    const ada = connected("ada");
    await ada.subscribe("lobby");
    ada.unsubscribe("lobby");
    expect(await codeOf(() => ada.publish("lobby", "say"))).toBe("forbidden");
    expect(attempts.map(({ action }) => action)).toEqual(["subscribe", "publish"]);
  });

  it("is for one connection and one channel", async () => {
    const { connected } = granting({ actions: ["publish"] }, { publish: "anyone" });
    const [ada, alsoAda] = [connected("ada"), connected("ada")];
    await ada.subscribe("lobby");
    expect(await codeOf(() => ada.publish("lobby", "say"))).toBeUndefined();
    expect(await codeOf(() => ada.publish("other", "say"))).toBe("forbidden");
    expect(await codeOf(() => alsoAda.publish("lobby", "say"))).toBe("forbidden");
  });

  it("in answer to a publication counts for this one", async () => {
    const { connected } = world({
      channels: { "*": { publish: "anyone", authorize: () => ({ actions: ["publish"] }) } },
    });
    expect(await codeOf(() => connected("ada").publish("lobby", "say"))).toBeUndefined();
  });

  it.each([{}, { actions: "publish" }, { actions: [], expiresAt: Number.NaN }, { actions: [], expiresAt: "soon" }])(
    "that is none refuses with forbidden: %j",
    async (grant) => {
      const { connected, engine } = granting(grant as unknown as Grant);
      const ada = connected("ada");
      expect(await codeOf(() => ada.subscribe("lobby"))).toBe("forbidden");
      expect(engine.stats()).toMatchObject({ channels: 0, subscriptions: 0 });
    },
  );
});

describe("a grant that expires", () => {
  it("N29: takes the client out when it ends and no earlier, and the client is told", async () => {
    const one = world();
    const { clock, connected, engine } = granting({ actions: ["publish"], expiresAt: one.clock.wall() + 10_000 });
    const ada = connected("ada");
    await ada.subscribe("lobby");
    ada.heard();
    clock.advance(9_999);
    expect(await codeOf(() => ada.publish("lobby", "say"))).toBeUndefined();
    expect(ada.heard()).toEqual(["lobby say undefined"]);
    clock.advance(1);
    expect(ada.heard()).toEqual(["server unsubscribed lobby"]);
    expect(await codeOf(() => ada.publish("lobby", "say"))).toBe("not-subscribed");
    expect(engine.stats()).toMatchObject({ channels: 0, subscriptions: 0, connections: 1 });
  });

  it("may end in longer than a timer lasts", async () => {
    const one = world();
    const { clock, connected } = granting({ actions: [], expiresAt: one.clock.wall() + 60 * day });
    const ada = connected("ada");
    await ada.subscribe("lobby");
    ada.heard();
    for (let days = 0; days < 59; days += 1) clock.advance(day);
    expect(ada.heard()).toEqual([]);
    clock.advance(day);
    expect(ada.heard()).toEqual(["server unsubscribed lobby"]);
  });

  it("does not end what came after it", async () => {
    const one = world();
    const { clock, connected } = granting({ actions: [], expiresAt: one.clock.wall() + 10_000 });
    const ada = connected("ada");
    await ada.subscribe("lobby");
    ada.unsubscribe("lobby");
    await ada.connection.subscribe("lobby");
    ada.heard();
    clock.advance(10_000);
    expect(ada.heard()).toEqual([]);
    expect(ada.connection.channels).toEqual(["lobby"]);
  });

  it("leaves no timer behind, however the subscription ends", async () => {
    const one = world();
    const broker = new PendingBroker();
    const expiresAt = one.clock.wall() + 10_000;
    const rule = { authorize: () => ({ actions: [], expiresAt }) };
    const { clock, connected, engine } = world({ broker, clock: one.clock, channels: { "*": rule } });
    const timers = clock.timers;
    const [ada, bob] = [connected("ada"), connected("bob")];
    const failing = codeOf(() => ada.subscribe("a"));
    await broker.fail();
    expect(await failing).toBe("broker-unavailable");
    const joining = codeOf(() => ada.subscribe("b"));
    ada.unsubscribe("b");
    await broker.finishAll();
    expect(await joining).toBe("closed");
    const joined = bob.subscribe("c");
    await broker.finishAll();
    await joined;
    expect(clock.timers).toBe(timers + 1);
    bob.wire.hangUp();
    ada.wire.hangUp();
    await broker.finishAll();
    expect(clock.timers).toBe(timers);
    expect(engine.stats()).toMatchObject(nothingLeft);
  });

  it("N29: ends while the client is being let in", async () => {
    const one = world();
    const broker = new PendingBroker();
    const rule = { authorize: () => ({ actions: [], expiresAt: one.clock.wall() }) };
    const { clock, connected } = world({ broker, clock: one.clock, channels: { "*": rule } });
    const ada = connected("ada");
    const joining = codeOf(() => ada.subscribe("lobby"));
    clock.advance(1);
    await broker.finishAll();
    expect(await joining).toBe("closed");
    expect(ada.connection.channels).toEqual([]);
  });

  it("counts from when it was given, though authorize took its time", async () => {
    const one = world();
    const asked = gate();
    const expiresAt = one.clock.wall() + 10_000;
    const authorize = async (): Promise<Grant> => {
      await asked.passed;
      return { actions: [], expiresAt };
    };
    const { clock, connected } = world({ clock: one.clock, channels: { "*": { authorize } } });
    const ada = connected("ada");
    const joining = ada.subscribe("lobby");
    clock.advance(6_000);
    await asked.open();
    await joining;
    await turn();
    ada.heard();
    clock.advance(3_999);
    expect(ada.heard()).toEqual([]);
    clock.advance(1);
    expect(ada.heard()).toEqual(["server unsubscribed lobby"]);
  });
});
