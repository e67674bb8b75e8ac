import { describe, expect, it } from "vitest";
import type { ClientOptions, ClientState } from "../../src/client/index.ts";
import type { ConnectedMessage } from "../../src/protocol/messages.ts";
import { FakeTransport, type FakeLink } from "./fake-transport.ts";
import { connected, outcome, settled, setUp, type SetUp } from "./set-up.ts";

const resumed = (received: number): ConnectedMessage => ({ ...connected, session: "s", resumed: true, received });

describe("a client on a lower transport", () => {
  it("moves up after 10 seconds, over which its session goes on", async () => {
    const { client, best, low, pass, told, states } = await fallen();
    client.send("a");
    low.say({ type: "send", event: "x", data: 1 });
    await pass(9_999);
    expect(best.tries).toHaveLength(1);
    await pass(1);
    const link = best.last.accept();
    await settled();
    expect(link.sent).toEqual([{ type: "connect", session: "s", received: 1 }]);
    expect(low.closes).toEqual([]);
    link.say(resumed(1));
    expect(low.closes).toEqual([{ code: 1000, reason: undefined }]);
    expect(states.at(-1)).toMatchObject({ kind: "open", transport: "best", connection: "c-1" });
    client.send("b");
    expect(link.sent.slice(1)).toEqual([{ type: "send", event: "b" }]);
    // For the application it is the same connection.
    expect(told).toEqual(["connect"]);
    expect(client.reconnects).toBe(0);
  });

  it("reads nothing of the old link from the moment in which it says how much it has read", async () => {
    const { client, low, up } = await fallen();
    const heard: unknown[] = [];
    client.on("x", (data) => heard.push(data));
    low.say({ type: "send", event: "x", data: 1 });
    const link = await up();
    low.say({ type: "send", event: "x", data: 2 });
    link.say(resumed(0), { type: "send", event: "x", data: 2 }, { type: "send", event: "x", data: 3 });
    low.say({ type: "send", event: "x", data: 3 });
    expect(heard).toEqual([1, 2, 3]);
  });

  it("reads on until then", async () => {
    const { client, best, low, pass } = await fallen();
    const heard: unknown[] = [];
    client.on("x", (data) => heard.push(data));
    await pass(10_000);
    low.say({ type: "send", event: "x", data: 1 });
    client.send("a");
    expect(low.types).toEqual(["ack", "send"]);
    best.last.accept();
    await settled();
    expect(best.last.link.sent[0]).toMatchObject({ received: 1 });
    expect(heard).toEqual([1]);
  });

  it.each(["queue", "reject"] as const)(
    "keeps what is posted meanwhile for the new link (offline: %s)",
    async (offline) => {
      const { client, low, up } = await fallen({ offline });
      client.send("a");
      client.send("b");
      const link = await up();
      client.send("c");
      const request = client.request("d");
      const subscribing = client.channel("lobby").subscribe();
      expect(low.types).toEqual(["send", "send"]);
      expect(link.types).toEqual([]);
      // The server had read one of the two before it heard of the new link.
      link.say(resumed(1));
      expect(link.sent.slice(1).map(({ event, channel }) => event ?? channel)).toEqual(["b", "c", "d", "lobby"]);
      link.say({ type: "response", ref: link.sent[3]!["ref"] as number, data: 1 });
      link.say({ type: "subscribed", ref: link.ref, channel: "lobby" });
      expect(await request).toBe(1);
      await subscribing;
    },
  );

  it("tries again after twice the time when the transport fails, up to 5 minutes, and nobody notices", async () => {
    const { client, best, low, pass, states } = await fallen();
    const before = states.length;
    let tries = 1;
    for (const seconds of [10, 20, 40, 80, 160, 300, 300]) {
      await pass(seconds * 1_000 - 1);
      expect(best.tries).toHaveLength(tries);
      await pass(1);
      expect(best.tries).toHaveLength((tries += 1));
      best.last.fail();
      await settled();
    }
    client.send("a");
    expect(low.types).toEqual(["send"]);
    expect(states).toHaveLength(before);
  });

  it("takes connectTimeoutMs for a transport that does not open, and goes to the next one", async () => {
    const transports = [new FakeTransport("best"), new FakeTransport("better"), new FakeTransport("low")] as const;
    const { best, pass, client } = await fallen({}, transports);
    await pass(10_000);
    expect([best.tries.length, transports[1].tries.length]).toEqual([2, 1]);
    await pass(10_000);
    expect(best.last.request.signal.aborted).toBe(true);
    expect(transports[1].tries).toHaveLength(2);
    transports[1].last.accept();
    await settled();
    transports[1].last.link.say(resumed(0));
    expect(client.state).toMatchObject({ transport: "better" });
    // And on from there.
    await pass(10_000);
    expect([best.tries.length, transports[1].tries.length]).toEqual([3, 2]);
  });

  it.each([
    ["breaks", (link: FakeLink) => link.end()],
    ["is closed for a while", (link: FakeLink) => link.end(4503)],
    ["says nothing", undefined],
  ])("resumes at once over what worked when the new link %s before its connected", async (_, fail) => {
    const { client, best, lower, low, up, pass, told } = await fallen();
    client.send("a");
    const link = await up();
    client.send("b");
    if (fail) fail(link);
    else await pass(10_000);
    await settled();
    // Not with 1000, which would end the session.
    expect(low.closes).toEqual([{ code: 4504, reason: undefined }]);
    expect(client.state.kind).toBe("connecting");
    expect([best.tries.length, lower.tries.length]).toEqual([2, 2]);
    lower.last.accept();
    await settled();
    lower.last.link.say(resumed(0));
    expect(lower.last.link.sent.map(({ type, event }) => event ?? type)).toEqual(["connect", "a", "b"]);
    expect(told).toEqual(["connect", "disconnect", "connect"]);
  });

  it("is turned away for good when the server says so over the new link", async () => {
    const { client, clock, low, up } = await fallen();
    const link = await up();
    link.say({ type: "error", code: "forbidden", message: "" });
    link.end(4403);
    expect(client.state).toMatchObject({ kind: "closed", cause: { code: "forbidden" } });
    expect(low.closes).toHaveLength(1);
    expect(clock.timers).toBe(0);
  });

  it("begins a new session over the new link when the old one is gone", async () => {
    const { client, low, up, told } = await fallen();
    void client.channel("lobby").subscribe();
    low.say({ type: "subscribed", ref: low.ref, channel: "lobby", position: "e.1.a" });
    const link = await up();
    link.say({ ...connected, connection: "c-2", session: "s-2", resumed: false });
    expect(link.latest).toMatchObject({ type: "subscribe", channel: "lobby", since: "e.1.a" });
    expect(client.state).toMatchObject({ transport: "best", connection: "c-2" });
    expect(told).toEqual(["connect", "connect"]);
    expect(client.reconnects).toBe(1);
  });

  it("gives the try up when the old link ends first", async () => {
    const { client, best, low, pass } = await fallen();
    await pass(10_000);
    low.end();
    await settled();
    expect(best.last.request.signal.aborted).toBe(true);
    expect(client.state.kind).toBe("waiting");
  });

  it("does not mind the end of the old link after that", async () => {
    const { client, low, up } = await fallen();
    const link = await up();
    low.end(4509, "superseded");
    expect(client.state).toMatchObject({ kind: "open", transport: "low" });
    link.say(resumed(0));
    expect(client.state).toMatchObject({ kind: "open", transport: "best" });
    link.end();
    expect(client.state.kind).toBe("waiting");
  });

  it.each(["before the try", "while it goes on", "while it moves", "after"])(
    "leaves neither a link nor a timer when it is closed %s",
    async (moment) => {
      const { client, clock, best, low, pass } = await fallen();
      if (moment !== "before the try") await pass(10_000);
      if (moment === "while it moves" || moment === "after") {
        best.last.accept();
        await settled();
      }
      if (moment === "after") best.last.link.say(resumed(0));
      await client.close();
      await settled();
      expect(clock.timers).toBe(0);
      expect(low.closes).toHaveLength(1);
      if (moment === "while it goes on") expect(best.last.request.signal.aborted).toBe(true);
      else if (moment !== "before the try") expect(best.last.link.closes).toHaveLength(1);
    },
  );

  it.each([
    ["upgradeMs is 0", { upgradeMs: 0 }, { session: "s" }],
    ["the server has no sessions", {}, {}],
  ])("stays there when %s", async (_, options, welcome) => {
    const { best, clock, pass } = await fallen(options, undefined, welcome);
    expect(clock.timers).toBe(0);
    await pass(1_000_000);
    expect(best.tries).toHaveLength(1);
  });

  it("takes upgradeMs", async () => {
    const { best, pass } = await fallen({ upgradeMs: 600_000 });
    await pass(599_999);
    expect(best.tries).toHaveLength(1);
    await pass(1);
    expect(best.tries).toHaveLength(2);
    best.last.fail();
    await pass(600_000);
    expect(best.tries).toHaveLength(3);
  });
});

describe("what worked", () => {
  it("is tried first the next time, and then the others in order", async () => {
    const { best, lower, low, pass, client } = await fallen({ upgradeMs: 0 });
    low.end();
    await pass(1_000);
    expect([best.tries.length, lower.tries.length]).toEqual([1, 2]);
    lower.last.fail();
    await settled();
    expect(best.tries).toHaveLength(2);
    best.last.fail();
    await settled();
    expect(client.state.kind).toBe("waiting");
  });

  it("is not tried first any more when proxies may hold it back and it fell silent", async () => {
    const transports = [
      new FakeTransport("best"),
      Object.assign(new FakeTransport("held"), { mayBeHeldBack: true }),
      new FakeTransport("last"),
    ] as const;
    const { pass } = await fallen({ upgradeMs: 0 }, [transports[0], transports[1]], { heartbeatMs: 5_000 }, transports);
    await pass(10_000);
    await pass(1_000);
    expect(transports.map(({ tries }) => tries.length)).toEqual([1, 1, 1]);
  });

  it("is tried first all the same when it fell silent and nobody holds it back", async () => {
    const { best, lower, pass } = await fallen({ upgradeMs: 0 }, undefined, { heartbeatMs: 5_000 });
    await pass(10_000);
    await pass(1_000);
    expect([best.tries.length, lower.tries.length]).toEqual([1, 2]);
  });
});

interface Fallen extends SetUp {
  readonly best: FakeTransport;
  readonly lower: FakeTransport;
  /** The link that is open. */
  readonly low: FakeLink;
  readonly told: string[];
  readonly states: ClientState[];
  /** Opens a link over the best transport, up to its `connect`. */
  up(): Promise<FakeLink>;
}

/** A client whose transports all failed but the last of the ladder. */
async function fallen(
  options: ClientOptions = {},
  ladder: readonly FakeTransport[] = [new FakeTransport("best"), new FakeTransport("low")],
  welcome: Partial<ConnectedMessage> = { session: "s" },
  transports: readonly FakeTransport[] = ladder,
): Promise<Fallen> {
  const set = setUp({ ...options, transports });
  const told: string[] = [];
  for (const event of ["connect", "disconnect"] as const) set.client.on(event, () => told.push(event));
  expect(await outcome(set.client.connect())).toBe("pending");
  for (const transport of ladder.slice(0, -1)) {
    transport.last.fail();
    await settled();
  }
  const [best, lower] = [ladder[0]!, ladder.at(-1)!];
  const low = lower.last.accept();
  await settled();
  low.say({ ...connected, ...welcome });
  return {
    ...set,
    best,
    lower,
    low,
    told,
    async up() {
      await set.pass(10_000);
      best.last.accept();
      await settled();
      return best.last.link;
    },
  };
}
