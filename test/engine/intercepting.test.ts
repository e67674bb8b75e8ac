import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { CarillonError } from "../../src/errors/carillon-error.ts";
import type { Interceptor } from "../../src/engine/application.ts";
import type { ChannelAttempt } from "../../src/engine/channel-rules.ts";
import type { LiveConnection } from "../../src/engine/connection.ts";
import { codeOf, gate, turn, world, type TestClient, type World } from "./support.ts";

const whispers = { channels: { "*": { whispers: true } } };

/** Everything that a client may say, and what of it others or the server hear. */
const ways = {
  publish: (client: TestClient, event: string, data?: unknown) => client.publish("lobby", event, data),
  whisper: (client: TestClient, event: string, data?: unknown) => client.whisper("lobby", event, data),
  send: (client: TestClient, event: string, data?: unknown) => client.send(event, data),
  request: (client: TestClient, event: string, data?: unknown) => client.request(event, data),
} as const;

interface SetUp extends World {
  readonly ada: TestClient;
  /** What came of what she said. */
  heard(): readonly unknown[];
}

function setUp(...interceptors: readonly Interceptor<LiveConnection>[]): SetUp {
  const one = world(whispers);
  one.application.interceptors.push(...interceptors);
  const [ada, bob] = [one.connected("ada"), one.connected("bob")];
  for (const client of [ada, bob]) void client.subscribe("lobby");
  for (const client of [ada, bob]) client.heard();
  const log: unknown[] = [];
  one.application.handlers.add("*", ({ event, data, reply }) => {
    log.push(`server ${event} ${JSON.stringify(data)}`);
    reply("done");
  });
  return { ...one, ada, heard: () => [...bob.heard(), ...log.splice(0)] };
}

describe.each(Object.entries(ways))("an interceptor of what clients say: %s", (action, say) => {
  it("is told who wants what, and may replace event and data", async () => {
    const seen: unknown[] = [];
    const { ada, heard } = setUp((message) => {
      const { connection, ...rest } = message;
      seen.push([connection.userId, rest]);
      message.event = "shout";
      message.data = "HI";
    });
    await say(ada, "say", "hi");
    const where = action === "publish" || action === "whisper" ? { channel: "lobby" } : {};
    expect(seen).toEqual([["ada", { action, event: "say", data: "hi", ...where }]]);
    expect(heard()).toEqual([expect.stringMatching(/ shout "HI"$/)]);
  });

  it("drops it when it returns false, at once or later, and counts that", async () => {
    const { ada, engine, heard } = setUp(({ event }) => (event === "a" ? false : Promise.resolve(false)));
    for (const event of ["a", "b"])
      expect(await codeOf(() => say(ada, event))).toBe(action === "request" ? "no-handler" : undefined);
    expect(heard()).toEqual([]);
    expect(engine.stats()).toMatchObject({ dropped: 2, published: 0, whispered: 0, failures: 0 });
  });

  it.each([undefined, true, 0, null, ""])("lets it go on when it returns %j", async (verdict) => {
    const { ada, engine, heard } = setUp(() => verdict);
    await say(ada, "say");
    expect(heard()).toHaveLength(1);
    expect(engine.stats()).toMatchObject({ dropped: 0 });
  });

  it("refuses with the CarillonError that it throws or rejects with, and nothing has failed then", async () => {
    const refusal = new CarillonError("rate-limited");
    const { ada, application, heard } = setUp(({ event }) => {
      if (event === "later") return Promise.reject(refusal);
      throw refusal;
    });
    for (const event of ["now", "later"]) expect(await codeOf(() => say(ada, event))).toBe("rate-limited");
    expect(heard()).toEqual([]);
    expect(application.reported).toEqual([]);
  });

  it("hides anything else that it throws, and reports it with where", async () => {
    const cause = new Error("secret");
    const { ada, application } = setUp(() => {
      throw cause;
    });
    expect(await codeOf(() => say(ada, "say"))).toBe("internal");
    expect(application.reported).toMatchObject([{ error: { code: "internal", cause }, event: "say" }]);
    expect(application.reported[0]?.connection).toBe(ada.connection);
  });

  it.each(["", "connect", "a\n", "x".repeat(201)])("N07: may not name the event %j", async (name) => {
    const { ada, application, heard } = setUp((message) => {
      message.event = name;
    });
    expect(await codeOf(() => say(ada, "say"))).toBe("internal");
    expect(application.failureCodes).toEqual(["internal"]);
    expect(heard()).toEqual([]);
  });

  it("does not see what has no event's name, and comes once for everything else", async () => {
    let asked = 0;
    const { ada } = setUp(() => void (asked += 1));
    expect(await codeOf(() => say(ada, "connect"))).toBe("event-name-invalid");
    expect(asked).toBe(0);
    await say(ada, "x".repeat(200));
    expect(asked).toBe(1);
  });

  it("comes before the schema, which sees what it made", async () => {
    const { ada, application, heard } = setUp((message) => {
      message.event = "number";
      message.data = Number(message.data);
    });
    application.schemas.set("number", v.number());
    await say(ada, "text", "7");
    expect(heard()).toEqual([expect.stringMatching(/ number 7$/)]);
    expect(await codeOf(() => say(ada, "text", "seven"))).toBe("payload-invalid");
  });
});

describe("several interceptors", () => {
  it("are called in order, each with what the last one left, also when one takes its time", async () => {
    const first = gate();
    const { ada, heard } = setUp(
      async (message) => {
        await first.passed;
        message.data = `${String(message.data)}1`;
      },
      (message) => void (message.data = `${String(message.data)}2`),
    );
    const said = ada.publish("lobby", "say", "0");
    await turn();
    expect(heard()).toEqual([]);
    await first.open();
    await said;
    expect(heard()).toEqual(['lobby say "012"']);
  });

  it("end with the one that drops", async () => {
    let asked = 0;
    const { ada } = setUp(
      () => false,
      () => void (asked += 1),
    );
    await ada.publish("lobby", "say");
    expect(asked).toBe(0);
  });
});

describe("interceptors", () => {
  it("that finish at once leave everything in one synchronous stretch", () => {
    const { ada, heard } = setUp(() => undefined);
    expect(ada.publish("lobby", "say", 1)).not.toBeInstanceOf(Promise);
    expect(ada.whisper("lobby", "say", 2)).toBeUndefined();
    expect(ada.send("say", 3)).toBeUndefined();
    expect(heard()).toEqual(["lobby say 1", "lobby ~ada say 2", "server say 3"]);
  });

  it("see a publication before authorize does, which is asked about the new event", async () => {
    const attempts: ChannelAttempt[] = [];
    const authorize = (attempt: ChannelAttempt): boolean => attempts.push(attempt) > 0;
    const one = world({ channels: { lobby: { authorize, publish: "anyone" } } });
    one.application.interceptors.push((message) => void (message.event = "shout"));
    await one.connected("ada").publish("lobby", "say");
    expect(attempts).toMatchObject([{ action: "publish", event: "shout" }]);
  });

  it("hide from a publisher that it was dropped: the answer has an id, its own if it chose one", async () => {
    const { ada } = setUp(() => false);
    expect(await ada.publish("lobby", "say", 1, { id: "chosen" })).toEqual({ id: "chosen", position: undefined });
    expect(await ada.publish("lobby", "say", 1)).toEqual({ id: expect.stringMatching(/./), position: undefined });
  });

  it("do not let a client say anything that left while they thought", async () => {
    const thinking = gate();
    const { ada, heard } = setUp(() => thinking.passed);
    const said = [codeOf(() => ada.publish("lobby", "a")), codeOf(() => ada.whisper("lobby", "b"))];
    ada.unsubscribe("lobby");
    await thinking.open();
    expect(await Promise.all(said)).toEqual(["not-subscribed", "not-subscribed"]);
    expect(heard()).toEqual([]);
  });

  it("do not see what the server says", async () => {
    let asked = 0;
    const { engine } = setUp(() => void (asked += 1));
    await engine.publish(engine.compose({ channel: "lobby", event: "news", data: 1 }));
    expect(asked).toBe(0);
  });
});
