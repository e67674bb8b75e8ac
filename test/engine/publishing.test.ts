import { describe, expect, it } from "vitest";
import type { ChannelAttempt, ChannelRule } from "../../src/engine/channel-rules.ts";
import { codeOf, gate, turn, world, type Gate, type TestClient, type World } from "./support.ts";

interface Asking extends World {
  readonly ada: TestClient;
  readonly bob: TestClient;
  readonly asked: Gate<boolean>;
  /** What has become of what Ada publishes, which the application thinks about. */
  readonly code: Promise<string | undefined>;
}

/** Ada publishes where Bob hears it, and the application takes its time to say whether she may. */
function asking(rule: ChannelRule = {}): Asking {
  const asked = gate<boolean>();
  const authorize = ({ action }: ChannelAttempt): boolean | Promise<boolean> => action === "subscribe" || asked.passed;
  const one = world({ channels: { c: { authorize, ...rule } } });
  const [ada, bob] = [one.connected("ada"), one.connected("bob")];
  for (const client of [ada, bob]) void client.subscribe("c");
  bob.heard();
  return { ...one, ada, bob, asked, code: codeOf(() => ada.publish("c", "e", 1)) };
}

describe("a publication that the application thinks about", () => {
  it.each<[string, (one: Asking) => unknown, string]>([
    ["expelled", ({ engine }) => engine.signal({ kind: "expel", channel: "c", user: "ada" }), "not-subscribed"],
    ["taken out of the channel", ({ ada }) => ada.connection.unsubscribe("c"), "not-subscribed"],
    ["revoked", ({ engine }) => engine.signal({ kind: "revoke", user: "ada" }), "closed"],
    [
      "disconnected",
      ({ engine }) => engine.signal({ kind: "disconnect", user: "ada", code: 4400, reason: "" }),
      "closed",
    ],
    ["closed by the application", ({ ada }) => ada.connection.close(), "closed"],
  ])("comes to nothing when its client is %s meanwhile", async (_, happens, code) => {
    const one = asking();
    await happens(one);
    await one.asked.open(true);
    expect(await one.code).toBe(code);
    expect(one.engine.stats()).toMatchObject({ published: 0 });
    expect(one.bob.heard()).toEqual([]);
  });

  it("comes to nothing when its client is revoked and answers no close", async () => {
    const asked = gate<boolean>();
    const { engine, connected } = world({ channels: { c: { publish: "anyone", authorize: () => asked.passed } } });
    const mute = connected("ada", { peerAnswersClose: false });
    const code = codeOf(() => mute.publish("c", "e"));
    await engine.signal({ kind: "revoke", user: "ada" });
    expect(mute.connection.isOpen).toBe(true);
    await asked.open(true);
    expect(await code).toBe("closed");
  });

  it("comes to nothing when its client was the owner and is expelled, though it comes back", async () => {
    const one = asking({ publish: "owner" });
    await one.engine.signal({ kind: "expel", channel: "c", user: "ada" });
    await one.ada.connection.subscribe("c");
    await one.asked.open(true);
    expect(await one.code).toBe("not-subscribed");
  });

  it.each(["subscribers", "owner", "anyone"] as const)(
    "is heard when its client has left by itself, where %s publish",
    async (publish) => {
      const one = asking({ publish });
      one.ada.wire.hangUp(1000);
      await one.asked.open(true);
      expect(await one.code).toBeUndefined();
      expect(one.bob.heard()).toEqual(["c e 1"]);
    },
  );

  it("is heard when its client has left the channel by itself", async () => {
    const one = asking();
    one.ada.unsubscribe("c");
    await one.asked.open(true);
    expect([await one.code, one.bob.heard()]).toEqual([undefined, ["c e 1"]]);
  });

  it("is heard where it did not have to be subscribed, and is not any more", async () => {
    const one = asking({ publish: "anyone" });
    await one.ada.connection.unsubscribe("c");
    await one.asked.open(true);
    await turn();
    expect([await one.code, one.bob.heard()]).toEqual([undefined, ["c e 1"]]);
  });
});
