import { describe, expect, it, vi } from "vitest";
import { createSocketGoClient, type CarillonError } from "../../../src/client/socket-go/index.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { outcome, settled } from "../set-up.ts";
import { scene } from "./support.ts";

const names = (told: readonly (readonly [string, unknown])[]): readonly string[] => told.map(([name]) => name);
const error = (run: () => void): Pick<CarillonError, "code" | "message"> => {
  try {
    run();
  } catch (thrown) {
    const { code, message } = thrown as CarillonError;
    return { code, message };
  }
  throw new Error("nothing was thrown");
};

describe("reconnecting", () => {
  it("tries five times at the exact moments, and not a sixth time (SGO-23)", async () => {
    const it = scene();
    await it.client.connect();
    it.isUp = false;
    it.link().end();
    for (let second = 0; second < 120; second += 1) await it.pass(1_000);
    expect(it.tries).toEqual([0, 1_000, 3_000, 7_000, 15_000, 31_000]);
    expect(it.clock.timers).toBe(0);
  });

  it("tries for ever with 0 attempts, and never waits longer than the cap (SGO-23)", async () => {
    const it = scene({ reconnect: { attempts: 0 } });
    await it.client.connect();
    it.isUp = false;
    it.link().end();
    for (let second = 0; second < 121; second += 1) await it.pass(1_000);
    expect(it.tries).toEqual([0, 1_000, 3_000, 7_000, 15_000, 31_000, 61_000, 91_000, 121_000]);
    await it.client.close();
    expect(it.clock.timers).toBe(0);
  });

  it.each([
    [1_007, true],
    [1_008, false],
  ])("a server that closes with %i is tried again: %s", async (code, willReconnect) => {
    const it = scene();
    await it.client.connect();
    it.client.join("r");
    it.link().end(code);
    expect(it.told.at(-1)).toMatchObject(["disconnect", { code, willReconnect }]);
    expect(it.client.rooms()).toEqual(willReconnect ? ["r"] : []);
    await it.pass(60_000);
    expect(it.tries).toHaveLength(willReconnect ? 2 : 1);
  });

  it("comes back when it is told to after a refusal, with its tries counted anew", async () => {
    const it = scene();
    it.client.on("disconnect", () => void it.client.connect());
    await it.client.connect();
    it.link().end(1_008);
    await it.pass(0);
    expect([it.tries, it.client.isConnected, it.client.reconnects]).toEqual([[0, 0], true, 0]);
  });

  it("does not try with reconnect: false (SGO-23)", async () => {
    const it = scene({ reconnect: false });
    await it.client.connect();
    it.link().end();
    await it.pass(60_000);
    expect(it.tries).toEqual([0]);
    expect(it.told.at(-1)).toMatchObject(["disconnect", { willReconnect: false }]);
  });

  it("starts over with the first wait, counts, and joins its rooms again (SGO-23, SGO-61)", async () => {
    const it = scene();
    await it.client.connect();
    expect(it.told[0]).toEqual(["connect", { reconnects: 0, attempts: 1 }]);
    it.client.join("a");
    it.client.join("b");
    it.client.join("a");
    it.client.leave("b");
    it.client.join("c");
    it.isUp = false;
    it.link().end();
    await it.pass(1_000);
    it.isUp = true;
    await it.pass(2_000);
    expect(it.told.at(-1)).toEqual(["connect", { reconnects: 1, attempts: 2 }]);
    expect(it.link().sent).toEqual(['{"event":"join","data":"a"}', '{"event":"join","data":"c"}']);
    it.link().end();
    await it.pass(1_000);
    expect(it.told.at(-1)).toEqual(["connect", { reconnects: 2, attempts: 1 }]);
    expect(it.client.reconnects).toBe(2);
  });
});

describe("connecting", () => {
  it("rejects at once without a server, and does not repeat the first try (SGO-52)", async () => {
    const it = scene();
    it.isUp = false;
    await expect(it.client.connect()).rejects.toMatchObject({ code: "connect-failed" });
    await it.pass(60_000);
    expect(it.tries).toEqual([0]);
    it.isUp = true;
    await it.client.connect();
    expect(it.client.isConnected).toBe(true);
  });

  it("rejects when its signal is aborted, before and meanwhile (SGO-52)", async () => {
    const it = scene();
    expect(await outcome(it.client.connect({ signal: AbortSignal.abort() }))).toBe("aborted");
    const controller = new AbortController();
    const connecting = outcome(it.client.connect({ signal: controller.signal }));
    controller.abort();
    expect(await connecting).toBe("aborted");
    await settled();
    expect(it.client.isConnected).toBe(false);
    expect(it.link().closedWith).toBe(1000);
  });

  it("sends what is sent in the connect handler (SGO-52)", async () => {
    const it = scene();
    it.client.on("connect", () => it.client.send("hello"));
    await it.client.connect();
    expect(it.link().sent).toEqual(['{"event":"hello"}']);
  });

  it("gives a transport 10 s, then the next one its turn (SGO-56)", async () => {
    const clock = new ManualClock();
    const tried: string[] = [];
    const silent = (name: string) => ({
      name,
      connect: ({ signal }: { readonly signal: AbortSignal }): Promise<never> => {
        tried.push(name);
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
      },
    });
    const client = createSocketGoClient("ws://server/socket", { clock, transports: [silent("one"), silent("two")] });
    const connecting = client.connect();
    const end = outcome(connecting.finally(() => undefined));
    clock.advance(9_999);
    await settled();
    expect(tried).toEqual(["one"]);
    clock.advance(1);
    await settled();
    expect(tried).toEqual(["one", "two"]);
    clock.advance(10_000);
    await expect(connecting).rejects.toMatchObject({ code: "timeout", message: "operation timed out" });
    await end;
  });
});

describe("sending", () => {
  it("fails with the original's words without a connection (SGO-25)", async () => {
    const it = scene();
    const closed = { code: "connection-closed", message: "connection closed" };
    expect(error(() => it.client.send("x"))).toEqual(closed);
    await it.client.connect();
    await it.client.close();
    expect(error(() => it.client.send("x"))).toEqual(closed);
  });

  it("has room for 100 behind a link that is full, and not for one more (SGO-25)", async () => {
    const it = scene();
    await it.client.connect();
    it.link().bufferedBytes = 1_048_576;
    for (let n = 0; n < 100; n += 1) it.client.send("n", n);
    expect(it.link().sent).toEqual([]);
    expect(error(() => it.client.send("n", 100))).toEqual({ code: "queue-full", message: "send buffer full" });
    it.link().bufferedBytes = 1_048_575;
    await it.pass(10);
    expect(it.link().sent).toHaveLength(100);
    it.client.send("n", 100);
    expect(it.link().sent.at(-1)).toBe('{"event":"n","data":100}');
  });

  it("has room for 1,000 in a batch, and not for one more (SGO-25)", async () => {
    const it = scene({ batch: {} });
    await it.client.connect();
    it.link().bufferedBytes = 1_048_576;
    for (let n = 0; n < 1_000; n += 1) it.client.send("n", n);
    expect(error(() => it.client.send("n"))).toEqual({ code: "queue-full", message: "message buffer full" });
  });

  it("leaves null and undefined out, and keeps 0, false and an empty text", async () => {
    const it = scene();
    await it.client.connect();
    for (const data of [null, undefined, 0, false, ""]) it.client.send("x", data);
    expect(it.link().sent).toEqual([
      '{"event":"x"}',
      '{"event":"x"}',
      '{"event":"x","data":0}',
      '{"event":"x","data":false}',
      '{"event":"x","data":""}',
    ]);
    expect(error(() => it.client.send("x", 1n))).toEqual({ code: "bad-request", message: "invalid message format" });
  });

  it("leaves at once without a batch (SGO-60)", async () => {
    const it = scene();
    await it.client.connect();
    it.client.send("a");
    expect(it.link().sent).toEqual(['{"event":"a"}']);
    expect(it.clock.timers).toBe(0);
  });

  it("sends a batch when it is whole or its time is over, each message in its own frame, in order (SGO-24)", async () => {
    const it = scene({ batch: { size: 3, intervalMs: 50 } });
    await it.client.connect();
    it.client.send("a");
    it.client.send("b");
    expect(it.link().sent).toEqual([]);
    it.client.send("c");
    expect(it.link().sent).toEqual(['{"event":"a"}', '{"event":"b"}', '{"event":"c"}']);
    it.client.send("d");
    await it.pass(49);
    expect(it.link().sent).toHaveLength(3);
    await it.pass(1);
    expect(it.link().sent.at(-1)).toBe('{"event":"d"}');
  });
});

describe("closing", () => {
  it("closes with 1000, tells, and does not come back (SGO-27)", async () => {
    const it = scene();
    await it.client.connect();
    await it.client.close();
    expect(it.link().closedWith).toBe(1000);
    expect(it.told.at(-1)).toEqual(["disconnect", { code: 1000, reason: "", willReconnect: false }]);
    await it.pass(60_000);
    expect(it.tries).toEqual([0]);
    await it.client.close();
    expect(names(it.told)).toEqual(["connect", "disconnect"]);
  });

  it("may connect anew from the disconnect handler", async () => {
    const it = scene({ reconnect: false });
    const again: Promise<void>[] = [];
    it.client.on("disconnect", () => again.push(it.client.connect()));
    await it.client.connect();
    it.link().end();
    await again[0];
    await it.client.close();
    await again[1];
    expect(it.client.isConnected).toBe(true);
    expect(it.links).toHaveLength(3);
  });

  it("lists its rooms in the disconnect handler, and has none afterwards (SGO-53)", async () => {
    const it = scene();
    await it.client.connect();
    it.client.join("a");
    expect(it.client.inRoom("a")).toBe(true);
    const seen = vi.fn<(rooms: readonly string[]) => void>();
    it.client.on("disconnect", () => seen(it.client.rooms()));
    await it.client.close();
    expect(seen).toHaveBeenCalledWith(["a"]);
    expect(it.client.rooms()).toEqual([]);
    expect(it.client.inRoom("a")).toBe(false);
  });

  it("sends join and leave as events (SGO-53)", async () => {
    const it = scene();
    it.client.join("early");
    await it.client.connect();
    it.client.join("late");
    it.client.leave("early");
    it.client.leave("unknown");
    expect(it.link().sent).toEqual([
      '{"event":"join","data":"early"}',
      '{"event":"join","data":"late"}',
      '{"event":"leave","data":"early"}',
    ]);
    expect(it.client.rooms()).toEqual(["late"]);
  });

  it("is in the same rooms as before when a join or a leave has no room to be sent (SGO-25, SGO-53)", async () => {
    const it = scene();
    await it.client.connect();
    it.client.join("a");
    it.link().bufferedBytes = 1_048_576;
    for (let n = 0; n < 100; n += 1) it.client.send("n", n);
    const full = { code: "queue-full", message: "send buffer full" };
    expect(error(() => it.client.join("b"))).toEqual(full);
    expect(error(() => it.client.leave("a"))).toEqual(full);
    expect(it.client.rooms()).toEqual(["a"]);
  });

  it("forgets its rooms when it is closed while it waits to come back (SGO-53)", async () => {
    const it = scene();
    await it.client.connect();
    it.client.join("a");
    it.link().end();
    expect(it.client.rooms()).toEqual(["a"]);
    await it.client.close();
    expect(it.client.rooms()).toEqual([]);
  });
});

describe("what comes", () => {
  it("is heard by name, by pattern and until off", async () => {
    const it = scene();
    const heard: unknown[] = [];
    const one = (data: unknown): unknown => heard.push(["one", data]);
    it.client.on("chat", one);
    it.client.on("*", (data, event) => heard.push([event, data]));
    const remove = it.client.on("chat", () => heard.push("removed"));
    remove();
    await it.client.connect();
    it.link().say('{"event":"chat","data":{"a":1}}');
    it.client.off("chat", one);
    it.link().say('{"event":"chat"}');
    it.client.off("*");
    it.link().say('{"event":"chat"}');
    expect(heard).toEqual([
      ["one", { a: 1 }],
      ["chat", { a: 1 }],
      ["chat", undefined],
    ]);
  });

  it("is an error where it is no message, and the connection stays (SGO-54)", async () => {
    const it = scene();
    await it.client.connect();
    for (const frame of ["{bad", "[]", '"s"', '{"event":5}']) it.link().say(frame);
    it.link().say("null");
    expect(it.told.slice(1).map(([name, what]) => [name, (what as CarillonError).message])).toEqual(
      Array.from({ length: 4 }, () => ["error", "invalid message format"]),
    );
    expect(it.client.isConnected).toBe(true);
  });

  it("reaches error with its data when the server says so; connect and disconnect are the client's own (SGO-54)", async () => {
    const it = scene();
    await it.client.connect();
    it.link().say('{"event":"error","data":"Invalid room name"}');
    it.link().say('{"event":"disconnect"}');
    it.link().say('{"event":"connect"}');
    expect(it.told.slice(1)).toEqual([["error", "Invalid room name"]]);
  });

  it("ends with a connection error, then disconnect with the same (SGO-54)", async () => {
    const it = scene();
    await it.client.connect();
    it.link().end();
    const [, [first, cause], [second, event]] = it.told as [unknown, [string, unknown], [string, { cause: unknown }]];
    expect([first, second]).toEqual(["error", "disconnect"]);
    expect(cause).toMatchObject({ code: "connection-closed", message: "connection closed" });
    expect(event.cause).toBe(cause);
    expect(event).toMatchObject({ code: 1006, willReconnect: true });
  });

  it("harms no other handler when one throws", async () => {
    const it = scene();
    const heard = vi.fn<() => void>();
    it.client.on("x", () => {
      throw new Error("mine");
    });
    it.client.on("x", heard);
    await it.client.connect();
    it.link().say('{"event":"x"}');
    expect(heard).toHaveBeenCalledOnce();
    expect(it.told.at(-1)).toMatchObject(["error", { code: "handler-failed" }]);
  });
});

describe("deadlines", () => {
  it("give a silent link up after 30 s, and no sooner; pings and messages count (SGO-56)", async () => {
    const it = scene({ showsLife: true });
    await it.client.connect();
    await it.pass(29_999);
    it.link().ping();
    await it.pass(29_999);
    it.link().say('{"event":"x"}');
    await it.pass(29_999);
    expect(it.client.isConnected).toBe(true);
    await it.pass(1);
    expect(it.client.isConnected).toBe(false);
    expect(it.told.slice(1, 3)).toMatchObject([
      ["error", { code: "timeout", message: "operation timed out" }],
      ["disconnect", { willReconnect: true, cause: { code: "timeout" } }],
    ]);
  });

  it("leave a quiet link alone that cannot show pings, or with 0 (SGO-56)", async () => {
    const quiet = scene();
    const off = scene({ showsLife: true, readTimeoutMs: 0 });
    for (const it of [quiet, off]) {
      await it.client.connect();
      await it.pass(600_000);
      expect(it.client.isConnected).toBe(true);
    }
  });

  it("give a link up from which nothing leaves for 10 s, and no sooner (SGO-56)", async () => {
    const it = scene();
    await it.client.connect();
    it.link().bufferedBytes = 13;
    it.client.send("x");
    await it.pass(9_999);
    expect(it.client.isConnected).toBe(true);
    await it.pass(1);
    expect(it.client.isConnected).toBe(false);
    expect(it.told.at(-1)).toMatchObject(["disconnect", { cause: { code: "timeout" } }]);
  });

  it("let a slow link be that still moves (SGO-56)", async () => {
    const it = scene();
    await it.client.connect();
    it.link().bufferedBytes = 13;
    it.client.send("x");
    await it.pass(9_999);
    it.client.send("y");
    await it.pass(1);
    expect(it.client.isConnected).toBe(true);
    it.link().bufferedBytes = 0;
    await it.pass(10_000);
    expect(it.client.isConnected).toBe(true);
    expect(it.clock.timers).toBe(0);
  });
});

describe("options", () => {
  it.each([
    ["handshakeTimeoutMs", { handshakeTimeoutMs: 0 }],
    ["readTimeoutMs", { readTimeoutMs: -1 }],
    ["writeTimeoutMs", { writeTimeoutMs: 2 ** 31 }],
    ["size", { batch: { size: 1_001 } }],
    ["intervalMs", { batch: { intervalMs: 0 } }],
    ["delayMs", { reconnect: { delayMs: 0 } }],
    ["attempts", { reconnect: { attempts: -1 } }],
    ["transports", { transports: [] }],
  ])("%s is checked", (name, options) => {
    expect(error(() => createSocketGoClient("ws://server/socket", options))).toMatchObject({
      code: "option-invalid",
      message: expect.stringContaining(name) as string,
    });
  });

  it("a batch of one is none", async () => {
    const it = scene({ batch: { size: 1 } });
    await it.client.connect();
    it.client.send("a");
    expect(it.link().sent).toHaveLength(1);
  });
});
