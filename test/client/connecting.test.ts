import { describe, expect, it } from "vitest";
import type { CarillonError } from "../../src/client/index.ts";
import { FakeTransport } from "./fake-transport.ts";
import { connected, outcome, settled, setUp } from "./set-up.ts";

describe("a client", () => {
  it("does nothing until something needs the connection", async () => {
    const { client, clock, transport } = setUp();
    client.on("chat", () => {});
    client.channel("lobby").on("chat", () => {});
    await settled();
    expect(client.state).toEqual({ kind: "idle" });
    expect(transport.tries).toHaveLength(0);
    expect(clock.timers).toBe(0);
  });

  it.each([
    ["connect()", (client: ReturnType<typeof setUp>["client"]) => void client.connect()],
    ["send()", (client: ReturnType<typeof setUp>["client"]) => client.send("a")],
    ["request()", (client: ReturnType<typeof setUp>["client"]) => void client.request("a")],
    ["subscribe()", (client: ReturnType<typeof setUp>["client"]) => void client.channel("a").subscribe()],
    ["publish()", (client: ReturnType<typeof setUp>["client"]) => void client.channel("a").publish("b")],
  ])("connects at the first %s", async (_, act) => {
    const { client, transport } = setUp();
    act(client);
    expect(client.state).toEqual({ kind: "connecting", attempt: 1 });
    await settled();
    expect(transport.tries).toHaveLength(1);
  });

  it("says connect first and is open when the server has answered", async () => {
    const { client, transport, states } = setUp({ token: "t-123" });
    const connecting = client.connect();
    await settled();
    expect(transport.last.request.url).toBe("ws://server/carillon");
    expect(transport.last.request.codec.subprotocol).toBe("carillon.v1.json");
    const link = transport.last.accept();
    await settled();
    expect(link.sent).toEqual([{ type: "connect", token: "t-123", resume: true }]);
    expect(await outcome(connecting)).toBe("pending");
    link.say({ ...connected, user: "ada" });
    await connecting;
    expect(client.state).toEqual({ kind: "open", transport: "fake", connection: "c-1", user: "ada" });
    expect(states.map(({ kind }) => kind)).toEqual(["connecting", "open"]);
  });

  it("sends no token when it has none", async () => {
    const { open } = setUp();
    expect((await open()).sent).toEqual([{ type: "connect", resume: true }]);
  });

  it("resolves connect() at once when it is open, and for everybody who waits", async () => {
    const { client, transport, open } = setUp();
    const waiting = [client.connect(), client.connect()];
    await open();
    await Promise.all([...waiting, client.connect()]);
    expect(transport.tries).toHaveLength(1);
  });

  it("tells of connect and disconnect, in order", async () => {
    const { client, pass, open } = setUp();
    const told: unknown[] = [];
    client.on("connect", (event) => told.push(event));
    client.on("disconnect", ({ cause, ...event }) => told.push({ ...event, cause: cause?.code }));
    const first = await open();
    first.end(1001, "bye");
    expect(client.reconnects).toBe(0);
    await pass(1_000);
    await open({ connection: "c-2" });
    expect(client.reconnects).toBe(1);
    await client.close();
    expect(told).toEqual([
      { reconnects: 0, attempts: 1, connection: "c-1", resumed: false },
      { code: 1001, reason: "bye", willReconnect: true, cause: "connection-closed" },
      // The first connection broke at once, so its try still counts.
      { reconnects: 1, attempts: 2, connection: "c-2", resumed: false },
      { code: 1000, reason: "", willReconnect: false, cause: undefined },
    ]);
  });

  it("stops telling a listener that was taken away, and no other", async () => {
    const { client, open } = setUp();
    const kinds: string[] = [];
    const off = client.onState(() => kinds.push("gone"));
    client.onState(({ kind }) => kinds.push(kind));
    off();
    off();
    await open();
    expect(kinds).toEqual(["connecting", "open"]);
  });
});

describe("a try to connect", () => {
  it("fails after connectTimeoutMs without an open transport", async () => {
    const { client, clock, transport, pass } = setUp({ connectTimeoutMs: 5_000 });
    void client.connect();
    await pass(4_999);
    expect(client.state.kind).toBe("connecting");
    await pass(1);
    expect(client.state).toMatchObject({ kind: "waiting", attempt: 2, retryAt: clock.wall() + 1_000 });
    expect((client.state as { cause: CarillonError }).cause.code).toBe("timeout");
    expect(transport.last.request.signal.aborted).toBe(true);
  });

  it("fails after connectTimeoutMs without an answer, 10 seconds by default", async () => {
    const { client, transport, pass } = setUp();
    void client.connect();
    await pass(4_000);
    const link = transport.last.accept();
    await pass(5_999);
    expect(client.state.kind).toBe("connecting");
    await pass(1);
    expect(client.state.kind).toBe("waiting");
    expect(link.closes[0]?.code).toBe(4504);
  });

  it("leaves no link behind that opens too late (C13)", async () => {
    const { client, transport, pass } = setUp({ connectTimeoutMs: 5_000 });
    void client.connect();
    await settled();
    const late = transport.last;
    // A transport that does not honour the signal.
    late.fail = () => {};
    const link = new Promise((resolve) => late.request.signal.addEventListener("abort", resolve));
    await pass(5_000);
    await link;
    late.accept();
    await settled();
    expect(late.link.sent).toEqual([]);
  });

  it("goes to the next transport when one cannot reach the server", async () => {
    const [first, second] = [new FakeTransport("first"), new FakeTransport("second")];
    const { client } = setUp({ transports: [first, second] });
    void client.connect();
    await settled();
    first.last.fail();
    await settled();
    expect(client.state).toEqual({ kind: "connecting", attempt: 1 });
    second.last.accept();
    await settled();
    second.last.link.say(connected);
    expect(client.state).toMatchObject({ kind: "open", transport: "second" });
  });

  it("counts once for all its transports, and begins with the first again", async () => {
    const [first, second] = [new FakeTransport("first"), new FakeTransport("second")];
    const { client, pass } = setUp({ transports: [first, second] });
    void client.connect();
    await settled();
    first.last.fail();
    await settled();
    second.last.fail();
    await settled();
    expect(client.state).toMatchObject({ kind: "waiting", attempt: 2 });
    await pass(1_000);
    expect([first.tries.length, second.tries.length]).toEqual([2, 1]);
  });

  it("goes to the next transport when one opens and nothing comes", async () => {
    const [first, second] = [new FakeTransport("first"), new FakeTransport("second")];
    const { client, pass } = setUp({ transports: [first, second] });
    void client.connect();
    await settled();
    first.last.accept();
    await pass(10_000);
    expect(second.tries).toHaveLength(1);
  });

  it("does not go to another transport when the server itself refuses", async () => {
    const [first, second] = [new FakeTransport("first"), new FakeTransport("second")];
    const { client } = setUp({ transports: [first, second] });
    const connecting = client.connect();
    await settled();
    const link = first.last.accept();
    await settled();
    link.say({ type: "error", code: "unauthorized", message: "who are you?" });
    link.end(4401);
    await expect(connecting).rejects.toMatchObject({ code: "unauthorized", message: "who are you?" });
    expect(second.tries).toHaveLength(0);
  });

  it("fails when the transport chose another subprotocol than the codec's", async () => {
    const { client, transport } = setUp();
    const connecting = client.connect();
    await settled();
    transport.last.link.subprotocol = "carillon.v1.msgpack";
    const link = transport.last.accept();
    await expect(connecting).rejects.toMatchObject({ code: "not-supported" });
    expect(link.closes).toHaveLength(1);
  });

  it("takes no subprotocol for JSON", async () => {
    const { client, transport } = setUp();
    void client.connect();
    await settled();
    transport.last.link.subprotocol = "";
    const link = transport.last.accept();
    await settled();
    link.say(connected);
    expect(client.state.kind).toBe("open");
  });

  it("wraps what a foreign transport fails with", async () => {
    const { client, transport } = setUp({ reconnect: false });
    const connecting = client.connect();
    await settled();
    const cause = new Error("no route");
    transport.last.fail(cause);
    await expect(connecting).rejects.toMatchObject({ code: "connect-failed", cause });
  });

  it("survives a transport that throws", async () => {
    const connect = (): never => {
      throw new Error("no sockets here");
    };
    const { client } = setUp({ transports: [{ name: "broken", connect }], reconnect: false });
    expect(await outcome(client.connect())).toBe("connect-failed");
    expect(client.state.kind).toBe("closed");
  });
});

describe("connect()", () => {
  it("rejects when the attempts are used up, and starts afresh when called again", async () => {
    const { client, clock, transport, pass } = setUp({ reconnect: { attempts: 2 } });
    const connecting = client.connect();
    await settled();
    transport.last.fail();
    await pass(1_000);
    expect(await outcome(connecting)).toBe("pending");
    transport.last.fail();
    expect(await outcome(connecting)).toBe("connect-failed");
    expect(client.state).toMatchObject({ kind: "closed" });
    expect(clock.timers).toBe(0);
    void client.connect();
    expect(client.state).toEqual({ kind: "connecting", attempt: 1 });
  });

  it("rejects at the first failure without reconnecting", async () => {
    const { client, transport } = setUp({ reconnect: false });
    const connecting = client.connect();
    await settled();
    transport.last.fail();
    expect(await outcome(connecting)).toBe("connect-failed");
    expect(transport.tries).toHaveLength(1);
  });

  it("rejects with closed when the client is closed meanwhile", async () => {
    const { client } = setUp();
    const connecting = client.connect();
    await client.close();
    expect(await outcome(connecting)).toBe("closed");
    expect((client.state as { cause?: unknown }).cause).toBeUndefined();
  });

  it("rejects without any work when the signal has been aborted already", async () => {
    const { client, transport } = setUp();
    const reason = new Error("changed my mind");
    await expect(client.connect({ signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      code: "aborted",
      cause: reason,
    });
    expect(client.state.kind).toBe("idle");
    expect(transport.tries).toHaveLength(0);
  });

  it("stops connecting when it is aborted and nobody else waits", async () => {
    const { client, clock, transport } = setUp();
    const controller = new AbortController();
    const connecting = client.connect({ signal: controller.signal });
    await settled();
    controller.abort();
    expect(await outcome(connecting)).toBe("aborted");
    expect(client.state).toEqual({ kind: "idle" });
    expect(transport.last.request.signal.aborted).toBe(true);
    expect(clock.timers).toBe(0);
  });

  it("stops waiting for the next try when it is aborted", async () => {
    const { client, clock, transport } = setUp();
    const controller = new AbortController();
    const connecting = client.connect({ signal: controller.signal });
    await settled();
    transport.last.fail();
    await settled();
    expect(client.state.kind).toBe("waiting");
    controller.abort();
    expect(await outcome(connecting)).toBe("aborted");
    expect(client.state.kind).toBe("idle");
    expect(clock.timers).toBe(0);
  });

  it.each([
    ["another connect()", (client: ReturnType<typeof setUp>["client"]) => void client.connect()],
    ["a message", (client: ReturnType<typeof setUp>["client"]) => client.send("a")],
    ["a subscription", (client: ReturnType<typeof setUp>["client"]) => void client.channel("a").subscribe()],
  ])("goes on connecting when it is aborted but %s waits", async (_, act) => {
    const { client, open } = setUp();
    const controller = new AbortController();
    const connecting = client.connect({ signal: controller.signal });
    act(client);
    controller.abort();
    expect(await outcome(connecting)).toBe("aborted");
    await open();
    expect(client.state.kind).toBe("open");
  });

  it("leaves a connection alone that was open before", async () => {
    const { client, pass, open } = setUp();
    (await open()).end();
    const controller = new AbortController();
    const connecting = client.connect({ signal: controller.signal });
    controller.abort();
    expect(await outcome(connecting)).toBe("aborted");
    expect(client.state.kind).toBe("waiting");
    await pass(1_000);
    expect(client.state.kind).toBe("connecting");
  });

  it("forgets its signal once it has settled", async () => {
    const { client, open } = setUp();
    const controller = new AbortController();
    const connecting = client.connect({ signal: controller.signal });
    await open();
    await connecting;
    controller.abort();
    expect(client.state.kind).toBe("open");
  });
});

describe("close()", () => {
  it("closes with 1000 and resolves when the link is gone", async () => {
    const { client, clock, open } = setUp();
    const link = await open({ heartbeatMs: 10_000 });
    link.lingers = true;
    client.send("last words");
    const closing = client.close();
    expect(client.state).toEqual({ kind: "closed" });
    expect(link.types).toEqual(["send"]);
    expect(link.closes).toEqual([{ code: 1000, reason: undefined }]);
    expect(await outcome(closing)).toBe("pending");
    link.end(1000);
    await closing;
    expect(clock.timers).toBe(0);
  });

  it("is idempotent, and works before anything has happened", async () => {
    const { client, states } = setUp();
    await client.close();
    await client.close();
    expect(states.map(({ kind }) => kind)).toEqual(["closed"]);
  });

  it("leaves neither a link nor a timer at any moment of connecting (C13)", async () => {
    for (const moment of ["asking for the token", "opening", "opened", "greeted", "waiting", "open"] as const) {
      const { client, clock, transport, pass } = setUp({
        token: async () => {
          if (moment === "asking for the token") await client.close();
          return "t";
        },
      });
      const connecting = outcome(client.connect());
      if (moment !== "asking for the token") await settled();
      if (moment === "opening") await client.close();
      if (moment === "waiting") {
        transport.last.fail();
        await settled();
        await client.close();
      }
      if (moment === "opened") {
        transport.last.accept();
        await client.close();
      }
      if (moment === "greeted" || moment === "open") {
        transport.last.accept();
        await settled();
        if (moment === "open") transport.last.link.say(connected);
        await client.close();
      }
      await connecting;
      await pass(100_000);
      expect([moment, client.state.kind, clock.timers]).toEqual([moment, "closed", 0]);
      expect(transport.tries.every(({ link, request }) => request.signal.aborted || link.closes.length > 0)).toBe(true);
      expect(transport.tries.length).toBeLessThanOrEqual(1);
    }
  });

  it("may be called by a listener of any state", async () => {
    for (const kind of ["connecting", "open", "waiting", "closed"]) {
      const { client, clock, transport } = setUp();
      client.onState((state) => {
        if (state.kind === kind) void client.close();
      });
      client.connect().catch(() => {});
      await settled();
      if (kind !== "connecting") {
        const link = transport.last.accept();
        await settled();
        link.say(connected);
        link.end(kind === "closed" ? 4410 : 1006);
      }
      await settled();
      expect([kind, client.state.kind, clock.timers]).toEqual([kind, "closed", 0]);
    }
  });

  it("counts reconnects from the start again when it connects afresh", async () => {
    const { client, pass, open } = setUp();
    (await open()).end();
    await pass(1_000);
    await open();
    await client.close();
    await open();
    expect(client.reconnects).toBe(0);
  });
});
