import { describe, expect, it } from "vitest";
import type { ConnectedMessage, PublicationMessage, SubscribedMessage } from "../../src/protocol/messages.ts";
import type { ClientState, GapEvent } from "../../src/client/index.ts";
import type { FakeLink } from "./fake-transport.ts";
import { outcome, settled, setUp, type SetUp } from "./set-up.ts";

describe("the position of a channel", () => {
  it("follows subscribed, publications and gaps", async () => {
    const { lobby, link } = await subscribed({ position: "e.1.a" });
    expect(lobby.position).toBe("e.1.a");
    link.say(published(2));
    expect(lobby.position).toBe("e.2.p");
    link.say({ type: "gap", channel: "lobby", from: "e.2.p", to: "f.0.0", reason: "reset" });
    expect(lobby.position).toBe("f.0.0");
  });

  it("is that of the publication while its handler runs", async () => {
    const { lobby, link } = await subscribed({ position: "e.1.a" });
    const seen: unknown[] = [];
    lobby.on("tick", (_, { position }) => seen.push(position, lobby.position));
    link.say(published(2));
    expect(seen).toEqual(["e.2.p", "e.2.p"]);
  });

  it("is absent without history, and after unsubscribe()", async () => {
    expect((await subscribed({})).lobby.position).toBeUndefined();
    const { lobby } = await subscribed({ position: "e.1.a" });
    lobby.unsubscribe().catch(() => {});
    expect(lobby.position).toBeUndefined();
  });
});

describe("a channel in a new session", () => {
  it("goes on since its position, and what was missed is heard before what is new", async () => {
    const { lobby, heard, gaps, again } = await subscribed({ position: "e.1.a" });
    const { link, answer } = await again();
    expect(link.sent[1]).toMatchObject({ type: "subscribe", channel: "lobby", since: "e.1.a" });
    answer({ position: "e.3.p", recovered: true });
    // A link that breaks now must not make the client believe that it has these two.
    expect(lobby.position).toBe("e.1.a");
    link.say(published(2), published(3), published(4));
    expect(heard).toEqual([2, 3, 4]);
    expect(gaps).toEqual([]);
  });

  it("tells one gap, in the server's words, before anything newer", async () => {
    const { lobby, heard, gaps, again } = await subscribed({ position: "e.1.a" });
    const { link, answer } = await again();
    lobby.onGap((gap) => heard.push(gap.reason));
    answer({ position: "e.9.p", recovered: false });
    expect(gaps).toEqual([]);
    expect(lobby.position).toBe("e.1.a");
    const told: GapEvent = { channel: "lobby", from: "e.1.a", to: "e.9.p", reason: "expired" };
    link.say({ type: "gap", ...told } as never, published(10));
    expect(gaps).toMatchObject([told]);
    expect(heard).toEqual(["expired", 10]);
  });

  it("asks again from where it was when the link broke before the gap was told", async () => {
    const { gaps, again } = await subscribed({ position: "e.1.a" });
    const first = await again();
    first.answer({ position: "e.9.p", recovered: false });
    const second = await again();
    expect(second.link.sent[1]).toMatchObject({ since: "e.1.a" });
    expect(gaps).toEqual([]);
  });

  it.each([
    ["has no history", {}, {}, { from: undefined, to: undefined }],
    ["has none any more", { position: "e.1.a" }, { recovered: false }, { from: "e.1.a", to: undefined }],
    ["has one now", {}, { position: "e.5.p" }, { from: undefined, to: "e.5.p" }],
    ["does not know what since is", { position: "e.1.a" }, { position: "e.5.p" }, { from: "e.1.a", to: "e.5.p" }],
  ])("tells one gap by itself where the server tells none: the channel %s", async (_, before, after, gap) => {
    const { heard, gaps, again, lobby } = await subscribed(before);
    const { link, answer } = await again();
    lobby.onGap(() => heard.push("gap"));
    answer(after);
    link.say(published(6));
    expect(gaps).toEqual([{ channel: "lobby", reason: "no-history", ...gap }]);
    expect(heard).toEqual(["gap", 6]);
    expect(lobby.position).toBe("e.6.p");
  });

  it("tells nothing when it is subscribed for the first time, or its session goes on", async () => {
    const { gaps, again } = await subscribed({}, { session: "s-1" });
    const { link } = await again({ session: "s-1", resumed: true, received: 1 });
    expect(link.types).toEqual([]);
    expect(gaps).toEqual([]);
  });

  it("tells one gap when the server has subscribed it before it was asked to", async () => {
    const { gaps, again } = await subscribed({ position: "e.1.a" });
    const { link } = await again();
    link.say(
      { type: "subscribed", channel: "lobby", position: "e.5.p" },
      { type: "error", ref: link.ref, code: "already-subscribed", message: "" },
      published(6),
    );
    expect(gaps).toEqual([{ channel: "lobby", from: "e.1.a", to: "e.5.p", reason: "no-history" }]);
  });

  it("still has something to tell when its first question was not answered", async () => {
    const { gaps, again } = await subscribed({});
    await again();
    (await again()).answer({});
    expect(gaps).toHaveLength(1);
  });

  it("goes on since its position after close() and connect(), too", async () => {
    const { client, open } = await subscribed({ position: "e.1.a" });
    await client.close();
    expect((await open()).sent[1]).toMatchObject({ since: "e.1.a" });
  });

  it("is new to the channel after unsubscribe()", async () => {
    const { lobby, link, gaps } = await subscribed({ position: "e.1.a" });
    lobby.unsubscribe().catch(() => {});
    void lobby.subscribe();
    expect(link.latest).toEqual({ type: "subscribe", ref: link.ref, channel: "lobby" });
    link.say({ type: "subscribed", ref: link.ref, channel: "lobby", position: "e.5.p" });
    expect(gaps).toEqual([]);
  });
});

describe("subscribe({ since })", () => {
  it("goes on from a position that the application kept", async () => {
    const { client, open } = setUp();
    const heard: unknown[] = [];
    const lobby = client.channel("lobby");
    lobby.on("tick", (data) => heard.push(data));
    const subscribing = lobby.subscribe({ since: "e.1.a" });
    const link = await open();
    expect(link.latest).toMatchObject({ type: "subscribe", since: "e.1.a" });
    link.say(
      { type: "subscribed", ref: link.ref, channel: "lobby", position: "e.2.p", recovered: true },
      published(2),
      published(3),
    );
    await subscribing;
    expect(heard).toEqual([2, 3]);
  });

  it("tells a gap on a channel without history", async () => {
    const { client, open } = setUp();
    const gaps: unknown[] = [];
    client.on("gap", (gap) => gaps.push(gap));
    void client.channel("lobby").subscribe({ since: "e.1.a" });
    const link = await open();
    link.say({ type: "subscribed", ref: link.ref, channel: "lobby", recovered: false });
    expect(gaps).toEqual([{ channel: "lobby", from: "e.1.a", reason: "no-history" }]);
  });

  it("changes nothing where the client is subscribed already", async () => {
    const { lobby, link } = await subscribed({ position: "e.5.p" });
    await lobby.subscribe({ since: "e.1.a" });
    expect(link.types).toEqual(["subscribe"]);
    expect(lobby.position).toBe("e.5.p");
  });
});

describe("a gap", () => {
  it("may come on a live subscription, and is heard by those who listen and no other channel's", async () => {
    const { client, lobby, link, gaps } = await subscribed({ position: "e.1.a" });
    const told: string[] = [];
    const off = lobby.onGap(({ reason }) => told.push(reason));
    client.channel("other").onGap(() => told.push("wrong"));
    link.say({ type: "gap", channel: "lobby", from: "e.1.a", to: "e.4.p", reason: "too-much" });
    off();
    link.say({ type: "gap", channel: "lobby", from: "e.4.p", to: "e.5.p", reason: "reset" });
    link.say({ type: "gap", channel: "other", to: "e.5.p", reason: "reset" });
    expect(told).toEqual(["too-much"]);
    expect(gaps).toHaveLength(2);
  });

  it("cannot be forged by an event of that name", async () => {
    const { link, gaps } = await subscribed({});
    link.say({ type: "send", event: "gap", data: { channel: "lobby" } });
    link.say({ ...published(1), event: "gap" });
    expect(gaps).toEqual([]);
  });

  it("is told to all listeners, whatever one of them throws", async () => {
    const { lobby, link, gaps, errors } = await subscribed({});
    lobby.onGap(() => {
      throw new Error("mine");
    });
    link.say({ type: "gap", channel: "lobby", to: "e.5.p", reason: "reset" });
    expect(gaps).toHaveLength(1);
    expect(errors).toMatchObject([{ code: "handler-failed" }]);
  });
});

describe("history()", () => {
  it("asks for a part and gets it", async () => {
    const { lobby, link } = await subscribed({ position: "e.3.p" });
    const reading = lobby.history({ after: "e.1.p", limit: 2 });
    expect(link.latest).toEqual({ type: "history", ref: link.ref, channel: "lobby", after: "e.1.p", limit: 2 });
    const publications = [published(2), published(3)];
    link.say({ type: "history", ref: link.ref, channel: "lobby", publications, top: "e.3.p", covered: true });
    expect(await reading).toEqual({ publications, top: "e.3.p", isCovered: true });
  });

  it("asks for the newest without a range, and rejects with what the server says", async () => {
    const { lobby, link } = await subscribed({});
    const reading = lobby.history();
    expect(link.latest).toEqual({ type: "history", ref: link.ref, channel: "lobby" });
    link.say({ type: "error", ref: link.ref, code: "not-supported", message: "" });
    expect(await outcome(reading)).toBe("not-supported");
  });
});

describe("an id", () => {
  it("is each publication's own, unless one is given", async () => {
    const { client, link } = await subscribed({});
    for (const name of ["lobby", "other"]) {
      client
        .channel(name)
        .publish("a")
        .catch(() => {});
      client
        .channel(name)
        .publish("a", 1)
        .catch(() => {});
    }
    client
      .channel("lobby")
      .publish("a", 1, { id: "mine" })
      .catch(() => {});
    const ids = link.sent.slice(2).map(({ id }) => id as string);
    expect(new Set(ids).size).toBe(5);
    for (const id of ids) expect(id).toMatch(/^[\w-]{1,64}$/);
    expect(ids.at(-1)).toBe("mine");
  });

  it.each([0, 2 ** -1074, 1 - 2 ** -53, 1 / 3])("is valid whatever chance brings: %s", async (chance) => {
    const { client, open } = setUp({ random: { next: () => chance } });
    const link = await open();
    client
      .channel("lobby")
      .publish("a")
      .catch(() => {});
    expect(link.latest["id"]).toMatch(/^[\w-]{1,64}$/);
  });

  it("comes back with the position where there is history", async () => {
    const { lobby, link } = await subscribed({});
    const publishing = lobby.publish("a");
    link.say({ type: "published", ref: link.ref, id: "p-1", position: "e.1.a" });
    expect(await publishing).toEqual({ id: "p-1", position: "e.1.a" });
  });
});

interface Subscribed extends SetUp {
  readonly lobby: ReturnType<SetUp["client"]["channel"]>;
  readonly link: FakeLink;
  readonly heard: unknown[];
  readonly gaps: GapEvent[];
  /** Loses the link and connects anew. */
  again(welcome?: Partial<ConnectedMessage>): Promise<{
    readonly link: FakeLink;
    answer(fields: Partial<SubscribedMessage>): void;
  }>;
}

async function subscribed(
  fields: Partial<SubscribedMessage>,
  welcome: Partial<ConnectedMessage> = {},
): Promise<Subscribed> {
  const set = setUp();
  const lobby = set.client.channel("lobby");
  const heard: unknown[] = [];
  const gaps: GapEvent[] = [];
  lobby.on("tick", (data) => heard.push(data));
  set.client.on("gap", (gap) => gaps.push(gap));
  const answerOf =
    (link: FakeLink) =>
    (answer: Partial<SubscribedMessage>): void =>
      link.say({ type: "subscribed", ref: link.ref, channel: "lobby", ...answer });
  let link = await set.open(welcome);
  void lobby.subscribe();
  answerOf(link)(fields);
  await settled();
  return {
    ...set,
    lobby,
    link,
    heard,
    gaps,
    async again(next = {}) {
      link.end();
      const { retryAt } = set.client.state as Extract<ClientState, { kind: "waiting" }>;
      await set.pass(retryAt - set.clock.wall());
      link = await set.open(next);
      return { link, answer: answerOf(link) };
    },
  };
}

/** The publication number so many of an epoch. */
function published(offset: number): PublicationMessage {
  return {
    type: "publication",
    channel: "lobby",
    event: "tick",
    data: offset,
    id: `p-${offset}`,
    time: 0,
    position: `e.${offset}.p`,
  };
}
