import { describe, expect, it } from "vitest";
import type { ConnectedMessage } from "../../src/protocol/messages.ts";
import { msgpackCodec } from "../../src/client/msgpack.ts";
import type { FakeLink } from "./fake-transport.ts";
import { outcome, settled, setUp, type SetUp } from "./set-up.ts";

const session: Partial<ConnectedMessage> = { session: "s-1" };
const resumed = (received: number): Partial<ConnectedMessage> => ({ session: "s-1", resumed: true, received });
const refused: Partial<ConnectedMessage> = { connection: "c-2", session: "s-2", resumed: false };

describe("a session", () => {
  it("is asked for, and gone on with over the next link", async () => {
    const { client, open, pass } = setUp({ token: "t" });
    const told: unknown[] = [];
    client.on("connect", ({ resumed: isResumed, connection }) => told.push([connection, isResumed]));
    const first = await open(session);
    expect(first.sent[0]).toEqual({ type: "connect", token: "t", resume: true });
    first.say({ type: "send", event: "a" }, { type: "send", event: "b" });
    first.end();
    await pass(1_000);
    const link = await open(resumed(0));
    expect(link.sent).toEqual([{ type: "connect", token: "t", session: "s-1", received: 2 }]);
    expect(told).toEqual([
      ["c-1", false],
      ["c-1", true],
    ]);
    expect(client.reconnects).toBe(1);
  });

  it("counts each message by itself, but none that is about the link", async () => {
    const { open, pass } = setUp();
    const first = await open(session);
    first.frame(
      JSON.stringify([
        { type: "send", event: "a" },
        { type: "heartbeat" },
        { type: "pong" },
        { type: "ack", received: 0 },
        { type: "connected", connection: "c-9" },
        { type: "from-the-future" },
        { type: "error", code: "rate-limited", message: "" },
      ]),
    );
    first.end();
    await pass(1_000);
    expect((await open(resumed(0))).sent[0]).toMatchObject({ received: 3 });
  });

  it("begins anew at 0 when it could not be resumed, under its new name", async () => {
    const { client, open, pass } = setUp();
    const first = await open(session);
    first.say({ type: "send", event: "a" });
    client.send("x");
    first.end();
    await pass(1_000);
    (await open(refused)).end();
    await pass(2_000);
    const link = await open({ ...refused, resumed: true, received: 0 });
    expect(link.sent[0]).toEqual({ type: "connect", session: "s-2", received: 0 });
  });

  it("is given up by a server that has none any more", async () => {
    const { open, pass } = setUp();
    (await open(session)).end();
    await pass(1_000);
    (await open()).end();
    await pass(2_000);
    expect((await open()).sent[0]).toEqual({ type: "connect", resume: true });
  });

  it("ends with close(), and with a final close code", async () => {
    for (const end of ["close", "4410"]) {
      const { client, open } = setUp();
      const first = await open(session);
      if (end === "close") await client.close();
      else first.end(4410);
      expect((await open()).sent[0]).toEqual({ type: "connect", resume: true });
    }
  });

  it("is not believed to go on when none was asked for", async () => {
    const { client, open, errors } = setUp();
    const told: boolean[] = [];
    client.on("connect", (event) => told.push(event.resumed));
    client.send("a");
    const link = await open(resumed(7));
    expect(link.types).toEqual(["send"]);
    expect(told).toEqual([false]);
    expect(errors).toEqual([]);
  });

  it("survives tries that fail before the server answers", async () => {
    const { open, pass, transport } = setUp();
    (await open(session)).end();
    await pass(1_000);
    transport.last.fail();
    await pass(2_000);
    expect((await open(resumed(0))).sent[0]).toMatchObject({ session: "s-1" });
  });
});

describe("what was sent", () => {
  it("leaves again in order from where the server had got to, and what waited comes after it", async () => {
    const { client, open, pass } = setUp();
    const first = await open(session);
    for (const event of ["a", "b", "c"]) client.send(event);
    first.end();
    client.send("d");
    await pass(1_000);
    const link = await open(resumed(1));
    client.send("e");
    expect(events(link)).toEqual(["b", "c", "d", "e"]);
    // The same again: nothing of it was acknowledged over that link.
    link.end();
    await pass(2_000);
    expect(events(await open(resumed(2)))).toEqual(["c", "d", "e"]);
  });

  it("is forgotten once it is acknowledged, also when the client gave up on the answer", async () => {
    const { client, open, pass } = setUp();
    const first = await open(session);
    client.send("a");
    const controller = new AbortController();
    client.request("b", undefined, { signal: controller.signal }).catch(() => {});
    client.send("c");
    controller.abort();
    first.say({ type: "ack", received: 1 });
    first.end();
    await pass(1_000);
    const link = await open(resumed(1));
    // The count would not fit otherwise.
    expect(events(link)).toEqual(["b", "c"]);
    link.say({ type: "ack", received: 3 });
    link.end();
    await pass(2_000);
    expect(events(await open(resumed(3)))).toEqual([]);
  });

  it.each([-1, 0, 4, 2 ** 53, Number.NaN, null as never])(
    "stays when the server acknowledges nonsense: %s",
    async (received) => {
      const { client, open, pass } = setUp();
      const first = await open(session);
      for (const event of ["a", "b", "c"]) client.send(event);
      first.say({ type: "ack", received: 1 }, { type: "ack", received });
      first.end();
      await pass(1_000);
      expect(events(await open(resumed(1)))).toEqual(["b", "c"]);
    },
  );

  it("is kept up to 4 MiB, together with what waits", async () => {
    const { client, open } = setUp();
    const envelope = JSON.stringify({ type: "send", event: "a", data: "" }).length;
    const link = await open({ ...session, maxMessageBytes: 2 ** 23 });
    client.send("a", "x".repeat(2 ** 21 - envelope));
    link.end();
    expect(() => client.send("a", "x".repeat(2 ** 21 - envelope + 1))).toThrow("full");
    client.send("a", "x".repeat(2 ** 21 - envelope));
    expect(() => client.send("a")).toThrow("full");
  });

  it("leaves its room to others once its session is gone", async () => {
    const { client, open, pass } = setUp();
    const envelope = JSON.stringify({ type: "send", event: "a", data: "" }).length;
    for (const [delayMs, welcome] of [
      [0, session],
      [1_000, refused],
      [2_000, { ...refused, session: "s-3" }],
    ] as const) {
      await pass(delayMs);
      const link = await open({ ...welcome, maxMessageBytes: 2 ** 23 });
      client.send("a", "x".repeat(2 ** 22 - envelope));
      expect(link.types).toEqual(["send"]);
      link.end();
    }
    await client.close();
    await open({ ...session, maxMessageBytes: 2 ** 23 });
    expect(() => client.send("a", "x".repeat(2 ** 22 - envelope))).not.toThrow();
  });

  it("may make the application close the client when it is told of it", async () => {
    const { client, clock, open, states } = setUp();
    const told: unknown[] = [];
    client.on("error", () => client.close());
    client.on("disconnect", ({ code, willReconnect }) => told.push([code, willReconnect]));
    const link = await open(session);
    client.send("a");
    link.end(4410);
    expect(states.map(({ kind }) => kind)).toEqual(["connecting", "open", "closed"]);
    expect(told).toEqual([[1000, false]]);
    expect(clock.timers).toBe(0);
  });

  it("is kept by no client whose server has no sessions", async () => {
    const { client, open } = setUp();
    const link = await open();
    for (let count = 0; count < 2_000; count += 1) client.send("a");
    expect(link.types).toHaveLength(2_000);
  });

  it("and may have arrived in a session that is gone is told as an error, once", async () => {
    const { client, errors, open, pass } = setUp();
    const first = await open(session);
    client.send("a");
    client.send("b");
    first.say({ type: "ack", received: 1 });
    first.end();
    client.send("c");
    await pass(1_000);
    expect(errors).toEqual([]);
    const link = await open(refused);
    expect(errors.map(({ code }) => code)).toEqual(["connection-closed"]);
    expect(events(link)).toEqual(["c"]);
  });
});

describe("a question", () => {
  it("waits for its answer over a resume", async () => {
    const { client, open, pass } = setUp();
    const first = await open(session);
    const request = client.request("add");
    const { ref } = first;
    first.end();
    await pass(1_000);
    expect(await outcome(request)).toBe("pending");
    const link = await open(resumed(1));
    expect(link.types).toEqual([]);
    link.say({ type: "response", ref, data: 3 });
    expect(await request).toBe(3);
  });

  it("times out while the link is away, as it would otherwise", async () => {
    const { client, open, pass } = setUp({ requestTimeoutMs: 500 });
    const first = await open(session);
    const request = outcome(client.request("add"));
    first.end();
    await pass(500);
    expect(await request).toBe("pending");
    const late = client.request("add", undefined, { timeoutMs: 400 });
    late.catch(() => {});
    await pass(400);
    expect(await outcome(late)).toBe("timeout");
  });

  it("fails with connection-closed once it is known that the session is gone", async () => {
    const { client, open, pass } = setUp();
    const first = await open(session);
    const request = client.request("add");
    first.say({ type: "ack", received: 1 });
    const unacknowledged = client.request("add");
    for (const each of [request, unacknowledged]) each.catch(() => {});
    first.end();
    const waiting = client.request("later");
    waiting.catch(() => {});
    await pass(1_000);
    expect(await outcome(request)).toBe("pending");
    const link = await open(refused);
    expect(await outcome(request)).toBe("connection-closed");
    expect(await outcome(unacknowledged)).toBe("connection-closed");
    expect(events(link)).toEqual(["later"]);
  });

  it.each([
    ["another session", session, refused],
    ["a server without sessions", {}, {}],
  ])("that publishes is asked again with the same id: %s", async (_, before, after) => {
    const { client, open, pass } = setUp();
    const first = await open(before);
    const publishing = [client.channel("c").publish("a"), client.channel("c").publish("b", 1, { id: "mine" })];
    const asked = first.sent.slice(1);
    first.say({ type: "ack", received: 1 });
    first.end();
    await pass(1_000);
    const link = await open(after);
    expect(link.sent.slice(1)).toEqual(asked);
    for (const { ref, id } of asked as { ref: number; id: string }[]) link.say({ type: "published", ref, id });
    expect(await Promise.all(publishing)).toEqual(asked.map(({ id }) => ({ id })));
    expect(asked[1]!["id"]).toBe("mine");
  });

  it("is not asked again when it is answered or given up, or when the client is turned away", async () => {
    const { client, open, pass } = setUp({ requestTimeoutMs: 500 });
    const first = await open(session);
    const answered = client.channel("c").publish("a");
    first.say({ type: "published", ref: first.ref, id: "p" });
    await answered;
    const late = client.channel("c").publish("b");
    late.catch(() => {});
    await pass(500);
    first.end();
    await pass(1_000);
    const link = await open(refused);
    expect(link.types).toEqual([]);
    const last = client.channel("c").publish("c");
    link.end(4410);
    expect(await outcome(last)).toBe("connection-closed");
  });
});

describe("after a server has drained", () => {
  it("everything that it did not acknowledge is sent again, in order", async () => {
    const { client, errors, open, pass } = setUp();
    const first = await open(session);
    const asked = client.request("taken");
    asked.catch(() => {});
    client.send("a");
    const request = client.request("b");
    void client.channel("c").publish("c");
    client
      .channel("c")
      .unsubscribe()
      .catch(() => {});
    const reading = client.channel("c").history();
    reading.catch(() => {});
    first.say({ type: "ack", received: 1 });
    first.end(4510, "moved");
    client.send("d");
    await pass(1_000);
    const link = await open(refused);
    expect(link.types).toEqual(["send", "request", "publish", "history", "send"]);
    expect(await outcome(asked)).toBe("connection-closed");
    link.say({ type: "response", ref: link.sent[2]!["ref"] as number, data: "yes" });
    expect(await request).toBe("yes");
    expect(errors).toEqual([]);
  });

  it("the same holds over tries that fail", async () => {
    const { client, open, pass, transport } = setUp();
    const first = await open(session);
    client.send("a");
    first.end(4510);
    await pass(1_000);
    transport.last.fail();
    await pass(2_000);
    expect(events(await open(refused))).toEqual(["a"]);
  });

  it("nothing is sent again that another loss makes doubtful", async () => {
    const { client, errors, open, pass } = setUp();
    (await open(session)).end(4510);
    await pass(1_000);
    const second = await open(refused);
    client.send("a");
    second.end();
    await pass(2_000);
    expect(events(await open({ ...refused, session: "s-3" }))).toEqual([]);
    expect(errors).toHaveLength(1);
  });
});

describe("the client acknowledges", () => {
  it("at once when 512 messages have come, and not before", async () => {
    const { open } = setUp();
    const link = await open(session);
    for (let count = 0; count < 511; count += 1) link.say({ type: "send", event: "a" });
    expect(link.types).toEqual([]);
    link.say({ type: "send", event: "a" });
    expect(link.sent.slice(1)).toEqual([{ type: "ack", received: 512 }]);
    for (let count = 0; count < 512; count += 1) link.say({ type: "send", event: "a" });
    expect(link.latest).toEqual({ type: "ack", received: 1_024 });
  });

  it("at once when 256 KiB have come, and not before", async () => {
    const { open } = setUp();
    const link = await open(session);
    const envelope = JSON.stringify({ type: "send", event: "a", data: "" }).length;
    const half = { type: "send", event: "a", data: "x".repeat(131_072 - envelope) } as const;
    link.say(half);
    link.say({ ...half, data: half.data.slice(1) });
    expect(link.types).toEqual([]);
    link.say({ type: "send", event: "a" });
    expect(link.sent.slice(1)).toEqual([{ type: "ack", received: 3 }]);
  });

  it("what came ten seconds after it last did", async () => {
    const { open, pass } = setUp();
    const link = await open({ ...session, heartbeatMs: 60_000 });
    await pass(9_999);
    link.say({ type: "send", event: "a" });
    expect(link.types).toEqual([]);
    await pass(1);
    link.say({ type: "send", event: "a" });
    expect(link.sent.slice(1)).toEqual([{ type: "ack", received: 2 }]);
  });

  it("with each heartbeat, if there is anything to say", async () => {
    const { open } = setUp({ codec: msgpackCodec() });
    const link = await open(session);
    link.say({ type: "heartbeat" });
    expect(link.types).toEqual([]);
    link.say({ type: "send", event: "a" }, { type: "heartbeat" }, { type: "heartbeat" });
    expect(link.sent.slice(1)).toEqual([{ type: "ack", received: 1 }]);
  });

  it("nothing to a server without sessions", async () => {
    const { open } = setUp();
    const link = await open();
    for (let count = 0; count < 200; count += 1) link.say({ type: "send", event: "a" }, { type: "heartbeat" });
    expect(link.types).toEqual([]);
  });
});

describe("a channel over a resume", () => {
  it("is subscribed again without a word, and its members are still there", async () => {
    const { client, open, pass } = setUp();
    const { first, told } = await subscribedTo(client, open);
    first.end();
    expect(client.channel("lobby").state.kind).toBe("subscribing");
    const again = client.channel("lobby").subscribe();
    await pass(1_000);
    const link = await open(resumed(1));
    await again;
    expect(client.channel("lobby").state.kind).toBe("subscribed");
    expect(link.types).toEqual([]);
    link.say({ type: "publication", channel: "lobby", event: "a", data: 1, id: "p", time: 0 });
    expect(told).toEqual([1]);
    expect(client.channel("lobby").presence.members).toHaveLength(1);
  });

  it("whose answer was on its way gets it", async () => {
    const { client, open, pass } = setUp();
    const first = await open(session);
    const subscribing = client.channel("lobby").subscribe();
    const { ref } = first;
    first.end();
    await pass(1_000);
    const link = await open(resumed(1));
    expect(link.types).toEqual([]);
    link.say({ type: "subscribed", ref, channel: "lobby" });
    await subscribing;
  });

  it("that was asked for meanwhile is subscribed then", async () => {
    const { client, open, pass } = setUp();
    (await open(session)).end();
    const subscribing = client.channel("lobby").subscribe();
    await pass(1_000);
    const link = await open(resumed(0));
    expect(link.types).toEqual(["subscribe"]);
    link.say({ type: "subscribed", ref: link.ref, channel: "lobby" });
    await subscribing;
  });

  it("that was given up meanwhile is left then, and what comes of it is not heard", async () => {
    const { client, open, pass } = setUp();
    const { first, told } = await subscribedTo(client, open);
    first.end();
    await client.channel("lobby").unsubscribe();
    await pass(1_000);
    const link = await open(resumed(1));
    link.say({ type: "publication", channel: "lobby", event: "a", data: 1, id: "p", time: 0 });
    expect(link.types).toEqual(["unsubscribe"]);
    expect(told).toEqual([]);
  });

  it.each([
    ["resumed", resumed(1), ["unsubscribe", "subscribe"]],
    ["new", refused, ["subscribe"]],
  ])("that was given up and asked for again meanwhile ends subscribed: %s", async (_, welcome, types) => {
    const { client, open, pass } = setUp();
    const { first } = await subscribedTo(client, open);
    first.end();
    await client.channel("lobby").unsubscribe();
    const subscribing = client.channel("lobby").subscribe();
    await pass(1_000);
    const link = await open(welcome);
    expect(link.types).toEqual(types);
    for (const { type, ref } of link.sent.slice(1))
      link.say({ type: type === "subscribe" ? "subscribed" : "unsubscribed", ref: ref as number, channel: "lobby" });
    await subscribing;
    expect(client.channel("lobby").state.kind).toBe("subscribed");
  });

  it("that only the server wanted lasts as long as the session", async () => {
    const { client, open, pass } = setUp();
    const first = await open(session);
    first.say({ type: "subscribed", channel: "lobby" });
    first.end();
    await pass(1_000);
    const second = await open(resumed(0));
    expect(client.channel("lobby").state.kind).toBe("subscribed");
    second.end();
    await pass(2_000);
    expect((await open(refused)).types).toEqual([]);
    expect(client.channel("lobby").state.kind).toBe("unsubscribed");
  });
});

describe("an answer to the server", () => {
  it("that is given while the link is away leaves after the resume", async () => {
    const { client, open, pass } = setUp({ offline: "reject" });
    let answer = (): void => {};
    client.on("where", (_, { reply }) => void (answer = () => reply("here")));
    const first = await open(session);
    first.say({ type: "request", ref: 5, event: "where" });
    first.end();
    answer();
    await pass(1_000);
    expect((await open(resumed(0))).sent[1]).toEqual({ type: "response", ref: 5, data: "here" });
  });

  it("does not reach another session, however early it was given", async () => {
    const { client, errors, open, pass } = setUp();
    const answers: (() => void)[] = [];
    client.on("where", (_, { reply }) => void answers.push(() => reply("here")));
    const first = await open(session);
    first.say({ type: "request", ref: 5, event: "where" }, { type: "request", ref: 6, event: "where" });
    first.end();
    answers[0]!();
    await pass(1_000);
    const link = await open(refused);
    answers[1]!();
    expect(link.types).toEqual([]);
    expect(errors).toEqual([]);
  });
});

/** A client that has subscribed to a channel with presence. */
async function subscribedTo(
  client: SetUp["client"],
  open: SetUp["open"],
): Promise<{ first: FakeLink; told: unknown[] }> {
  const told: unknown[] = [];
  client.channel("lobby").on("*", (data) => told.push(data));
  const first = await open(session);
  void client.channel("lobby").subscribe();
  first.say({ type: "subscribed", ref: first.ref, channel: "lobby", members: [{ user: "ada" }] });
  await settled();
  return { first, told };
}

function events(link: FakeLink): readonly unknown[] {
  return link.sent.slice(1).map(({ event }) => event);
}
