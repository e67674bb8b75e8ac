import { describe, expect, it } from "vitest";
import type { Channel, Member } from "../../src/client/index.ts";
import { setUp, type SetUp } from "./set-up.ts";
import type { FakeLink } from "./fake-transport.ts";

const ada: Member = { user: "ada", info: { name: "Ada" } };
const bob: Member = { user: "bob" };
const eve: Member = { user: "eve" };

describe("presence", () => {
  it("begins with who is there, without telling of joins", async () => {
    const { channel, told } = await present([ada, bob]);
    expect(channel.presence.members).toEqual([ada, bob]);
    expect(told).toEqual([["change", "ada", "bob"]]);
  });

  it("follows joins and leaves", async () => {
    const { channel, link, told } = await present([ada]);
    link.say({ type: "join", channel: "lobby", member: bob }, { type: "leave", channel: "lobby", member: ada });
    expect(channel.presence.members).toEqual([bob]);
    expect(told.slice(1)).toEqual([
      ["change", "ada", "bob"],
      ["join", "bob"],
      ["change", "bob"],
      ["leave", "ada"],
    ]);
  });

  it("shows the list in its new state to whoever hears of a change", async () => {
    const { channel, link } = await present([ada]);
    const seen: unknown[] = [];
    channel.presence.on("join", () => seen.push(channel.presence.members.length));
    link.say({ type: "join", channel: "lobby", member: bob });
    expect(seen).toEqual([2]);
  });

  it("takes a second join of a user for news about them, and no leave of a stranger", async () => {
    const { channel, link, told } = await present([ada, bob]);
    link.say({ type: "join", channel: "lobby", member: { user: "ada", info: { name: "Countess" } } });
    link.say({ type: "leave", channel: "lobby", member: eve });
    expect(channel.presence.members).toEqual([{ user: "ada", info: { name: "Countess" } }, bob]);
    expect(told.slice(1)).toEqual([["change", "ada", "bob"]]);
  });

  it("has several members of one user where each connection is shown by itself", async () => {
    const [first, second] = [
      { user: "ada", id: "1" },
      { user: "ada", id: "2" },
    ];
    const { channel, link, told } = await present([first]);
    link.say({ type: "join", channel: "lobby", member: second });
    expect(channel.presence.members).toEqual([first, second]);
    link.say({ type: "leave", channel: "lobby", member: first });
    expect(channel.presence.members).toEqual([second]);
    expect(told.filter(([what]) => what !== "change")).toEqual([
      ["join", "ada"],
      ["leave", "ada"],
    ]);
  });

  it("keeps the list while offline, and tells who came and went meanwhile", async () => {
    const { channel, link, told, open, pass } = await present([ada, bob]);
    link.end();
    expect(channel.presence.members).toEqual([ada, bob]);
    await pass(1_000);
    const again = await open();
    again.say({ type: "subscribed", ref: again.ref, channel: "lobby", members: [ada, eve] });
    expect(channel.presence.members).toEqual([ada, eve]);
    expect(told.slice(1)).toEqual([
      ["change", "ada", "eve"],
      ["leave", "bob"],
      ["join", "eve"],
    ]);
  });

  it("is empty after unsubscribing, which is nobody's leave", async () => {
    const { channel, told } = await present([ada]);
    channel.unsubscribe().catch(() => {});
    expect(channel.presence.members).toEqual([]);
    expect(told.slice(1)).toEqual([["change"]]);
  });

  it("is nothing on a channel without it", async () => {
    const { channel, told } = await present(undefined);
    expect(channel.presence.members).toEqual([]);
    expect(told).toEqual([]);
  });

  it("survives a handler that throws, and tells of it", async () => {
    const { channel, link, errors } = await present([]);
    const heard: string[] = [];
    channel.presence.on("join", () => {
      throw new Error("oops");
    });
    const off = channel.presence.on("join", ({ user }) => heard.push(user));
    link.say({ type: "join", channel: "lobby", member: bob });
    off();
    link.say({ type: "join", channel: "lobby", member: eve });
    expect(heard).toEqual(["bob"]);
    expect(errors.map(({ code }) => code)).toEqual(["handler-failed", "handler-failed"]);
  });
});

interface Present extends SetUp {
  readonly channel: Channel;
  readonly link: FakeLink;
  readonly told: unknown[][];
}

/** A client in a channel with these members. */
async function present(members: readonly Member[] | undefined): Promise<Present> {
  const set = setUp();
  const channel = set.client.channel("lobby");
  const told: unknown[][] = [];
  channel.presence.on("join", ({ user }) => told.push(["join", user]));
  channel.presence.on("leave", ({ user }) => told.push(["leave", user]));
  channel.presence.on("change", (list) => told.push(["change", ...list.map(({ user }) => user)]));
  const link = await set.open();
  const subscribing = channel.subscribe();
  link.say({ type: "subscribed", ref: link.ref, channel: "lobby", ...(members && { members }) });
  await subscribing;
  return { ...set, channel, link, told };
}
