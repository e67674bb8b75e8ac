import { describe, expect, it } from "vitest";
import { outcome, setUp } from "./set-up.ts";

describe("a client that batches", () => {
  it("collects what is sent for 50 ms, from the first message on", async () => {
    const { client, open, pass } = setUp({ batch: {} });
    const link = await open();
    client.send("a");
    await pass(30);
    client
      .channel("c")
      .publish("b")
      .catch(() => {});
    client.request("c").catch(() => {});
    await pass(19);
    expect(link.types).toEqual([]);
    await pass(1);
    expect(link.types).toEqual(["send", "publish", "request"]);
    expect(link.sends).toEqual([1, 3]);
    client.send("d");
    await pass(50);
    expect(link.sends).toEqual([1, 3, 1]);
  });

  it("sends 20 at once, and waits with 19", async () => {
    const { client, clock, open } = setUp({ batch: {} });
    const link = await open();
    for (let count = 0; count < 19; count += 1) client.send("a", count);
    expect(link.types).toEqual([]);
    client.send("a", 19);
    expect(link.sends).toEqual([1, 20]);
    expect(link.sent.slice(1).map(({ data }) => data)).toEqual(Array.from({ length: 20 }, (_, count) => count));
    expect(clock.timers).toBe(0);
  });

  it("takes its own figures", async () => {
    const { client, open, pass } = setUp({ batch: { maxMessages: 2, maxDelayMs: 7 } });
    const link = await open();
    for (const event of ["a", "b", "c"]) client.send(event);
    expect(link.sends).toEqual([1, 2]);
    await pass(7);
    expect(link.sends).toEqual([1, 2, 1]);
  });

  it("sends what cannot wait at once, behind what came before it", async () => {
    const { client, open } = setUp({ batch: {} });
    client.on("where", (_, { reply }) => reply("here"));
    const link = await open();
    client.send("a");
    client
      .channel("c")
      .subscribe()
      .catch(() => {});
    expect(link.types).toEqual(["send", "subscribe"]);
    client.send("b");
    link.say({ type: "request", ref: 1, event: "where" });
    expect(link.types).toEqual(["send", "subscribe", "send", "response"]);
  });

  it("sends what waits before it closes", async () => {
    const { client, clock, open } = setUp({ batch: {} });
    const link = await open();
    client.send("a");
    const request = outcome(client.request("b"));
    await client.close();
    expect(link.types).toEqual(["send", "request"]);
    expect(await request).toBe("closed");
    expect(clock.timers).toBe(0);
  });

  it("takes a message back that is given up before it left", async () => {
    const { client, open, pass } = setUp({ batch: {} });
    const link = await open();
    const controller = new AbortController();
    client.request("a", undefined, { signal: controller.signal }).catch(() => {});
    client.send("b");
    controller.abort();
    await pass(50);
    expect(link.types).toEqual(["send"]);
  });

  it("keeps what waits over a lost link, and sends it without a further delay", async () => {
    const { client, clock, open, pass } = setUp({ batch: {} });
    const first = await open({ session: "s" });
    client.send("a");
    first.end();
    expect(clock.timers).toBe(1);
    await pass(1_000);
    const link = await open({ session: "s", resumed: true, received: 0 });
    expect(link.types).toEqual(["send"]);
    client.send("b");
    await pass(50);
    expect(link.types).toEqual(["send", "send"]);
  });
});

describe("a client that does not batch", () => {
  it("sends everything at once", async () => {
    const { client, clock, open } = setUp();
    const link = await open();
    client.send("a");
    client.send("b");
    expect(link.sends).toEqual([1, 1, 1]);
    expect(clock.timers).toBe(0);
  });

  it("sends what has waited together", async () => {
    const { client, open } = setUp();
    for (const event of ["a", "b", "c"]) client.send(event);
    expect((await open()).sends).toEqual([1, 3]);
  });
});
