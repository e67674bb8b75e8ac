import { describe, expect, it } from "vitest";
import type { Publication } from "../../src/engine/publication.ts";
import { Cluster } from "../contracts/cluster-broker.ts";
import { turn, world, type World } from "./support.ts";

const anyone = { channels: { "*": { publish: "anyone" } } } as const;

function hearing({ application }: World, pattern: string): Publication[] {
  const heard: Publication[] = [];
  application.publicationListeners.add(pattern, (publication) => void heard.push(publication));
  return heard;
}

const channelsOf = (publications: readonly Publication[]): readonly string[] =>
  publications.map(({ channel }) => channel);

describe("a listener for a pattern of channels", () => {
  it("hears what anyone publishes in the channels that fit, though nobody is in them", async () => {
    const one = world(anyone);
    const [all, chats, exact] = [hearing(one, "*"), hearing(one, "chat-*"), hearing(one, "chat-1")];
    const ada = one.connected("ada");
    for (const channel of ["chat-1", "chat-2", "chat", "chat-"]) await ada.publish(channel, "say", channel);
    await one.engine.publish(one.engine.compose({ channel: "news", event: "say", data: 1 }));
    expect(channelsOf(all)).toEqual(["chat-1", "chat-2", "chat", "chat-", "news"]);
    expect(channelsOf(chats)).toEqual(["chat-1", "chat-2", "chat-"]);
    expect(exact).toMatchObject([
      { channel: "chat-1", event: "say", data: "chat-1", from: { user: "ada" }, id: expect.any(String) },
    ]);
    expect(one.engine.stats().channels).toBe(0);
  });

  it("is told the place in the history", async () => {
    const one = world({ channels: { news: { history: { size: 5, ttlMs: 60_000 } } } });
    const heard = hearing(one, "*");
    for (const data of [1, 2]) await one.engine.publish(one.engine.compose({ channel: "news", event: "n", data }));
    expect(heard.map(({ position }) => position?.offset)).toEqual([1, 2]);
  });

  it("hears nothing that is refused, and nothing a second time", async () => {
    const one = world({ channels: { "*": { publish: "anyone" }, quiet: { publish: "server" } } });
    const heard = hearing(one, "*");
    const ada = one.connected("ada");
    expect(() => ada.publish("quiet", "say")).toThrow();
    for (let times = 0; times < 3; times += 1) await ada.publish("chat", "say", 1, { id: "same" });
    expect(heard.map(({ id }) => id)).toEqual(["same"]);
  });

  it("hears the same in several channels once", async () => {
    const one = world();
    const [all, second] = [hearing(one, "*"), hearing(one, "b")];
    const publications = ["a", "b"].map((channel) => one.engine.compose({ channel, event: "both", data: 1 }));
    await one.engine.signal({ kind: "union", publications });
    expect(channelsOf(all)).toEqual(["a"]);
    expect(channelsOf(second)).toEqual(["b"]);
  });

  it("hears on its own node only, so that a cluster hears each once", async () => {
    const cluster = new Cluster();
    const nodes = [cluster, cluster].map((one) => world({ ...anyone, broker: one.node() }));
    const heard = nodes.map((node) => hearing(node, "*"));
    const clients = nodes.map(({ connected }, index) => connected(`user-${index}`));
    await Promise.all(clients.map((client) => client.subscribe("chat")));
    await clients[0]!.publish("chat", "say", 1);
    await clients[1]!.publish("chat", "say", 2);
    await turn();
    expect(heard.map((publications) => publications.map(({ data }) => data))).toEqual([[1], [2]]);
  });

  it("harms nobody when it throws or rejects, which is reported", async () => {
    const one = world(anyone);
    const cause = new Error("broken");
    one.application.publicationListeners.add("*", () => {
      throw cause;
    });
    one.application.publicationListeners.add("*", () => Promise.reject(cause));
    const heard = hearing(one, "*");
    await one.connected("ada").publish("chat", "say");
    await turn();
    expect(heard).toHaveLength(1);
    const failure = { error: { code: "handler-failed", cause }, channel: "chat", event: "say" };
    expect(one.application.reported).toMatchObject([failure, failure]);
  });

  it("hears no more when it is ended, and no other ends with it", async () => {
    const one = world(anyone);
    const log: string[] = [];
    const end = one.application.publicationListeners.add("*", () => log.push("first"));
    one.application.publicationListeners.add("*", () => log.push("second"));
    end();
    end();
    await one.connected("ada").publish("chat", "say");
    expect(log).toEqual(["second"]);
  });

  it("may publish, after everyone has heard what it answers", async () => {
    const one = world(anyone);
    one.application.publicationListeners.add("chat", ({ event }) => {
      if (event === "ping") void one.engine.publish(one.engine.compose({ channel: "chat", event: "pong", data: 1 }));
    });
    const ada = one.connected("ada");
    await ada.subscribe("chat");
    ada.heard();
    await ada.publish("chat", "ping");
    expect(ada.heard()).toEqual(["chat ping undefined", "chat pong 1"]);
  });
});

describe("a listener for one channel", () => {
  it("is reported when it rejects", async () => {
    const one = world(anyone);
    const cause = new Error("broken");
    await one.engine.listen("chat", () => Promise.reject(cause));
    await one.connected("ada").publish("chat", "say");
    await turn();
    expect(one.application.reported).toMatchObject([{ error: { code: "handler-failed", cause }, channel: "chat" }]);
  });
});
