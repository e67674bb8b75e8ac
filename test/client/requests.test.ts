import { describe, expect, it } from "vitest";
import { outcome, setUp } from "./set-up.ts";

describe("a request", () => {
  it("resolves with the answer to it, in whatever order answers come", async () => {
    const { client, open } = setUp();
    const link = await open();
    const first = client.request("add", { a: 2, b: 3 });
    const firstRef = link.ref;
    const second = client.request("add", { a: 1, b: 1 });
    expect(link.latest).toEqual({ type: "request", ref: link.ref, event: "add", data: { a: 1, b: 1 } });
    link.say({ type: "response", ref: link.ref, data: 2 }, { type: "response", ref: firstRef, data: 5 });
    expect(await Promise.all([first, second])).toEqual([5, 2]);
  });

  it("rejects with the server's error, its details and whether it is temporary", async () => {
    const { client, open } = setUp();
    const link = await open();
    const request = client.request("add");
    link.say({ type: "error", ref: link.ref, code: "rate-limited", message: "slower", details: { perMs: 1_000 } });
    await expect(request).rejects.toMatchObject({
      code: "rate-limited",
      message: "slower",
      details: { perMs: 1_000 },
      temporary: true,
    });
  });

  it("rejects with internal for a code that is newer than the client", async () => {
    const { client, open } = setUp();
    const link = await open();
    for (const code of ["brand-new", "constructor", "__proto__"]) {
      const request = client.request("add");
      link.say({ type: "error", ref: link.ref, code: code as "internal", message: "it is new" });
      await expect(request).rejects.toMatchObject({ code: "internal", message: "it is new", temporary: true });
    }
  });

  it.each([
    ["requestTimeoutMs", { requestTimeoutMs: 5_000 }, undefined, 5_000],
    ["its own timeoutMs", { requestTimeoutMs: 5_000 }, 7_000, 7_000],
    ["10 seconds", {}, undefined, 10_000],
  ])("times out after %s", async (_, options, timeoutMs, expected) => {
    const { client, clock, open, pass } = setUp(options);
    await open();
    const result = outcomeLater(client.request("add", undefined, timeoutMs === undefined ? {} : { timeoutMs }));
    await pass(expected - 1);
    expect(result.code).toBeUndefined();
    await pass(1);
    expect(result.code).toBe("timeout");
    expect(clock.timers).toBe(0);
  });

  it("times out while it waits for a connection, and is not sent later", async () => {
    const { client, open, pass } = setUp();
    const result = outcomeLater(client.request("add", undefined, { timeoutMs: 2_000 }));
    await pass(2_000);
    expect(result.code).toBe("timeout");
    expect((await open()).types).toEqual([]);
  });

  it.each([0, -1, Number.NaN, Infinity, 2 ** 31])("refuses a timeout of %s", async (timeoutMs) => {
    const { client } = setUp();
    await expect(client.request("add", undefined, { timeoutMs })).rejects.toMatchObject({ code: "option-invalid" });
    expect(client.state.kind).toBe("idle");
  });

  it("can be given up, before and after it was sent", async () => {
    const { client, clock, open } = setUp();
    const controller = new AbortController();
    const request = client.request("add", undefined, { signal: controller.signal });
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(request).rejects.toMatchObject({ code: "aborted", cause: reason });
    const link = await open();
    expect(link.types).toEqual([]);
    const second = new AbortController();
    const sent = client.request("add", undefined, { signal: second.signal });
    second.abort();
    expect(await outcome(sent)).toBe("aborted");
    link.say({ type: "response", ref: link.ref, data: 1 });
    expect(clock.timers).toBe(0);
  });

  it("does no work when its signal has been aborted already", async () => {
    const { client, clock } = setUp();
    expect(await outcome(client.request("add", undefined, { signal: AbortSignal.abort() }))).toBe("aborted");
    expect(client.state.kind).toBe("idle");
    expect(clock.timers).toBe(0);
  });

  it("does not listen to its signal any longer than it waits", async () => {
    const { client, open } = setUp();
    const controller = new AbortController();
    const { signal } = controller;
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...parameters: Parameters<typeof add>) => {
      listeners += 1;
      add(...parameters);
    };
    signal.removeEventListener = (...parameters: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...parameters);
    };
    const link = await open();
    const request = client.request("add", undefined, { signal });
    expect(listeners).toBe(1);
    link.say({ type: "response", ref: link.ref });
    await request;
    expect(listeners).toBe(0);
  });

  it("rejects with connection-closed when the link is lost after it was sent", async () => {
    const { client, clock, open } = setUp();
    const link = await open();
    const request = client.request("add");
    link.end();
    expect(await outcome(request)).toBe("connection-closed");
    // What is left is the wait for the next try.
    expect(clock.timers).toBe(1);
  });

  it("rejects with connection-closed when the server turns the client away", async () => {
    const { client, clock, open } = setUp();
    const link = await open();
    const request = client.request("add");
    link.end(4410);
    expect(await outcome(request)).toBe("connection-closed");
    expect(clock.timers).toBe(0);
  });

  it("rejects with closed when the client is closed", async () => {
    const { client, clock, open } = setUp();
    await open();
    const request = outcome(client.request("add"));
    await client.close();
    expect(await request).toBe("closed");
    expect(clock.timers).toBe(0);
  });
});

describe("an answer", () => {
  it("to nothing is ignored (C08)", async () => {
    const { client, errors, open } = setUp();
    const link = await open();
    const request = client.request("add");
    for (const ref of [link.ref + 1, -1, 0, 1e300, Number.NaN, "1" as never, null as never, {} as never]) {
      link.say({ type: "response", ref, data: "wrong" }, { type: "error", ref, code: "internal", message: "wrong" });
    }
    expect(await outcome(request)).toBe("pending");
    link.say({ type: "response", ref: link.ref, data: "right" }, { type: "response", ref: link.ref, data: "again" });
    expect(await request).toBe("right");
    expect(errors).toEqual([]);
  });

  it("that comes too late is ignored (C08)", async () => {
    const { client, errors, open, pass } = setUp();
    const link = await open();
    const result = outcomeLater(client.request("add"));
    await pass(10_000);
    link.say({ type: "response", ref: link.ref, data: 1 });
    expect(result.code).toBe("timeout");
    expect(errors).toEqual([]);
    expect(client.state.kind).toBe("open");
  });

  it("of an old link cannot reach what is asked on the new one", async () => {
    const { client, open, pass } = setUp();
    const old = await open();
    const lost = outcome(client.request("add"));
    const oldRef = old.ref;
    old.end();
    expect(await lost).toBe("connection-closed");
    await pass(1_000);
    const link = await open();
    const request = client.request("add");
    old.say({ type: "response", ref: oldRef, data: "old" }, { type: "response", ref: link.ref, data: "old" });
    link.say({ type: "response", ref: oldRef, data: "confused" });
    expect(await outcome(request)).toBe("pending");
    link.say({ type: "response", ref: link.ref, data: "new" });
    expect(await request).toBe("new");
  });
});

/** The code that a promise rejects with, once it has. */
function outcomeLater(promise: Promise<unknown>): { code?: string } {
  const result: { code?: string } = {};
  promise.catch((error: { code: string }) => (result.code = error.code));
  return result;
}
