import { describe, expect, it } from "vitest";
import { CarillonError } from "../../src/client/index.ts";
import { outcome, settled, setUp } from "./set-up.ts";

describe("a token provider", () => {
  it("is asked at the first connection and not again when the link breaks", async () => {
    let asked = 0;
    const { open, pass } = setUp({ token: () => `t-${(asked += 1)}` });
    (await open()).end();
    await pass(1_000);
    const link = await open();
    expect(link.sent[0]).toEqual({ type: "connect", token: "t-1", resume: true });
    expect(asked).toBe(1);
  });

  it("is asked for a fresh token at once when the server closes with 4402", async () => {
    let asked = 0;
    const { client, open, transport } = setUp({ token: async () => `t-${(asked += 1)}` });
    const told: boolean[] = [];
    client.on("disconnect", ({ willReconnect }) => told.push(willReconnect));
    (await open()).end(4402);
    expect(client.state).toEqual({ kind: "connecting", attempt: 2 });
    expect(told).toEqual([true]);
    await settled();
    expect(transport.tries).toHaveLength(2);
    expect((await open()).sent[0]).toMatchObject({ token: "t-2" });
  });

  it("is asked for a fresh token when the error token-expired came, whatever the close code", async () => {
    let asked = 0;
    const { open, client } = setUp({ token: () => `t-${(asked += 1)}` });
    const link = await open();
    link.say({ type: "error", code: "token-expired", message: "time is up" });
    link.end(1006);
    expect(client.state.kind).toBe("connecting");
    await settled();
    expect(asked).toBe(2);
  });

  it("goes through back-off when its fresh token is refused too", async () => {
    let asked = 0;
    const { client, clock, open, pass } = setUp({ token: () => `t-${(asked += 1)}` });
    (await open()).end(4402);
    (await open()).end(4402);
    expect(client.state).toMatchObject({
      kind: "waiting",
      cause: { code: "token-expired" },
      retryAt: clock.wall() + 1_000,
    });
    await pass(1_000);
    (await open()).end(4402);
    expect(client.state).toMatchObject({ kind: "waiting", retryAt: clock.wall() + 2_000 });
    expect(asked).toBe(3);
  });

  it("is asked at once again after a connection that lasted", async () => {
    const { client, open, pass } = setUp({ token: () => "t" });
    (await open()).end(4402);
    const link = await open();
    await pass(1_000);
    link.end(4402);
    expect(client.state.kind).toBe("connecting");
  });

  it("is asked again by a client that was closed and connects afresh", async () => {
    let asked = 0;
    const { client, open } = setUp({ token: () => `t-${(asked += 1)}` });
    await open();
    await client.close();
    expect((await open()).sent[0]).toMatchObject({ token: "t-2" });
  });

  it("that fails counts as a failed try", async () => {
    const cause = new Error("offline");
    const { client, clock } = setUp({
      token: () => {
        throw cause;
      },
    });
    void client.connect();
    await settled();
    expect(client.state).toMatchObject({
      kind: "waiting",
      cause: { code: "connect-failed", cause },
      retryAt: clock.wall() + 1_000,
    });
  });

  it("that says no for good closes the client", async () => {
    const { client } = setUp({ token: () => Promise.reject(new CarillonError("unauthorized")) });
    expect(await outcome(client.connect())).toBe("unauthorized");
    expect(client.state.kind).toBe("closed");
  });

  it("that hangs has connectTimeoutMs", async () => {
    const { client, transport, pass } = setUp({ token: () => new Promise<string>(() => {}), connectTimeoutMs: 3_000 });
    void client.connect();
    await pass(3_000);
    expect(client.state).toMatchObject({ kind: "waiting", cause: { code: "timeout" } });
    expect(transport.tries).toHaveLength(0);
  });
});

describe("a token that is about to expire", () => {
  const expiring = { type: "expiring", inMs: 1_000 } as const;

  it("is replaced by a fresh one of the provider, without a break in the connection", async () => {
    let asked = 0;
    const { client, open, errors } = setUp({ token: async () => `t-${(asked += 1)}` });
    const link = await open();
    link.say(expiring);
    await settled();
    expect(link.sent.slice(1)).toEqual([{ type: "refresh", ref: 1, token: "t-2" }]);
    link.say({ type: "refreshed", ref: 1 });
    await settled();
    expect(client.state.kind).toBe("open");
    expect(asked).toBe(2);
    expect(errors).toEqual([]);
  });

  it("is what a later connection begins with, once it is fresh", async () => {
    let asked = 0;
    const { open, pass } = setUp({ token: () => `t-${(asked += 1)}` });
    const link = await open();
    link.say(expiring);
    await settled();
    link.end();
    await pass(1_000);
    expect((await open()).sent[0]).toMatchObject({ token: "t-2" });
  });

  it("is left to expire when the fresh one is refused or cannot be had, and asked for again then", async () => {
    let asked = 0;
    const { client, open, errors } = setUp({
      token: () => {
        if ((asked += 1) === 3) throw new Error("no");
        return `t-${asked}`;
      },
    });
    const link = await open();
    link.say(expiring);
    await settled();
    link.say({ type: "error", ref: 1, code: "unauthorized", message: "no" });
    link.say(expiring);
    await settled();
    expect(link.sent).toHaveLength(2);
    expect(client.state.kind).toBe("open");
    expect(errors).toEqual([]);
    link.end(4402);
    expect((await open()).sent[0]).toMatchObject({ token: "t-4" });
  });

  it("is not sent again when it is fixed", async () => {
    const { open } = setUp({ token: "t" });
    const link = await open();
    link.say(expiring);
    await settled();
    expect(link.sent).toHaveLength(1);
  });

  it("is replaced by nobody when the client is closed meanwhile", async () => {
    let give: ((token: string) => void) | undefined;
    let asked = 0;
    const { client, open } = setUp({
      token: () => ((asked += 1) === 1 ? "t" : new Promise<string>((resolve) => (give = resolve))),
    });
    const link = await open();
    link.say(expiring);
    await settled();
    const closed = client.close();
    give!("t-2");
    await closed;
    await settled();
    expect(link.sent).toHaveLength(1);
    expect(client.state.kind).toBe("closed");
  });
});

describe("a fixed token", () => {
  it("that has expired closes the client", async () => {
    const { client, open } = setUp({ token: "t" });
    (await open()).end(4402);
    expect(client.state).toMatchObject({ kind: "closed", cause: { code: "token-expired" } });
  });

  it("that was missing closes the client too", async () => {
    const { client, open } = setUp();
    (await open()).end(4402);
    expect(client.state.kind).toBe("closed");
  });
});
