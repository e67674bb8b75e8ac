import { afterEach, describe, expect, it, vi } from "vitest";
import { closeCodes, mayReconnect } from "../../src/errors/close-codes.ts";
import { retryDelay } from "../../src/client/reconnect.ts";
import type { CarillonError, ClientState } from "../../src/client/index.ts";
import { settled, setUp, type SetUp } from "./set-up.ts";

const defaults = { delayMs: 1_000, maxDelayMs: 30_000, attempts: Infinity } as const;

describe("the delay before a try", () => {
  it("doubles up to the maximum without jitter", () => {
    const delays = [0, 1, 2, 3, 4, 5, 6, 2_000].map((waits) =>
      retryDelay(waits, { ...defaults, jitter: "none" }, { next: () => 0.5 }),
    );
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it.each([
    ["100 ms", 0, 0, 100],
    ["almost the whole delay", 0, 0.999, 999.1],
    ["its middle", 2, 0.5, 2_050],
    ["almost the maximum", 10, 0.999, 29_970.1],
  ])("is %s with full jitter, by chance", (_, waits, chance, delay) => {
    expect(retryDelay(waits, { ...defaults, jitter: "full" }, { next: () => chance })).toBeCloseTo(delay, 6);
  });

  it("is never longer than what was asked for, even below 100 ms", () => {
    expect(retryDelay(0, { ...defaults, delayMs: 20, jitter: "full" }, { next: () => 0.999 })).toBe(20);
  });
});

describe("a client whose server cannot be reached", () => {
  it("waits 1, 2, 4, 8, 16 and then 30 seconds, and tells when it will try again", async () => {
    const { client, clock, transport, pass } = setUp();
    void client.connect();
    for (const [index, seconds] of [1, 2, 4, 8, 16, 30, 30].entries()) {
      await settled();
      expect(transport.tries).toHaveLength(index + 1);
      transport.last.fail();
      await settled();
      expect(client.state).toMatchObject({
        kind: "waiting",
        attempt: index + 2,
        retryAt: clock.wall() + seconds * 1_000,
        cause: { code: "connect-failed" },
      });
      await pass(seconds * 1_000 - 1);
      expect(client.state.kind).toBe("waiting");
      await pass(1);
      expect(client.state).toEqual({ kind: "connecting", attempt: index + 2 });
    }
  });

  it("takes delayMs and maxDelayMs", async () => {
    const { client, clock, states, transport, pass } = setUp({ reconnect: { delayMs: 200, maxDelayMs: 500 } });
    void client.connect();
    const delays: number[] = [];
    for (let tries = 0; tries < 4; tries += 1) {
      await settled();
      transport.last.fail();
      await settled();
      const waiting = states.at(-1) as Extract<ClientState, { kind: "waiting" }>;
      delays.push(waiting.retryAt - clock.wall());
      await pass(500);
    }
    expect(delays).toEqual([200, 400, 500, 500]);
  });

  it("spreads its tries with full jitter, which is the default", async () => {
    const { client, clock, transport } = setUp({ reconnect: { jitter: "full" }, random: { next: () => 0.25 } });
    void client.connect();
    await settled();
    transport.last.fail();
    await settled();
    expect(client.state).toMatchObject({ retryAt: clock.wall() + 325 });
  });

  it.each([1, 2, 5])("gives up after %i attempts", async (attempts) => {
    const { client, transport, pass } = setUp({ reconnect: { attempts } });
    client.connect().catch(() => {});
    for (let tries = 0; tries < attempts; tries += 1) {
      await settled();
      expect(client.state.kind).toBe("connecting");
      transport.last.fail();
      await pass(1_000 * 2 ** tries);
    }
    expect(client.state).toMatchObject({ kind: "closed", cause: { code: "connect-failed" } });
    expect(transport.tries).toHaveLength(attempts);
  });

  it("measures its waits with the monotonic clock (C10)", async () => {
    const { client, clock, transport, pass } = setUp();
    void client.connect();
    await settled();
    transport.last.fail();
    await settled();
    clock.setWall(clock.wall() - 86_400_000);
    await pass(1_000);
    expect(client.state.kind).toBe("connecting");
  });
});

describe("a client whose connection ends", () => {
  it("begins with the first delay again once the connection had lasted that long", async () => {
    const { client, clock, pass, open } = setUp();
    (await open()).end();
    await pass(1_000);
    const link = await open();
    await pass(1_000);
    link.end();
    expect(client.state).toMatchObject({ kind: "waiting", attempt: 1, retryAt: clock.wall() + 1_000 });
  });

  it("goes on with longer delays when the connection was shorter", async () => {
    const { client, clock, pass, open } = setUp();
    (await open()).end();
    await pass(1_000);
    const link = await open();
    await pass(999);
    link.end();
    expect(client.state).toMatchObject({ kind: "waiting", attempt: 3, retryAt: clock.wall() + 2_000 });
  });

  it("gives up on a server that accepts and closes in a loop when attempts are limited", async () => {
    const { client, pass, open } = setUp({ reconnect: { attempts: 3 } });
    for (let tries = 0; tries < 3; tries += 1) {
      (await open()).end();
      await pass(30_000);
    }
    expect(client.state.kind).toBe("closed");
  });

  it("does not come back with reconnect: false", async () => {
    const { client, clock, open } = setUp({ reconnect: false });
    const link = await open();
    clock.advance(60_000);
    link.end();
    expect(client.state).toMatchObject({ kind: "closed", cause: { code: "connection-closed" } });
    expect(clock.timers).toBe(0);
  });

  it.each([
    // Chance always gives the shortest wait here, and its mean there.
    ["as soon as that looks stable", 1_000, 0, 600],
    ["just before that", 999, 0.5, 60],
    ["at once", 0, 0.5, 60],
  ])("connects at most once a second to a server that closes %s, and far less to a worse one (C04)", async (...row) => {
    const [, lifeMs, chance, most] = row;
    const { client, clock, transport } = setUp({ reconnect: { jitter: "full" }, random: { next: () => chance } });
    void client.connect();
    while (clock.now() < 600_000) {
      await settled();
      transport.last.accept();
      await settled();
      transport.last.link.say({ type: "connected", connection: "c", heartbeatMs: 0, maxMessageBytes: 1_000 });
      clock.advance(lifeMs);
      transport.last.link.end(4510);
      const { retryAt } = client.state as Extract<ClientState, { kind: "waiting" }>;
      clock.advance(retryAt - clock.wall());
    }
    expect(transport.tries.length).toBeLessThanOrEqual(most);
  });
});

describe("after a close code a client", () => {
  const others = [
    1003, 1004, 1005, 1006, 1010, 1011, 1012, 1013, 1014, 1015, 3000, 3999, 4000, 4399, 4404, 4450, 4499, 4501, 4999,
  ];
  const codes = [...Object.values(closeCodes).map(({ code }) => code), ...others].filter((code) => code !== 4402);

  it.each(codes)("comes back or stays away as PROTOCOL.md says: %i (C15)", async (code) => {
    const { client, open } = setUp();
    const told: boolean[] = [];
    client.on("disconnect", (event) => told.push(event.willReconnect));
    (await open()).end(code, "why");
    const kind = mayReconnect(code) ? "waiting" : "closed";
    expect(client.state.kind).toBe(kind);
    expect((client.state as { cause: CarillonError }).cause.message).toContain(`${code} why`);
    expect(told).toEqual([kind === "waiting"]);
  });

  it.each([
    [1000, "closed"],
    [4401, "unauthorized"],
    [4403, "forbidden"],
    [4410, "closed"],
    [4499, "connection-closed"],
  ])("of %i knows the reason as %s", async (code, cause) => {
    const { client, open } = setUp();
    (await open()).end(code);
    expect(client.state).toMatchObject({ kind: "closed", cause: { code: cause } });
  });

  it("before it was open rejects connect() only if it may not come back", async () => {
    for (const code of [4400, 4401, 4403, 4503, 1006]) {
      const { client, transport } = setUp();
      let rejected = false;
      client.connect().catch(() => (rejected = true));
      await settled();
      const link = transport.last.accept();
      await settled();
      link.end(code);
      await settled();
      expect([code, rejected]).toEqual([code, !mayReconnect(code)]);
    }
  });
});

describe("a platform that comes online", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("makes a waiting client try at once, and is not listened to otherwise", async () => {
    const platform = new EventTarget();
    const listening = new Set<unknown>();
    vi.stubGlobal("addEventListener", (type: string, listener: EventListener) => {
      listening.add(listener);
      platform.addEventListener(type, listener);
    });
    vi.stubGlobal("removeEventListener", (type: string, listener: EventListener) => {
      listening.delete(listener);
      platform.removeEventListener(type, listener);
    });
    const set: SetUp = setUp();
    set.client.connect().catch(() => {});
    await settled();
    expect(listening.size).toBe(0);
    set.transport.last.fail();
    await settled();
    expect(listening.size).toBe(1);
    platform.dispatchEvent(new Event("online"));
    expect(set.client.state).toEqual({ kind: "connecting", attempt: 2 });
    expect(listening.size).toBe(0);
    await settled();
    set.transport.last.fail();
    await settled();
    // It was right, or it lied; the next wait is longer all the same.
    expect(set.client.state).toMatchObject({ retryAt: set.clock.wall() + 2_000 });
    await set.client.close();
    expect(listening.size).toBe(0);
    expect(set.clock.timers).toBe(0);
  });
});
