import { afterEach, describe, expect, it, vi } from "vitest";
import { CarillonError, createClient } from "../../src/client/index.ts";
import { FakeTransport } from "./fake-transport.ts";
import { settled, setUp } from "./set-up.ts";

afterEach(() => vi.unstubAllGlobals());

describe("an event from the server", () => {
  it("reaches its handlers and those of patterns, in the order they were added", async () => {
    const { client, open } = setUp();
    const heard: unknown[] = [];
    client.on("*", (data, { event }) => heard.push(["*", event, data]));
    client.on("user:joined", (data) => heard.push(["user:joined", data]));
    client.on("user:*", (data) => heard.push(["user:*", data]));
    client.on("user", () => heard.push("wrong"));
    const link = await open();
    link.say({ type: "send", event: "user:joined", data: 1 });
    expect(heard).toEqual([
      ["*", "user:joined", 1],
      ["user:joined", 1],
      ["user:*", 1],
    ]);
  });

  it("that comes in a batch reaches them one by one", async () => {
    const { client, open } = setUp();
    const heard: unknown[] = [];
    client.on("tick", (data) => heard.push(data));
    (await open()).say({ type: "batch", event: "tick", items: [1, 2, 3] });
    expect(heard).toEqual([1, 2, 3]);
  });

  it("cannot look like what happens to the client", async () => {
    const { client, open } = setUp();
    const told: unknown[] = [];
    const link = await open();
    for (const event of ["connect", "disconnect", "error"] as const)
      client.on(event, (what: unknown) => told.push(what));
    client.onState((state) => told.push(state));
    for (const event of ["connect", "disconnect", "error", "state"]) link.say({ type: "send", event, data: "forged" });
    expect(told).toEqual([]);
  });

  it("does not reach a handler that was taken away, even by another one during the call", async () => {
    const { client, open } = setUp();
    const heard: string[] = [];
    client.on("a", () => {
      heard.push("first");
      off();
      client.on("a", () => heard.push("added"));
    });
    const off = client.on("a", () => heard.push("second"));
    const link = await open();
    link.say({ type: "send", event: "a" });
    expect(heard).toEqual(["first"]);
    off();
    link.say({ type: "send", event: "a" });
    expect(heard).toEqual(["first", "first", "added"]);
  });

  it("is heard twice by a handler that was added twice", async () => {
    const { client, open } = setUp();
    let calls = 0;
    const handler = (): number => (calls += 1);
    const off = client.on("a", handler);
    client.on("a", handler);
    const link = await open();
    link.say({ type: "send", event: "a" });
    off();
    link.say({ type: "send", event: "a" });
    expect(calls).toBe(3);
  });
});

describe("a handler that fails", () => {
  it.each([
    [
      "throws",
      () => {
        throw new Error("oops");
      },
    ],
    ["rejects", () => Promise.reject(new Error("oops"))],
  ])("harms no other, and the event error tells: it %s (C11)", async (_, handler) => {
    const { client, errors, open } = setUp();
    const heard: unknown[] = [];
    client.on("a", handler);
    client.on("a", (data) => heard.push(data));
    client.onState(handler);
    client.on("connect", handler);
    const link = await open();
    link.say({ type: "send", event: "a", data: 1 });
    await settled();
    expect(heard).toEqual([1]);
    // Two states, the event connect, and the event a.
    const told = errors.map(({ code, cause }) => `${code}: ${(cause as Error).message}`);
    expect(told).toEqual(Array(4).fill("handler-failed: oops"));
    expect(client.state.kind).toBe("open");
  });

  it("is reported to the platform when nobody listens to errors", async () => {
    const reported: unknown[] = [];
    vi.stubGlobal("reportError", (error: unknown) => reported.push(error));
    const oops = new Error("oops");
    const client = createClient("ws://server", { transports: [new FakeTransport()] });
    client.onState(() => {
      throw oops;
    });
    await client.close();
    expect(reported).toEqual([oops]);
  });

  it("is reported to the platform when it listens to errors", async () => {
    const reported: unknown[] = [];
    vi.stubGlobal("reportError", (error: unknown) => reported.push(error));
    const { client, errors, open } = setUp();
    const oops = new Error("oops");
    client.on("error", () => {
      throw oops;
    });
    const link = await open();
    link.say({ type: "error", code: "internal", message: "" });
    expect(errors).toHaveLength(1);
    expect(reported).toEqual([oops]);
  });

  it("is dropped when the platform has no such thing, as Node has not", async () => {
    const client = createClient("ws://server", { transports: [new FakeTransport()] });
    client.onState(() => {
      throw new Error("oops");
    });
    await client.close();
    expect(client.state.kind).toBe("closed");
  });
});

describe("a request from the server", () => {
  it("is answered with the first reply", async () => {
    const { client, open } = setUp();
    client.on("where", (data, { reply }) => {
      reply({ page: data });
      reply("again");
    });
    client.on("*", (_, { reply }) => reply("too late"));
    const link = await open();
    link.say({ type: "request", ref: 7, event: "where", data: "/start" });
    expect(link.sent.slice(1)).toEqual([{ type: "response", ref: 7, data: { page: "/start" } }]);
  });

  it("may be answered later", async () => {
    const { client, open } = setUp();
    client.on("where", async (_, { reply }) => {
      await settled();
      reply(1);
    });
    const link = await open();
    link.say({ type: "request", ref: 1, event: "where" });
    await settled();
    await settled();
    expect(link.latest).toEqual({ type: "response", ref: 1, data: 1 });
  });

  it("is refused with no-handler when nobody listens", async () => {
    const { open } = setUp();
    const link = await open();
    link.say({ type: "request", ref: 3, event: "where" });
    expect(link.latest).toMatchObject({ type: "error", ref: 3, code: "no-handler" });
  });

  it.each([
    [
      "a CarillonError's code and message",
      new CarillonError("forbidden", { message: "not you" }),
      { code: "forbidden", message: "not you" },
      0,
    ],
    [
      "handler-failed, without particulars",
      new Error("secret"),
      { code: "handler-failed", message: "the handler failed" },
      1,
    ],
  ])("is refused with %s when its handler throws or rejects", async (_, thrown, expected, count) => {
    for (const handler of [
      () => Promise.reject(thrown),
      () => {
        throw thrown;
      },
    ]) {
      const { client, errors, open } = setUp();
      client.on("where", handler);
      const link = await open();
      link.say({ type: "request", ref: 3, event: "where" });
      await settled();
      expect(link.sent.slice(1)).toEqual([{ type: "error", ref: 3, ...expected }]);
      expect(errors).toHaveLength(count);
    }
  });

  it("is refused once only, however many handlers fail", async () => {
    const { client, open } = setUp();
    for (let count = 0; count < 3; count += 1) client.on("where", () => Promise.reject(new Error("oops")));
    const link = await open();
    link.say({ type: "request", ref: 3, event: "where" });
    await settled();
    expect(link.types).toEqual(["error"]);
  });

  it("is refused when the reply cannot be sent, which the handler is told", async () => {
    const { client, open } = setUp();
    const thrown: string[] = [];
    client.on("where", (data, { reply }) => {
      try {
        reply(data === "large" ? "x".repeat(200) : 1n);
      } catch (error) {
        thrown.push((error as CarillonError).code);
        throw error;
      }
    });
    const link = await open({ maxMessageBytes: 150 });
    link.say({ type: "request", ref: 1, event: "where", data: "large" }, { type: "request", ref: 2, event: "where" });
    expect(thrown).toEqual(["payload-too-large", "payload-invalid"]);
    expect(link.sent.slice(1)).toMatchObject([
      { ref: 1, code: "payload-too-large" },
      { ref: 2, code: "payload-invalid" },
    ]);
  });

  it("stays unanswered when not even the refusal fits", async () => {
    const { client, open } = setUp();
    const link = await open({ maxMessageBytes: 10 });
    client.on("where", () => Promise.reject(new Error("oops")));
    link.say({ type: "request", ref: 1, event: "where" }, { type: "request", ref: 2, event: "unheard" });
    await settled();
    expect(link.types).toEqual([]);
    expect(client.state.kind).toBe("open");
  });

  it("is not answered on another link than the one it came on", async () => {
    const { client, open, pass } = setUp();
    const replies: ((answer: unknown) => void)[] = [];
    client.on("where", (_, { reply }) => replies.push(reply));
    const first = await open();
    first.say({ type: "request", ref: 1, event: "where" });
    first.end();
    replies[0]!("while there is none");
    await pass(1_000);
    const second = await open();
    first.say({ type: "request", ref: 2, event: "where" });
    expect(replies).toHaveLength(1);
    second.say({ type: "request", ref: 1, event: "where" });
    second.end();
    await pass(2_000);
    const third = await open();
    replies[1]!("on the third");
    expect(third.types).toEqual([]);
  });

  it("makes reply do nothing for an event that was sent", async () => {
    const { client, open } = setUp();
    client.on("where", (_, { reply }) => reply(1));
    const link = await open();
    link.say({ type: "send", event: "where" });
    expect(link.types).toEqual([]);
  });
});
