import { describe, expect, it } from "vitest";
import type { PublicationMessage } from "../../src/protocol/messages.ts";
import type { Channel } from "../../src/client/index.ts";
import type { FakeLink } from "./fake-transport.ts";
import { outcome, settled, setUp } from "./set-up.ts";

const publication: PublicationMessage = {
  type: "publication",
  channel: "lobby",
  event: "chat",
  data: { text: "hi" },
  id: "p-1",
  time: 1_767_225_600_000,
  from: { id: "c-2", user: "bob" },
};

describe("a channel", () => {
  it("is the same object for the same name", () => {
    const { client } = setUp();
    expect(client.channel("a")).toBe(client.channel("a"));
    expect(client.channel("a")).not.toBe(client.channel("b"));
    expect(client.channel("a").name).toBe("a");
  });

  it("is subscribed once the server says so", async () => {
    const { client, open } = setUp();
    const lobby = client.channel("lobby");
    const link = await open();
    expect(lobby.state).toEqual({ kind: "unsubscribed" });
    const subscribing = lobby.subscribe();
    expect(lobby.state).toEqual({ kind: "subscribing" });
    expect(link.latest).toEqual({ type: "subscribe", ref: link.ref, channel: "lobby" });
    link.say({ type: "subscribed", ref: link.ref, channel: "lobby" });
    await subscribing;
    expect(lobby.state).toEqual({ kind: "subscribed" });
  });

  it("shows its token, and in a new session what that is by then", async () => {
    const { client, open } = setUp();
    let read = 0;
    const options = {
      get token() {
        return `t-${(read += 1)}`;
      },
    };
    const subscribing = client.channel("lobby").subscribe(options);
    const link = await open();
    expect(link.latest).toEqual({ type: "subscribe", ref: link.ref, channel: "lobby", token: "t-1" });
    link.say({ type: "subscribed", ref: link.ref, channel: "lobby" });
    await subscribing;
    await client.close();
    expect((await open()).latest).toMatchObject({ type: "subscribe", channel: "lobby", token: "t-2" });
  });

  it("is asked for once, however often subscribe() is called", async () => {
    const { client, open } = setUp();
    const lobby = client.channel("lobby");
    const all = [lobby.subscribe(), lobby.subscribe()];
    const link = await open();
    all.push(lobby.subscribe());
    expect(link.types).toEqual(["subscribe"]);
    link.say({ type: "subscribed", ref: link.ref, channel: "lobby" });
    await Promise.all([...all, lobby.subscribe()]);
    expect(link.types).toEqual(["subscribe"]);
  });

  it("waits for the connection without a deadline, also when messages do not", async () => {
    const { client, transport, open, pass } = setUp({ offline: "reject" });
    const subscribing = client.channel("lobby").subscribe();
    for (let tries = 0; tries < 4; tries += 1) {
      await settled();
      transport.last.fail();
      await pass(1_000 * 2 ** tries);
    }
    expect(await outcome(subscribing)).toBe("pending");
    await subscribed(await open(), client.channel("lobby"));
    await subscribing;
  });

  it("rejects and forgets the wish when the server refuses it", async () => {
    const { client, errors, open, pass } = setUp();
    const lobby = client.channel("lobby");
    const link = await open();
    const subscribing = lobby.subscribe();
    link.say({ type: "error", ref: link.ref, code: "forbidden", message: "members only" });
    await expect(subscribing).rejects.toMatchObject({ code: "forbidden", message: "members only" });
    expect(lobby.state).toEqual({ kind: "unsubscribed" });
    expect(errors).toEqual([]);
    link.end();
    await pass(1_000);
    expect((await open()).types).toEqual([]);
  });

  it("rejects, and takes the subscription back, when no answer comes in requestTimeoutMs", async () => {
    const { client, open, pass } = setUp({ requestTimeoutMs: 2_000 });
    const lobby = client.channel("lobby");
    const link = await open();
    const subscribing = lobby.subscribe();
    subscribing.catch(() => {});
    const { ref } = link;
    await pass(2_000);
    expect(await outcome(subscribing)).toBe("timeout");
    expect(link.latest).toMatchObject({ type: "unsubscribe", channel: "lobby" });
    link.say({ type: "subscribed", ref, channel: "lobby" }, publication);
    expect(lobby.state).toEqual({ kind: "unsubscribed" });
  });

  it("leaves and joins again when it is subscribed already, because what came until then was heard by nobody", async () => {
    const { client, open } = setUp();
    const link = await open();
    const lobby = client.channel("lobby");
    const subscribing = lobby.subscribe();
    link.say({ type: "error", ref: link.ref, code: "already-subscribed", message: "" });
    expect(link.types.slice(-2)).toEqual(["unsubscribe", "subscribe"]);
    expect(lobby.state.kind).toBe("subscribing");
    link.say({ type: "subscribed", ref: link.ref, channel: "lobby" });
    await subscribing;
    expect(lobby.state.kind).toBe("subscribed");
  });

  it("is given up with unsubscribe()", async () => {
    const { client, open, pass } = setUp();
    const lobby = client.channel("lobby");
    const heard: unknown[] = [];
    lobby.on("chat", (data) => heard.push(data));
    const link = await open();
    await subscribed(link, lobby);
    const unsubscribing = lobby.unsubscribe();
    expect(link.latest).toEqual({ type: "unsubscribe", ref: link.ref, channel: "lobby" });
    expect(lobby.state).toEqual({ kind: "unsubscribed" });
    // Still on its way (C06).
    link.say(publication);
    expect(heard).toEqual([]);
    expect(await outcome(unsubscribing)).toBe("pending");
    link.say({ type: "unsubscribed", ref: link.ref, channel: "lobby" });
    await unsubscribing;
    link.end();
    await pass(1_000);
    expect((await open()).types).toEqual([]);
  });

  it("needs no server to be given up without a connection or a subscription", async () => {
    const { client, open } = setUp();
    const lobby = client.channel("lobby");
    const subscribing = outcome(lobby.subscribe());
    await lobby.unsubscribe();
    expect(await subscribing).toBe("aborted");
    const link = await open();
    await lobby.unsubscribe();
    expect(link.types).toEqual([]);
  });

  it("is given up all the same when the link is lost before the answer", async () => {
    const { client, open } = setUp();
    const lobby = client.channel("lobby");
    const link = await open();
    await subscribed(link, lobby);
    const unsubscribing = lobby.unsubscribe();
    link.end();
    await unsubscribing;
    expect(lobby.state.kind).toBe("unsubscribed");
  });

  it("rejects unsubscribe() with what the server says, and hears nothing anyway", async () => {
    const { client, open } = setUp();
    const lobby = client.channel("lobby");
    const link = await open();
    await subscribed(link, lobby);
    const unsubscribing = lobby.unsubscribe();
    link.say({ type: "error", ref: link.ref, code: "rate-limited", message: "" });
    expect(await outcome(unsubscribing)).toBe("rate-limited");
    expect(lobby.state.kind).toBe("unsubscribed");
  });
});

describe("subscribing in quick succession", () => {
  it("ends with what was asked last, whatever the earlier answers are", async () => {
    for (const first of ["subscribed", "error"] as const) {
      const { client, open } = setUp();
      const lobby = client.channel("lobby");
      const link = await open();
      const one = lobby.subscribe();
      one.catch(() => {});
      const oneRef = link.ref;
      const two = lobby.unsubscribe();
      const twoRef = link.ref;
      const three = lobby.subscribe();
      expect(link.types).toEqual(["subscribe", "unsubscribe", "subscribe"]);
      if (first === "error") link.say({ type: "error", ref: oneRef, code: "forbidden", message: "" });
      else link.say({ type: "subscribed", ref: oneRef, channel: "lobby" });
      expect(lobby.state.kind).toBe("subscribing");
      link.say({ type: "unsubscribed", ref: twoRef, channel: "lobby" });
      expect(lobby.state.kind).toBe("subscribing");
      link.say({ type: "subscribed", ref: link.ref, channel: "lobby" });
      await Promise.all([two, three]);
      expect(await outcome(one)).toBe("aborted");
      expect(lobby.state.kind).toBe("subscribed");
    }
  });

  it("ends without a subscription after unsubscribe()", async () => {
    const { client, open } = setUp();
    const lobby = client.channel("lobby");
    const link = await open();
    const refs: number[] = [];
    const promises: Promise<void>[] = [];
    for (const act of ["subscribe", "unsubscribe", "subscribe", "unsubscribe"] as const) {
      promises.push(lobby[act]());
      refs.push(link.ref);
    }
    for (const each of promises) each.catch(() => {});
    for (const [index, ref] of refs.entries()) {
      link.say({ type: index % 2 === 0 ? "subscribed" : "unsubscribed", ref, channel: "lobby" });
    }
    expect(await Promise.all(promises.map(outcome))).toEqual(["aborted", "resolved", "aborted", "resolved"]);
    expect(lobby.state.kind).toBe("unsubscribed");
  });

  it.each(["subscribe", "unsubscribe"] as const)(
    "leaves nothing behind when the client closes during %s()",
    async (act) => {
      const { client, clock, open } = setUp();
      const lobby = client.channel("lobby");
      const link = await open();
      if (act === "unsubscribe") await subscribed(link, lobby);
      const acting = lobby[act]();
      acting.catch(() => {});
      await client.close();
      expect(await outcome(acting)).toBe("closed");
      expect(lobby.state.kind).toBe("unsubscribed");
      expect(clock.timers).toBe(0);
    },
  );
});

describe("after a reconnect a channel", () => {
  it("is subscribed again, before anything that waited", async () => {
    const { client, open, pass } = setUp();
    const [lobby, news] = [client.channel("lobby"), client.channel("news")];
    const first = await open();
    await subscribed(first, lobby);
    await subscribed(first, news);
    first.end();
    expect(lobby.state).toEqual({ kind: "subscribing" });
    client.send("waiting");
    const publishing = lobby.publish("chat", "waiting");
    publishing.catch(() => {});
    await pass(1_000);
    const link = await open();
    expect(link.sent.slice(1).map(({ type, channel }) => [type, channel])).toEqual([
      ["subscribe", "lobby"],
      ["subscribe", "news"],
      ["send", undefined],
      ["publish", "lobby"],
    ]);
    link.say({ type: "subscribed", ref: link.sent[1]!["ref"] as number, channel: "lobby" });
    expect([lobby.state.kind, news.state.kind]).toEqual(["subscribed", "subscribing"]);
  });

  it("is heard only once it is subscribed again (C06)", async () => {
    const { client, open, pass } = setUp();
    const lobby = client.channel("lobby");
    const heard: unknown[] = [];
    lobby.on("*", (data) => heard.push(data));
    const first = await open();
    await subscribed(first, lobby);
    first.end();
    await pass(1_000);
    const link = await open();
    link.say(publication);
    link.say({ type: "subscribed", ref: link.ref, channel: "lobby" }, { ...publication, data: "second" });
    expect(heard).toEqual(["second"]);
  });

  it("is unsubscribed when the server refuses it now, and the event error tells", async () => {
    const { client, errors, open, pass } = setUp();
    const lobby = client.channel("lobby");
    const first = await open();
    await subscribed(first, lobby);
    first.end();
    await pass(1_000);
    const link = await open();
    link.say({ type: "error", ref: link.ref, code: "forbidden", message: "not any more" });
    expect(lobby.state).toEqual({ kind: "unsubscribed" });
    expect(errors).toMatchObject([{ code: "forbidden", message: "not any more" }]);
    link.end();
    await pass(2_000);
    expect((await open()).types).toEqual([]);
  });

  it("is tried again with growing delays when the refusal is temporary", async () => {
    const { client, clock, errors, open, pass } = setUp();
    const lobby = client.channel("lobby");
    const first = await open();
    await subscribed(first, lobby);
    first.end();
    await pass(1_000);
    const link = await open();
    for (const delayMs of [1_000, 2_000, 4_000]) {
      link.say({ type: "error", ref: link.ref, code: "broker-unavailable", message: "" });
      const asked = link.sent.length;
      await pass(delayMs - 1);
      expect(link.sent).toHaveLength(asked);
      await pass(1);
      expect(link.sent).toHaveLength(asked + 1);
    }
    expect(lobby.state.kind).toBe("subscribing");
    expect(errors.map(({ code }) => code)).toEqual(Array(3).fill("broker-unavailable"));
    link.say({ type: "subscribed", ref: link.ref, channel: "lobby" });
    expect(lobby.state.kind).toBe("subscribed");
    expect(clock.timers).toBe(0);
  });

  it("is not tried again once it was given up or the client was closed", async () => {
    for (const act of ["unsubscribe", "close"] as const) {
      const { client, clock, open, pass } = setUp();
      const lobby = client.channel("lobby");
      const first = await open();
      await subscribed(first, lobby);
      first.end();
      await pass(1_000);
      const link = await open();
      link.say({ type: "error", ref: link.ref, code: "broker-unavailable", message: "" });
      if (act === "close") await client.close();
      else lobby.unsubscribe().catch(() => {});
      if (act === "unsubscribe") link.say({ type: "unsubscribed", ref: link.ref, channel: "lobby" });
      expect(clock.timers).toBe(0);
    }
  });

  it("is subscribed again after close() and a new connect(), if it was before", async () => {
    const { client, open } = setUp();
    const first = await open();
    await subscribed(first, client.channel("lobby"));
    const unanswered = client.channel("news").subscribe();
    unanswered.catch(() => {});
    await client.close();
    expect(await outcome(unanswered)).toBe("closed");
    const link = await open();
    expect(link.sent.slice(1).map(({ channel }) => channel)).toEqual(["lobby"]);
  });
});

describe("what the server does by itself", () => {
  it("subscribes, for this connection", async () => {
    const { client, open, pass } = setUp();
    const heard: unknown[] = [];
    client.channel("lobby").on("chat", (data) => heard.push(data));
    const link = await open();
    link.say({ type: "subscribed", channel: "lobby" }, publication);
    expect(heard).toEqual([{ text: "hi" }]);
    link.say({ type: "subscribed", channel: "unnamed" });
    expect(client.channel("unnamed").state.kind).toBe("subscribed");
    link.end();
    expect(client.channel("lobby").state.kind).toBe("unsubscribed");
    await pass(1_000);
    expect((await open()).types).toEqual([]);
  });

  it("answers the application's wish for the same channel", async () => {
    const { client, open, pass } = setUp();
    const lobby = client.channel("lobby");
    const link = await open();
    link.say({ type: "subscribed", channel: "lobby" });
    await lobby.subscribe();
    expect(link.types).toEqual([]);
    link.end();
    await pass(1_000);
    expect((await open()).types).toEqual(["subscribe"]);
  });

  it("unsubscribes, and the wish is forgotten", async () => {
    const { client, open, pass } = setUp();
    const lobby = client.channel("lobby");
    const link = await open();
    await subscribed(link, lobby);
    link.say({ type: "unsubscribed", channel: "lobby" }, { type: "unsubscribed", channel: "never-heard-of" });
    expect(lobby.state).toEqual({ kind: "unsubscribed" });
    link.end();
    await pass(1_000);
    expect((await open()).types).toEqual([]);
  });

  it("does not count when the application has asked anew since", async () => {
    const { client, open } = setUp();
    const lobby = client.channel("lobby");
    const link = await open();
    await subscribed(link, lobby);
    const unsubscribing = lobby.unsubscribe();
    const unsubscribeRef = link.ref;
    const subscribing = lobby.subscribe();
    link.say({ type: "unsubscribed", channel: "lobby" });
    expect(lobby.state.kind).toBe("subscribing");
    link.say({ type: "unsubscribed", ref: unsubscribeRef, channel: "lobby" });
    link.say({ type: "subscribed", ref: link.ref, channel: "lobby" });
    await Promise.all([unsubscribing, subscribing]);
    expect(lobby.state.kind).toBe("subscribed");
  });

  it("cannot keep a channel that the application is leaving", async () => {
    const { client, open } = setUp();
    const lobby = client.channel("lobby");
    const link = await open();
    await subscribed(link, lobby);
    const unsubscribing = lobby.unsubscribe();
    link.say({ type: "subscribed", channel: "lobby" });
    link.say({ type: "unsubscribed", ref: link.ref, channel: "lobby" });
    await unsubscribing;
    expect(lobby.state.kind).toBe("unsubscribed");
  });
});

describe("a publication", () => {
  it("reaches the handlers of its event and of patterns, with all that is known about it", async () => {
    const { client, open } = setUp();
    const lobby = client.channel("lobby");
    const heard: unknown[] = [];
    lobby.on("chat", (data, about) => heard.push(["chat", data, about]));
    lobby.on("c*", (data) => heard.push(["c*", data]));
    lobby.on("*", (data) => heard.push(["*", data]));
    lobby.on("d*", () => heard.push("wrong"));
    client.on("*", () => heard.push("wrong"));
    const link = await open();
    await subscribed(link, lobby);
    link.say(publication);
    expect(heard).toEqual([
      [
        "chat",
        { text: "hi" },
        expect.objectContaining({ channel: "lobby", event: "chat", id: "p-1", from: publication.from }),
      ],
      ["c*", { text: "hi" }],
      ["*", { text: "hi" }],
    ]);
  });

  it("that comes in a batch reaches them one by one, oldest first", async () => {
    const { client, open } = setUp();
    const prices = client.channel("prices");
    const heard: unknown[] = [];
    prices.on("tick", (data, about) => heard.push([data, about]));
    const link = await open();
    await subscribed(link, prices);
    link.say({ type: "batch", channel: "prices", event: "tick", items: [1, 2] });
    expect(heard).toEqual([1, 2].map((data) => [data, { channel: "prices", event: "tick", data }]));
  });

  it("is dropped for a channel that is not subscribed (C06)", async () => {
    const { client, errors, open } = setUp();
    const heard: unknown[] = [];
    client.channel("lobby").on("*", (data) => heard.push(data));
    client.on("*", (data) => heard.push(data));
    const link = await open();
    link.say(publication, { ...publication, channel: "never-named" }, { ...publication, channel: "__proto__" });
    link.say({ type: "batch", channel: "lobby", event: "chat", items: [1] });
    const subscribing = client.channel("lobby").subscribe();
    // Before the answer.
    link.say(publication, { type: "join", channel: "lobby", member: { user: "eve" } });
    link.say({ type: "subscribed", ref: link.ref, channel: "lobby" });
    await subscribing;
    expect(heard).toEqual([]);
    expect(client.channel("lobby").presence.members).toEqual([]);
    expect(errors).toEqual([]);
  });

  it("right behind the answer in the same frame is not lost", async () => {
    const { client, open } = setUp();
    const heard: unknown[] = [];
    client.channel("lobby").on("chat", (data) => heard.push(data));
    const link = await open();
    const subscribing = client.channel("lobby").subscribe();
    link.frame(JSON.stringify([{ type: "subscribed", ref: link.ref, channel: "lobby" }, publication]));
    expect(heard).toEqual([{ text: "hi" }]);
    await subscribing;
  });

  it("is published with an id as the answer, and without echo where that is wanted", async () => {
    const { client, open } = setUp();
    const lobby = client.channel("lobby");
    const link = await open();
    const publishing = lobby.publish("chat", { text: "hi" });
    expect(link.latest).toEqual({
      type: "publish",
      ref: link.ref,
      channel: "lobby",
      event: "chat",
      data: { text: "hi" },
      id: expect.any(String),
    });
    link.say({ type: "published", ref: link.ref, id: "p-1" });
    expect(await publishing).toEqual({ id: "p-1" });
    lobby.publish("chat", "quiet", { echo: false }).catch(() => {});
    expect(link.latest).toMatchObject({ data: "quiet", echo: false });
  });

  it("is published as state under a key, which is told with it; without data it removes the key", async () => {
    const { client, open } = setUp();
    const lobby = client.channel("lobby");
    const link = await open();
    lobby.publish("move", 1, { stateKey: "pawn" }).catch(() => {});
    expect(link.latest).toMatchObject({ event: "move", data: 1, id: expect.any(String), stateKey: "pawn" });
    lobby.publish("taken", undefined, { stateKey: "pawn", id: undefined! }).catch(() => {});
    expect(link.latest).toMatchObject({ event: "taken", id: expect.any(String), stateKey: "pawn" });
    expect(link.latest).not.toHaveProperty("data");
    const heard: unknown[] = [];
    lobby.on("*", (data, { stateKey, position }) => heard.push([data, stateKey, position]));
    void lobby.subscribe();
    link.say({ type: "subscribed", ref: link.ref, channel: "lobby", position: "e.3.t" });
    link.say({ type: "publication", channel: "lobby", event: "move", data: 2, id: "p", time: 0, stateKey: "king" });
    expect([heard, lobby.position]).toEqual([[[2, "king", undefined]], "e.3.t"]);
  });

  it("rejects with what the server says, and after requestTimeoutMs", async () => {
    const { client, open, pass } = setUp({ requestTimeoutMs: 1_000 });
    const link = await open();
    const refused = client.channel("lobby").publish("chat");
    link.say({ type: "error", ref: link.ref, code: "not-subscribed", message: "" });
    expect(await outcome(refused)).toBe("not-subscribed");
    const unanswered = client.channel("lobby").publish("chat");
    unanswered.catch(() => {});
    await pass(1_000);
    expect(await outcome(unanswered)).toBe("timeout");
  });
});

/** Subscribes, and lets the server agree. */
async function subscribed(link: FakeLink, channel: Channel): Promise<void> {
  const subscribing = channel.subscribe();
  link.say({ type: "subscribed", ref: link.ref, channel: channel.name });
  await subscribing;
}
