import { describe, expect, it } from "vitest";
import { createTestServer } from "../../src/testing/index.ts";

interface Events {
  say: string;
  add: (numbers: readonly number[]) => number;
}

describe("server.intercept", () => {
  it("stands between a client and everyone, until it is taken away", async () => {
    const { server, client, close } = createTestServer<Events>({ channels: { chat: { whispers: true } } });
    const end = server.intercept((message) => {
      if (message.data === "rude") return false;
      if (typeof message.data === "string") message.data = message.data.toUpperCase();
      return undefined;
    });
    const [ada, bob] = [client(), client()];
    const heard: string[] = [];
    bob.channel("chat").on("say", (text) => void heard.push(text));
    await Promise.all([ada.channel("chat").subscribe(), bob.channel("chat").subscribe()]);
    await ada.channel("chat").publish("say", "hello");
    await ada.channel("chat").publish("say", "rude");
    end();
    end();
    await ada.channel("chat").publish("say", "rude");
    expect(heard).toEqual(["HELLO", "rude"]);
    expect(server.stats().dropped).toBe(1);
    await close();
  });

  it("is taken away once though it was added twice", async () => {
    const { server, client, close } = createTestServer<Events>();
    let asked = 0;
    const count = (): void => void (asked += 1);
    const ends = [server.intercept(count), server.intercept(count)];
    server.on("add", ({ data, reply }) => reply(data.reduce((sum, next) => sum + next, 0)));
    const ada = client();
    expect(await ada.request("add", [1, 2])).toBe(3);
    expect(asked).toBe(2);
    ends[0]!();
    ends[0]!();
    await ada.request("add", [1, 2]);
    expect(asked).toBe(3);
    await close();
  });
});

describe("server.onPublication", () => {
  it("hears clients and server, batches included, and says what no pattern is", async () => {
    const { server, client, close } = createTestServer<Events>();
    const heard: unknown[] = [];
    const end = server.onPublication("chat-*", ({ channel, data, from }) => heard.push([channel, data, !!from]));
    server.batch("say", { everyMs: 1, maxItems: 2 });
    const ada = client();
    await ada.channel("chat-1").subscribe();
    await ada.channel("chat-1").publish("say", "hi");
    await Promise.all(["a", "b"].map((text) => server.channel("chat-2").publish("say", text)));
    end();
    await ada.channel("chat-1").publish("say", "unheard");
    expect(heard).toEqual([
      ["chat-1", "hi", true],
      ["chat-2", ["a", "b"], false],
    ]);
    expect(() => server.onPublication("a*b", () => undefined)).toThrow(
      expect.objectContaining({ code: "option-invalid" }),
    );
    await close();
  });
});

describe("server.onRefused", () => {
  it("hears what clients are refused, which neither error nor the log hears", async () => {
    const logged: unknown[] = [];
    const log = (fields: object): void => void logged.push(fields);
    const logger = { info: log, warn: log, error: log };
    const { server, client, close } = createTestServer<Events>({ logger });
    const heard: string[] = [];
    server.on("error", ({ family }) => heard.push(family));
    const end = server.onRefused(({ family, action, error }) => heard.push(`${family} ${action} ${error.code}`));
    const ada = client();
    await expect(ada.channel("private-x").subscribe()).rejects.toMatchObject({ code: "forbidden" });
    end();
    await expect(ada.channel("private-y").subscribe()).rejects.toMatchObject({ code: "forbidden" });
    expect(heard).toEqual(["authorization subscribe forbidden"]);
    expect(logged).toEqual([]);
    await close();
  });

  it("may fail, which error hears with its family", async () => {
    const { server, client, close } = createTestServer<Events>();
    const cause = new Error("broken");
    const failures: unknown[] = [];
    server.on("error", (failure) => failures.push(failure));
    server.onRefused(() => Promise.reject(cause));
    server.onRefused(() => {
      throw cause;
    });
    await expect(client().channel("private-x").subscribe()).rejects.toMatchObject({ code: "forbidden" });
    await expect.poll(() => failures).toHaveLength(2);
    const failure = { family: "internal", error: { code: "handler-failed", cause }, channel: "private-x" };
    expect(failures).toMatchObject([failure, failure]);
    await close();
  });
});
