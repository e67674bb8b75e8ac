import { describe, expect, it } from "vitest";
import { msgpackCodec } from "../../src/client/msgpack.ts";
import { settled, setUp } from "./set-up.ts";

describe("a frame that cannot be understood", () => {
  it.each([
    ["no JSON", "{"],
    ["nothing", ""],
    ["bytes where text is due", Uint8Array.of(1)],
    ["an empty list", "[]"],
    ["more than 256 messages", JSON.stringify(Array.from({ length: 257 }, () => ({ type: "heartbeat" })))],
    ["bytes that are no base64", JSON.stringify({ type: "send", event: "a", bytes: "?" })],
    ["null", "null"],
    ["a number", "5"],
    ["text", `"connect"`],
    ["a publication batch without items", JSON.stringify({ type: "batch", event: "a" })],
    [
      "a join of nobody",
      JSON.stringify([
        { type: "subscribed", channel: "c" },
        { type: "join", channel: "c" },
      ]),
    ],
    ["members that are no list", JSON.stringify({ type: "subscribed", channel: "c", members: 5 })],
    ["an event that is no text", JSON.stringify({ type: "send", event: 5 })],
    ["more than 4 MiB (C09)", `"${"x".repeat(4 * 2 ** 20)}"`],
  ])("drops the link, tells the event error and reconnects: %s", async (_, frame) => {
    const { client, errors, open, pass } = setUp();
    client.on("*", () => {});
    const link = await open();
    const told: unknown[] = [];
    client.on("disconnect", ({ code, willReconnect }) => told.push([code, willReconnect]));
    link.frame(frame);
    expect(link.closes.map(({ code }) => code)).toEqual([4400]);
    expect(errors).toHaveLength(1);
    expect(client.state).toMatchObject({ kind: "waiting", cause: errors[0] });
    expect(told).toEqual([[1002, true]]);
    await pass(1_000);
    await open();
    expect(client.state.kind).toBe("open");
  });

  it("is one in MessagePack as well", async () => {
    const { client, errors, open } = setUp({ codec: msgpackCodec() });
    const link = await open();
    link.frame(Uint8Array.of(0xc1));
    expect(errors.map(({ code }) => code)).toEqual(["bad-request"]);
    expect(client.state.kind).toBe("waiting");
  });

  it("of exactly 4 MiB is read", async () => {
    const { client, open } = setUp();
    let length = 0;
    client.on("a", (data) => (length = (data as string).length));
    const link = await open();
    const envelope = JSON.stringify({ type: "send", event: "a", data: "" }).length;
    link.frame(JSON.stringify({ type: "send", event: "a", data: "x".repeat(4 * 2 ** 20 - envelope) }));
    expect(length).toBe(4 * 2 ** 20 - envelope);
  });

  it("may make the application close the client for good", async () => {
    const { client, clock, open } = setUp();
    client.on("error", () => client.close());
    (await open()).frame("{");
    await settled();
    expect(client.state).toEqual({ kind: "closed" });
    expect(clock.timers).toBe(0);
  });

  it("cannot drop a link through a handler that throws (C11)", async () => {
    const { client, open } = setUp();
    client.on("a", () => {
      throw new TypeError("the application's own");
    });
    (await open()).say({ type: "send", event: "a" });
    expect(client.state.kind).toBe("open");
  });
});

describe("what this client does not know", () => {
  it("is ignored: types and fields", async () => {
    const { client, errors, open } = setUp();
    const heard: unknown[] = [];
    client.on("*", (data) => heard.push(data));
    const link = await open();
    for (const type of ["gap", "move", "expiring", "ack", "constructor", "__proto__", ""]) {
      link.frame(JSON.stringify({ type, channel: "c", event: "a", data: 1, items: [1] }));
    }
    link.frame(JSON.stringify({ data: 1 }));
    link.frame(JSON.stringify({ type: "send", event: "a", data: 2, position: "e.1.t", ttl: 5 }));
    expect(heard).toEqual([2]);
    expect(errors).toEqual([]);
    expect(client.state.kind).toBe("open");
  });

  it("is ignored before connected, and so is everything else but an error", async () => {
    const { client, transport } = setUp();
    const heard: unknown[] = [];
    client.on("*", (data) => heard.push(data));
    void client.connect();
    await settled();
    const link = transport.last.accept();
    await settled();
    link.say({ type: "send", event: "early", data: 1 }, { type: "heartbeat" }, { type: "subscribed", channel: "c" });
    expect(heard).toEqual([]);
    expect(client.state.kind).toBe("connecting");
    expect(client.channel("c").state.kind).toBe("unsubscribed");
  });

  it("is a second connected", async () => {
    const { client, states, open } = setUp();
    const link = await open();
    link.say({ type: "connected", connection: "c-9", heartbeatMs: 1, maxMessageBytes: 1 });
    expect(states).toHaveLength(2);
    client.send("still fine");
    expect(link.types).toEqual(["send"]);
  });
});

describe("an error of the server that names no request", () => {
  it("reaches the event error", async () => {
    const { client, errors, open } = setUp();
    const link = await open();
    client.send("connect-ish");
    link.say({ type: "error", code: "rate-limited", message: "slow down" });
    expect(errors).toMatchObject([{ code: "rate-limited", message: "slow down" }]);
    expect(client.state.kind).toBe("open");
  });

  it("long before is not the reason for a lost link", async () => {
    const { client, open } = setUp();
    const link = await open();
    link.say({ type: "error", code: "rate-limited", message: "slow down" });
    link.end();
    expect(client.state).toMatchObject({ cause: { code: "connection-closed" } });
  });

  it("before connected is the reason for the close that follows, and no event", async () => {
    const { client, errors, transport } = setUp();
    void client.connect();
    await settled();
    const link = transport.last.accept();
    await settled();
    link.say({ type: "error", code: "limit-exceeded", message: "the server is full" });
    link.end(4503);
    expect(client.state).toMatchObject({
      kind: "waiting",
      cause: { code: "limit-exceeded", message: "the server is full" },
    });
    expect(errors).toEqual([]);
  });
});
