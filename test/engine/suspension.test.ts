import { describe, expect, it } from "vitest";
import { nothingLeft, world, type TestClient, type World } from "./support.ts";

interface Scene extends World {
  readonly ada: TestClient;
  readonly bob: TestClient;
}

/** Ada and Bob are in a channel with presence. */
function scene(): Scene {
  const made = world();
  const [ada, bob] = [made.connected("ada"), made.connected("bob")];
  for (const client of [ada, bob]) void client.subscribe("presence-a");
  for (const client of [ada, bob]) client.heard();
  return { ...made, ada, bob };
}

describe("a connection whose wire is gone", () => {
  it("stays open and in its channels, and the application is told", () => {
    const { ada, application, bob, engine } = scene();
    engine.suspend(ada.connection, { code: 1006, reason: "" });
    expect(ada.connection.isOpen).toBe(true);
    expect(ada.connection.channels).toEqual(["presence-a"]);
    expect(application.suspensions).toEqual([ada.connection]);
    expect(engine.stats()).toMatchObject({ connections: 2, suspended: 1, resumed: 0 });
    void bob.publish("presence-a", "hi", 1);
    expect(ada.heard()).toEqual(["presence-a hi 1"]);
    engine.resume(ada.connection);
    expect(application.resumptions).toEqual([ada.connection]);
    expect(engine.stats()).toMatchObject({ connections: 2, suspended: 0, resumed: 1 });
    expect(application.disconnects).toEqual([]);
  });

  it("is seen by others for 5 s, and no longer", () => {
    const { ada, bob, clock, engine } = scene();
    engine.suspend(ada.connection, { code: 1006, reason: "" });
    clock.advance(4_999);
    expect([bob.heard(), engine.members("presence-a")]).toMatchObject([[], [{ user: "ada" }, { user: "bob" }]]);
    clock.advance(1);
    expect([bob.heard(), engine.members("presence-a")]).toMatchObject([["presence-a -ada"], [{ user: "bob" }]]);
    clock.advance(60_000);
    expect(bob.heard()).toEqual([]);
  });

  it("does not flap when it comes back in time, however often", () => {
    const { ada, bob, clock, engine } = scene();
    for (let count = 0; count < 5; count += 1) {
      engine.suspend(ada.connection, { code: 1006, reason: "" });
      clock.advance(4_999);
      engine.resume(ada.connection);
    }
    clock.advance(60_000);
    expect(bob.heard()).toEqual([]);
  });

  it("joins again when it comes back later, and hears of its own absence", () => {
    const { ada, bob, clock, engine } = scene();
    engine.suspend(ada.connection, { code: 1006, reason: "" });
    clock.advance(5_000);
    engine.resume(ada.connection);
    for (const client of [ada, bob]) expect(client.heard()).toEqual(["presence-a -ada", "presence-a +ada"]);
    expect(engine.members("presence-a")).toMatchObject([{ user: "bob" }, { user: "ada" }]);
  });

  it("leaves once when it ends in its grace, and once when it ends after it", () => {
    for (const ms of [1_000, 6_000]) {
      const { ada, application, bob, clock, engine } = scene();
      engine.suspend(ada.connection, { code: 1006, reason: "" });
      clock.advance(ms);
      engine.disconnect(ada.connection, { code: 1006, reason: "" });
      clock.advance(60_000);
      expect(bob.heard()).toEqual(["presence-a -ada"]);
      expect(application.disconnects).toHaveLength(1);
      expect(engine.stats()).toMatchObject({ connections: 1, suspended: 0, resumed: 0 });
      bob.wire.hangUp();
      expect(engine.stats()).toMatchObject(nothingLeft);
      expect(clock.timers).toBe(0);
    }
  });

  it("is one of several of its user: the user leaves with the last", () => {
    const { ada, bob, clock, connected, engine } = scene();
    const second = connected("ada");
    void second.subscribe("presence-a");
    engine.suspend(ada.connection, { code: 1006, reason: "" });
    clock.advance(5_000);
    expect(bob.heard()).toEqual([]);
    engine.suspend(second.connection, { code: 1006, reason: "" });
    clock.advance(5_000);
    expect(bob.heard()).toEqual(["presence-a -ada"]);
    engine.resume(ada.connection);
    engine.resume(second.connection);
    expect(bob.heard()).toEqual(["presence-a +ada"]);
  });

  it("is one of several, shown each by itself: its own grace, its own leave", () => {
    const { clock, connected, engine } = world({ channels: { lobby: { presence: "connections" } } });
    const [ada, bob, second] = [connected("ada"), connected("bob"), connected("bob")];
    for (const client of [ada, bob, second]) void client.subscribe("lobby");
    ada.heard();
    engine.suspend(bob.connection, { code: 1006, reason: "" });
    clock.advance(4_999);
    engine.resume(bob.connection);
    clock.advance(5_000);
    expect(ada.heard()).toEqual([]);
    engine.suspend(second.connection, { code: 1006, reason: "" });
    clock.advance(4_999);
    expect(ada.heard()).toEqual([]);
    clock.advance(1);
    expect(ada.heard()).toEqual([`lobby -bob#${second.connection.id}`]);
    engine.disconnect(second.connection, { code: 1006, reason: "" });
    expect(ada.heard()).toEqual([]);
  });

  it("is put into a channel with presence by the server without being seen, until it comes back", async () => {
    const { ada, bob, clock, engine } = scene();
    void bob.subscribe("presence-b");
    bob.heard();
    engine.suspend(ada.connection, { code: 1006, reason: "" });
    clock.advance(5_000);
    await ada.connection.subscribe("presence-b");
    expect(bob.heard()).toEqual(["presence-a -ada"]);
    engine.resume(ada.connection);
    expect(bob.heard()).toEqual(["presence-a +ada", "presence-b +ada"]);
  });

  it("is suspended once, and cannot come back unless it was gone or when it is over", () => {
    const { ada, application, bob, engine } = scene();
    engine.resume(ada.connection);
    engine.suspend(ada.connection, { code: 1006, reason: "" });
    engine.suspend(ada.connection, { code: 1006, reason: "" });
    bob.wire.hangUp();
    engine.suspend(bob.connection, { code: 1006, reason: "" });
    engine.resume(bob.connection);
    expect(application.suspensions).toHaveLength(1);
    expect(application.resumptions).toHaveLength(0);
    expect(engine.stats()).toMatchObject({ suspended: 1, resumed: 0 });
  });

  it("is seen for as long as the limits say", () => {
    const { clock, connected, engine } = world({ limits: { presenceGraceMs: 10 } });
    const [ada, bob] = [connected("ada"), connected("bob")];
    for (const client of [ada, bob]) void client.subscribe("presence-a");
    bob.heard();
    engine.suspend(ada.connection, { code: 1006, reason: "" });
    clock.advance(9);
    expect(bob.heard()).toEqual([]);
    clock.advance(1);
    expect(bob.heard()).toEqual(["presence-a -ada"]);
  });
});
