import { describe, expect, it } from "vitest";
import { msgpackCodec } from "../../src/client/msgpack.ts";
import type { CarillonError, Client } from "../../src/client/index.ts";
import { outcome, setUp } from "./set-up.ts";

const ways: readonly (readonly [string, (client: Client) => unknown])[] = [
  ["send", (client) => client.send("a", 1)],
  ["request", (client) => client.request("a", 1)],
  ["publish", (client) => client.channel("c").publish("a", 1)],
];

describe("a message without a connection", () => {
  it("waits, and leaves in the order it came in", async () => {
    const { client, open } = setUp();
    client.send("first", 1);
    void client.request("second", 2);
    void client.channel("c").publish("third", 3);
    client.send("fourth", 4);
    const link = await open();
    expect(link.sent.slice(1).map(({ event }) => event)).toEqual(["first", "second", "third", "fourth"]);
  });

  it("stays in the queue over several tries", async () => {
    const { client, transport, open, pass } = setUp();
    client.send("a");
    await pass(0);
    transport.last.fail();
    await pass(1_000);
    expect((await open()).types).toEqual(["send"]);
  });

  it.each(ways)("fails with offline where that is wanted: %s", async (_, act) => {
    const { client, open } = setUp({ offline: "reject" });
    expect(await codeOf(() => act(client))).toBe("offline");
    // It is a reason to connect all the same.
    expect(client.state.kind).toBe("connecting");
    expect((await open()).types).toEqual([]);
    expect(await codeOf(() => act(client))).toBe("resolved");
  });

  it.each(ways)("fails with closed when the client is closed: %s", async (_, act) => {
    const { client } = setUp();
    await client.close();
    expect(await codeOf(() => act(client))).toBe("closed");
  });

  it("fails with closed, and the cause, when the server turned the client away", async () => {
    const { client, open } = setUp();
    (await open()).end(4403);
    await expect(client.request("a")).rejects.toMatchObject({ code: "closed", cause: { code: "forbidden" } });
  });

  it("is rejected when the client is closed while it waits", async () => {
    const { client, clock } = setUp();
    const waiting = [client.request("a"), client.channel("c").publish("a")];
    client.send("a");
    const outcomes = waiting.map(outcome);
    await client.close();
    expect(await Promise.all(outcomes)).toEqual(["closed", "closed"]);
    expect(clock.timers).toBe(0);
  });
});

describe("the queue", () => {
  it("holds 1,000 messages and refuses the next (C12)", async () => {
    const { client, open } = setUp();
    for (let count = 0; count < 1_000; count += 1) client.send("a", count);
    for (const [, act] of ways) expect(await codeOf(() => act(client))).toBe("queue-full");
    const link = await open();
    expect(link.types).toHaveLength(1_000);
    // With a connection there is no such limit, whether the server has acknowledged them or not.
    for (let count = 0; count < 1_000; count += 1) client.send("a");
    expect(link.types).toHaveLength(2_000);
  });

  it("holds 4 MiB of encoded messages and refuses a byte more (C12)", async () => {
    const { client, open } = setUp();
    const envelope = JSON.stringify({ type: "send", event: "a", data: "" }).length;
    // Four messages of exactly 1 MiB.
    for (let count = 0; count < 3; count += 1) client.send("a", "x".repeat(2 ** 20 - envelope));
    expect(await codeOf(() => client.send("a", "x".repeat(2 ** 20 - envelope + 1)))).toBe("queue-full");
    client.send("a", "x".repeat(2 ** 20 - envelope));
    expect(await codeOf(() => client.send("a"))).toBe("queue-full");
    expect((await open({ maxMessageBytes: 2 ** 21 })).types).toHaveLength(4);
  });

  it("counts bytes, not characters", async () => {
    const { client } = setUp();
    const envelope = JSON.stringify({ type: "send", event: "a", data: "" }).length;
    const euros = "€".repeat((2 ** 22 - envelope) / 3);
    client.send("a", euros);
    expect(await codeOf(() => client.send("a", "xx"))).toBe("queue-full");
  });

  it("has room again when a request has given up", async () => {
    const { client, open } = setUp();
    const controller = new AbortController();
    const request = client.request("abandoned", undefined, { signal: controller.signal });
    for (let count = 0; count < 999; count += 1) client.send("a");
    controller.abort();
    expect(await outcome(request)).toBe("aborted");
    client.send("a");
    expect((await open()).sent.some(({ event }) => event === "abandoned")).toBe(false);
  });

  it("survives a lost link without what was sent already", async () => {
    const { client, open, pass } = setUp();
    const first = await open();
    const sent = client.request("sent");
    first.end();
    client.send("waiting");
    expect(await outcome(sent)).toBe("connection-closed");
    await pass(1_000);
    expect((await open()).sent.slice(1).map(({ event }) => event)).toEqual(["waiting"]);
  });

  it("is refused by a link that does not get rid of 4 MiB", async () => {
    const { client, open } = setUp();
    const link = await open();
    link.bufferedBytes = 2 ** 22;
    client.send("a");
    link.bufferedBytes += 1;
    for (const [, act] of ways) expect(await codeOf(() => act(client))).toBe("queue-full");
  });
});

describe("a message that the server would find too large", () => {
  it.each(ways)("is refused before it is sent: %s", async (type, act) => {
    const { client, open } = setUp();
    const link = await open();
    act(client);
    const fits = JSON.stringify(link.latest).length;
    for (const [limit, result] of [
      [fits, "resolved"],
      [fits - 1, "payload-too-large"],
    ] as const) {
      const again = setUp();
      const other = await again.open({ maxMessageBytes: limit });
      expect(await codeOf(() => act(again.client))).toBe(result);
      expect(other.types).toEqual(result === "resolved" ? [type] : []);
    }
  });

  it("is refused when it waited for a server with a smaller limit, and the others are not", async () => {
    const { client, open, errors } = setUp();
    const waiting = [client.request("a", "x".repeat(100)), client.channel("c").publish("a", "x".repeat(100))];
    for (const each of waiting) each.catch(() => {});
    client.send("b", "x".repeat(100));
    client.send("c");
    const link = await open({ maxMessageBytes: 100 });
    expect(await Promise.all(waiting.map(outcome))).toEqual(["payload-too-large", "payload-too-large"]);
    expect(errors.map(({ code }) => code)).toEqual(["payload-too-large"]);
    expect(link.sent.slice(1).map(({ event }) => event)).toEqual(["c"]);
  });

  it("is measured by the last server's limit while there is no connection", async () => {
    const { client, open } = setUp();
    (await open({ maxMessageBytes: 100 })).end();
    expect(await codeOf(() => client.send("a", "x".repeat(100)))).toBe("payload-too-large");
  });

  it.each([0, -1, Number.NaN, undefined as never])(
    "never is when the server's limit is %s",
    async (maxMessageBytes) => {
      const { client, open } = setUp();
      const link = await open({ maxMessageBytes });
      client.send("a", "x".repeat(1_000_000));
      expect(link.types).toEqual(["send"]);
    },
  );

  it("may make the application close the client in the middle of the queue", async () => {
    const { client, open, clock } = setUp();
    client.on("error", () => client.close());
    client.send("a", "x".repeat(100));
    client.send("b");
    const link = await open({ maxMessageBytes: 100 });
    expect(link.types).toEqual([]);
    expect(client.state).toEqual({ kind: "closed" });
    expect(clock.timers).toBe(0);
  });
});

describe("data that cannot be encoded", () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;

  it.each([
    ["a bigint", 1n],
    ["a circle", circle],
  ])("is refused at once: %s", async (_, data) => {
    const { client, open } = setUp();
    const link = await open();
    expect(() => client.send("a", data)).toThrow(expect.objectContaining({ code: "payload-invalid" }));
    await expect(client.request("a", data)).rejects.toMatchObject({ code: "payload-invalid" });
    await expect(client.channel("c").publish("a", data)).rejects.toMatchObject({ code: "payload-invalid" });
    expect(link.types).toEqual([]);
  });

  it("is taken as it was when it was sent, whatever happens to the object", async () => {
    const { client, open } = setUp();
    const data = { count: 1 };
    client.send("a", data);
    data.count = 2;
    expect((await open()).latest["data"]).toEqual({ count: 1 });
  });
});

describe("bytes", () => {
  it.each([
    ["base64 text in JSON", undefined],
    ["themselves in MessagePack", msgpackCodec()],
  ])("travel both ways as %s", async (_, codec) => {
    const { client, open } = setUp({ ...(codec && { codec }) });
    const heard: unknown[] = [];
    client.on("sketch", (data) => heard.push(data));
    const link = await open();
    client.send("sketch", Uint8Array.of(1, 2, 255));
    expect(link.latest).toEqual({ type: "send", event: "sketch", data: Uint8Array.of(1, 2, 255) });
    link.say({ type: "send", event: "sketch", data: Uint8Array.of(9) });
    expect(heard).toEqual([Uint8Array.of(9)]);
  });
});

async function codeOf(act: () => unknown): Promise<string> {
  try {
    const code = await outcome(Promise.resolve(act()));
    return code === "pending" ? "resolved" : code;
  } catch (error) {
    return (error as CarillonError).code;
  }
}
