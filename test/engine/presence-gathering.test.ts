import { describe, expect, it } from "vitest";
import { memoryBroker } from "../../src/brokers/memory.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { codeOf, gate, nothingLeft, PendingBroker, world, type TestClient, type World } from "./support.ts";

const lobby = "presence-a";
const gone = { code: 1006, reason: "" };

interface Scene extends World {
  readonly ada: TestClient;
  /** A client of this user that has subscribed. */
  joined(user: string): TestClient;
}

/** Ada is in a channel in which one change a second is told at once, and her own was. */
function scene(limit = 1): Scene {
  const made = world({ limits: { presenceChangesPerSecond: limit } });
  const joined = (user: string): TestClient => {
    const client = made.connected(user);
    void client.subscribe(lobby);
    return client;
  };
  const ada = joined("ada");
  ada.heard();
  return { ...made, ada, joined };
}

function users({ engine }: World): readonly string[] {
  return engine.members(lobby).map(({ user }) => user);
}

describe("presence beyond presenceChangesPerSecond", () => {
  it("100 joins are told at once, and one past them a second later", () => {
    const { ada, clock, joined } = scene(100);
    for (let count = 1; count < 100; count += 1) joined(`u${count}`);
    expect(ada.heard()).toHaveLength(99);
    const late = joined("late");
    expect(String(late.heard()[0])).toMatch(/,u99,late\]$/);
    expect(ada.heard()).toEqual([]);
    clock.advance(1_000);
    expect([ada.heard(), late.heard()]).toEqual([["presence-a +late"], []]);
  });

  it("is the channel's own: what another channel told does not count", () => {
    const { clock, connected, joined } = scene();
    const bob = connected("bob");
    void bob.subscribe("presence-b");
    bob.heard();
    joined("cid");
    const dan = connected("dan");
    clock.advance(1_000);
    void dan.subscribe("presence-b");
    expect(bob.heard()).toEqual(["presence-b +dan"]);
  });

  it("the server sees who is there, and who subscribes is told what was announced, and itself", () => {
    const made = scene();
    const bob = made.joined("bob");
    made.ada.unsubscribe(lobby);
    const cid = made.joined("cid");
    expect([bob.heard(), cid.heard()]).toEqual([
      ["subscribed presence-a [ada,bob]"],
      ["subscribed presence-a [ada,cid]"],
    ]);
    expect(users(made)).toEqual(["bob", "cid"]);
    made.clock.advance(1_000);
    expect([bob.heard(), cid.heard()]).toEqual([
      ["presence-a -ada", "presence-a +cid"],
      ["presence-a +bob", "presence-a -ada"],
    ]);
    expect(users(made)).toEqual(["bob", "cid"]);
  });

  it("nobody hears of a user that left with one tab and came with another, and a user's tabs do not hear of it", () => {
    const { ada, clock, joined } = scene();
    const tabs = [1, 2, 3].map(() => joined("bob"));
    tabs[0]!.unsubscribe(lobby);
    for (const tab of tabs) expect(tab.heard()).toEqual(["subscribed presence-a [ada,bob]"]);
    clock.advance(1_000);
    expect([ada, ...tabs].map((client) => client.heard())).toEqual([["presence-a +bob"], [], [], []]);
    clock.advance(1_000);
    joined("cid");
    for (const tab of tabs.slice(1)) tab.unsubscribe(lobby);
    joined("bob");
    clock.advance(1_000);
    expect(ada.heard()).toEqual(["presence-a +cid"]);
  });

  it("counts what was told as delivered, when it is told", () => {
    const { clock, engine, joined } = scene();
    joined("bob");
    joined("cid");
    const before = engine.stats().delivered;
    clock.advance(1_000);
    // Each of the three hears of the two who came, but not of itself.
    expect(engine.stats().delivered - before).toBe(4);
  });

  it("nobody hears of a user that was away and is back within the second", () => {
    const { ada, clock, engine, joined } = scene(2);
    const bob = joined("bob");
    for (const client of [ada, bob]) client.heard();
    engine.suspend(bob.connection, gone);
    clock.advance(4_999);
    const cids = [1, 2].map(() => joined("cid"));
    expect(ada.heard()).toEqual(["presence-a +cid"]);
    for (const cid of cids) cid.unsubscribe(lobby);
    clock.advance(1);
    engine.resume(bob.connection);
    clock.advance(1_000);
    expect([ada.heard(), bob.heard()]).toEqual([["presence-a -cid"], ["presence-a +cid", "presence-a -cid"]]);
  });

  it("who was away for longer hears of itself, in order", () => {
    const { ada, clock, engine, joined } = scene();
    const bob = joined("bob");
    clock.advance(1_000);
    for (const client of [ada, bob]) client.heard();
    engine.suspend(bob.connection, gone);
    clock.advance(5_000);
    engine.resume(bob.connection);
    expect(ada.heard()).toEqual(["presence-a -bob"]);
    clock.advance(1_000);
    expect(ada.heard()).toEqual(["presence-a +bob"]);
    expect(bob.heard()).toEqual(["presence-a -bob", "presence-a +bob"]);
  });

  it("a session that ends while its join is gathered was never there", () => {
    const { ada, clock, joined } = scene();
    joined("bob").wire.hangUp();
    expect(clock.timers).toBe(0);
    clock.advance(1_000);
    expect(ada.heard()).toEqual([]);
  });

  it("who is taken out is told so at once, and the others gathered", async () => {
    const { ada, clock, engine, joined } = scene(2);
    const bob = joined("bob");
    joined("cid");
    for (const client of [ada, bob]) client.heard();
    await engine.signal({ kind: "expel", channel: lobby, user: "bob" });
    expect([ada.heard(), bob.heard()]).toEqual([[], ["server unsubscribed presence-a"]]);
    clock.advance(1_000);
    expect([ada.heard(), bob.heard()]).toEqual([["presence-a +cid", "presence-a -bob"], []]);
  });

  it("a channel that is closed meanwhile tells nobody, forgets everything and waits for nothing", async () => {
    const { ada, clock, engine, joined } = scene();
    const stop = await engine.listen(lobby, () => undefined);
    const bob = joined("bob");
    const others = ["cid", "dan"].map(joined);
    others[0]!.unsubscribe(lobby);
    for (const client of [ada, bob]) client.heard();
    await engine.signal({ kind: "expel", channel: lobby });
    expect([ada.heard(), clock.timers]).toEqual([["server unsubscribed presence-a"], 0]);
    expect(engine.members(lobby)).toEqual([]);
    clock.advance(1_000);
    const eve = joined("eve");
    expect(eve.heard()).toEqual(["subscribed presence-a [eve]"]);
    for (const client of [ada, bob, eve, ...others]) client.wire.hangUp();
    stop();
    expect(engine.stats()).toMatchObject(nothingLeft);
    expect(clock.timers).toBe(0);
  });

  it("a leave is told to who was let in meanwhile only if its list did not say so", async () => {
    const passed = gate<boolean>();
    const channels = { [lobby]: { authorize: () => passed.passed } };
    const { clock, connected } = world({ channels, limits: { presenceChangesPerSecond: 1 } });
    const [ada, bob] = [connected("ada"), connected("bob")];
    const joins = [ada.subscribe(lobby), bob.subscribe(lobby)];
    await passed.open(true);
    await Promise.all(joins);
    expect([ada.heard(), bob.heard()]).toEqual([["subscribed presence-a [ada]"], ["subscribed presence-a [ada,bob]"]]);
    ada.unsubscribe(lobby);
    clock.advance(1_000);
    expect([ada.heard(), bob.heard()]).toEqual([[], ["presence-a -ada"]]);
  });

  it("nothing waits any more when the last one leaves and the next one's subscription fails", async () => {
    const broker = new PendingBroker();
    const channels = { [lobby]: { presence: true, state: true } };
    const { clock, connected, engine } = world({ broker, channels, limits: { presenceChangesPerSecond: 1 } });
    const [ada, bob] = [connected("ada"), connected("bob")];
    const first = ada.subscribe(lobby);
    await broker.finishAll();
    await first;
    const second = codeOf(() => bob.subscribe(lobby));
    ada.unsubscribe(lobby);
    // The broker's deadline, and what is gathered.
    expect(clock.timers).toBe(2);
    await broker.fail();
    expect(await second).toBe("broker-unavailable");
    await broker.finishAll();
    expect(engine.stats()).toMatchObject({ channels: 0, subscriptions: 0 });
    expect(clock.timers).toBe(0);
  });

  it("shows connections by themselves each with its join and leave", () => {
    const clock = new ManualClock();
    const { connected, engine } = world({
      clock,
      broker: memoryBroker({ clock }),
      channels: { desk: { presence: "connections" } },
      limits: { presenceChangesPerSecond: 1 },
    });
    const [ada, one, two] = [connected("ada"), connected("bob"), connected("bob")];
    for (const client of [ada, one, two]) void client.subscribe("desk");
    one.unsubscribe("desk");
    expect(engine.members("desk").map(({ id }) => id)).toEqual([ada, two].map(({ connection }) => connection.id));
    clock.advance(1_000);
    const ids = [ada, two].map(({ connection: { id } }) => id);
    expect(ada.heard()).toEqual([`subscribed desk [ada#${ids[0]}]`, `desk +bob#${ids[1]}`]);
    expect(two.heard()).toEqual([`subscribed desk [ada#${ids[0]},bob#${ids[1]}]`]);
  });
});
