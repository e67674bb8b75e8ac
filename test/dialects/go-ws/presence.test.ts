import { afterEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../../src/testing/index.ts";
import { byToken, eventually, start, stopAll, type Said, type Speaker } from "./support.ts";

afterEach(stopAll);

interface Notice {
  readonly event: string;
  readonly user_id: string;
  readonly client_id: string;
  readonly metadata?: unknown;
}

function notices(speaker: Speaker): readonly string[] {
  return speaker.heard.map(({ data, users }) => {
    const { event, user_id } = data as Notice;
    const names = (users as readonly { user_id: string }[]).map((one) => one.user_id);
    return `${event} ${user_id} [${names.join()}]`;
  });
}

function dataOf(said: Said | undefined): Notice {
  return said!["data"] as Notice;
}

describe("go-ws: presence", () => {
  test("GWS-11 all hear who comes, itself included and with the list, and the others who goes", async () => {
    const { connect, hub } = await start(byToken);
    const [ada, bob] = [await connect("?token=ada"), await connect("?token=bob")];
    await ada.subscribe("presence-r");
    await bob.subscribe("presence-r");
    await bob.subscribe("presence-r");
    await ada.settled();
    const bobsId = [...hub.clients.values()].find(({ userId }) => userId === "bob")!.clientId;
    expect(notices(ada)).toEqual(["presence:join ada [ada]", "presence:join bob [ada,bob]"]);
    expect(bob.heard).toEqual([ada.heard[1]]);
    expect(bob.heard[0]).toMatchObject({
      channel_name: "presence-r",
      event: "presence:join",
      sender_id: "system",
      type: "presence",
      data: { client_id: bobsId, user_id: "bob" },
    });
    expect(bob.heard[0]!["message_id"]).toMatch(/^presence-join-bob-\d{19}$/);
    bob.say({ action: "unsubscribe", channel: "presence-r" });
    await bob.settled();
    await ada.settled();
    expect(notices(ada).at(-1)).toBe("presence:leave bob [ada]");
    expect(ada.heard[2]!["message_id"]).toMatch(new RegExp(`^presence-leave-${bobsId}-\\d{19}$`));
    expect(bob.heard).toHaveLength(1);
  });

  test("GWS-11 notices list as many as maxListedUsers, and in a larger channel who comes still gets the list", async () => {
    const { connect } = await start({ ...byToken, maxListedUsers: 2 });
    const [ada, bob, cid] = [await connect("?token=ada"), await connect("?token=bob"), await connect("?token=cid")];
    for (const one of [ada, bob, cid]) await one.subscribe("presence-r");
    cid.say({ action: "unsubscribe", channel: "presence-r" });
    await cid.settled();
    await ada.settled();
    const listed = ada.heard.map(({ users }) => (users as readonly unknown[] | undefined)?.length);
    expect(listed).toEqual([1, 2, undefined, 2]);
    expect(ada.heard[2]).toMatchObject({ type: "presence", data: { event: "presence:join", user_id: "cid" } });
    const { users, ...notice } = cid.heard[0]!;
    expect(users).toMatchObject([{ user_id: "ada" }, { user_id: "bob" }, { user_id: "cid" }]);
    expect(notice).toEqual(ada.heard[2]);
    expect(cid.heard).toHaveLength(1);
  });

  test("GWS-11 beyond presenceChangesPerSecond the others hear of it later, and who comes is in its own list at once", async () => {
    const clock = new ManualClock();
    const { connect, server } = await start(byToken, { clock, limits: { presenceChangesPerSecond: 1 } });
    const [ada, bob, cid] = [await connect("?token=ada"), await connect("?token=bob"), await connect("?token=cid")];
    for (const one of [ada, bob, cid]) await one.subscribe("presence-r");
    cid.say({ action: "unsubscribe", channel: "presence-r" });
    await cid.settled();
    await ada.settled();
    expect([ada, bob, cid].map(notices)).toEqual([
      ["presence:join ada [ada]"],
      ["presence:join bob [ada,bob]"],
      ["presence:join cid [ada,cid]"],
    ]);
    expect(server.channel("presence-r").members).toEqual([{ user: "ada" }, { user: "bob" }]);
    clock.advance(1_000);
    await ada.settled();
    await bob.settled();
    expect(notices(ada)).toEqual(["presence:join ada [ada]", "presence:join bob [ada,bob]"]);
    expect(bob.heard).toHaveLength(1);
  });

  test.each(["presence:join", "presence:leave"])("GWS-11 no client can say %s for the server", async (event) => {
    const { connect, hub, server } = await start(byToken);
    const ada = await connect("?token=ada");
    await ada.subscribe("c");
    ada.say({ action: "broadcast", channel: "c", event, data: { event, user_id: "admin" } });
    await ada.settled();
    await hub.broadcast({ channelName: "c", event });
    await server.channel("c").publish(event, {});
    expect((await ada.hears(3)).map((said) => said["event"])).toEqual(["", event, event]);
  });

  test("GWS-12 a socket that dies leaves each presence channel once, and disconnects once", async () => {
    const gone: string[] = [];
    const stored = new Set<string>();
    const { connect, hub } = await start({
      ...byToken,
      onDisconnect: ({ userId }) => gone.push(userId),
      storage: {
        saveClient: ({ userId }) => void stored.add(userId),
        removeClient: (id) => void stored.delete(hub.clients.get(id)?.userId ?? "bob"),
        updateClientLastSeen: () => undefined,
        addClientToChannel: (channel, id) => void stored.add(`${channel} ${hub.clients.get(id)!.userId}`),
        removeClientFromChannel: (channel) => void stored.delete(`${channel} bob`),
      },
    });
    const [ada, bob] = [await connect("?token=ada"), await connect("?token=bob")];
    for (const one of [ada, bob]) for (const channel of ["presence-r", "presence-s", "c"]) await one.subscribe(channel);
    expect([...stored].filter((entry) => entry.includes("bob"))).toHaveLength(4);
    bob.socket.terminate();
    await eventually(() => gone.length > 0);
    await ada.settled();
    const leaves = ada.heard
      .filter(({ event }) => event === "presence:leave")
      .map((said) => said["channel_name"] as string);
    expect(leaves.toSorted((a, b) => a.localeCompare(b))).toEqual(["presence-r", "presence-s"]);
    expect(gone).toEqual(["bob"]);
    expect(hub.clients.size).toBe(1);
    expect([...stored].filter((entry) => entry.includes("bob"))).toEqual([]);
  });

  test("GWS-13 metadata that onConnect sets is in the notices, and without any the field is absent", async () => {
    const { connect, server } = await start({
      ...byToken,
      onConnect: ({ userId, metadata }) => userId === "bob" && metadata.set("color", "red"),
    });
    const [ada, bob] = [await connect("?token=ada"), await connect("?token=bob")];
    for (const one of [ada, bob]) await one.subscribe("presence-r");
    bob.socket.close();
    const heard = await ada.hears(3);
    expect("metadata" in dataOf(heard[0])).toBe(false);
    expect(heard.slice(1).map((said) => dataOf(said).metadata)).toEqual([{ color: "red" }, { color: "red" }]);
    expect(Object.keys(dataOf(heard[1]))).toEqual(["event", "client_id", "user_id", "timestamp", "metadata"]);
    expect(server.channel("presence-r").members).toEqual([{ user: "ada" }]);
  });

  test("GWS-31 one user in two tabs joins twice, is listed twice, and leaves twice", async () => {
    const { connect } = await start(byToken);
    const ada = await connect("?token=ada");
    await ada.subscribe("presence-r");
    const tabs = [await connect("?token=bob"), await connect("?token=bob")];
    for (const tab of tabs) await tab.subscribe("presence-r");
    for (const tab of tabs) tab.say({ action: "unsubscribe", channel: "presence-r" });
    for (const tab of tabs) await tab.settled();
    await ada.settled();
    expect(notices(ada)).toEqual([
      "presence:join ada [ada]",
      "presence:join bob [ada,bob]",
      "presence:join bob [ada,bob,bob]",
      "presence:leave bob [ada,bob]",
      "presence:leave bob [ada]",
    ]);
    expect(dataOf(ada.heard[1]).client_id).not.toBe(dataOf(ada.heard[2]).client_id);
  });

  test("the metadata of each tab is its own, and its leave says so", async () => {
    const tabs: number[] = [];
    const { connect } = await start({
      ...byToken,
      onConnect: ({ metadata }) => metadata.set("tab", tabs.push(0)),
    });
    const ada = await connect("?token=ada");
    await ada.subscribe("presence-r");
    const [one, two] = [await connect("?token=bob"), await connect("?token=bob")];
    await one.subscribe("presence-r");
    await two.subscribe("presence-r");
    two.socket.close();
    const heard = await ada.hears(4);
    expect(heard.map((said) => dataOf(said).metadata)).toEqual([{ tab: 1 }, { tab: 2 }, { tab: 3 }, { tab: 3 }]);
  });

  test("what the identity says of a user comes before its metadata for others, and stands for it where there is none", async () => {
    const { connect, server } = await start(
      { onConnect: ({ metadata, userId }) => userId === "bob" && metadata.set("color", "red") },
      { authenticate: ({ token }) => ({ userId: token!, info: { name: token } }) },
    );
    for (const user of ["ada", "bob"]) await (await connect(`?token=${user}`)).subscribe("presence-r");
    const eve = await connect("?token=eve");
    await eve.subscribe("presence-r");
    expect(dataOf(eve.heard[0]).metadata).toEqual({ name: "eve" });
    expect(server.channel("presence-r").members).toEqual([
      { user: "ada", info: { name: "ada" } },
      { user: "bob", info: { name: "bob" } },
      { user: "eve", info: { name: "eve" } },
    ]);
  });

  test("other dialects see metadata as what is known of the user", async () => {
    const { connect, server } = await start({ ...byToken, onConnect: ({ metadata }) => metadata.set("color", "red") });
    await (await connect("?token=ada")).subscribe("presence-r");
    expect(server.channel("presence-r").members).toEqual([{ user: "ada", info: { color: "red" } }]);
  });

  test("timestamps say the milliseconds, without zeros at their end", async () => {
    const clock = new ManualClock(Date.UTC(2026, 10, 21, 0, 16, 40, 140));
    const { connect } = await start(byToken, { clock });
    const ada = await connect("?token=ada");
    await ada.subscribe("presence-r");
    clock.setWall(Date.UTC(2026, 10, 21, 0, 16, 41, 0));
    await ada.subscribe("presence-s");
    expect(ada.heard.map(({ data, timestamp }) => [(data as { timestamp: string }).timestamp, timestamp])).toEqual([
      ["2026-11-21T00:16:40.14Z", "2026-11-21T00:16:40Z"],
      ["2026-11-21T00:16:41Z", "2026-11-21T00:16:41Z"],
    ]);
  });

  test("a channel whose rule has presence is announced, whatever its name", async () => {
    const { connect } = await start(byToken, { channels: { lobby: { presence: true } } });
    const ada = await connect("?token=ada");
    await ada.subscribe("lobby");
    expect(notices(ada)).toEqual(["presence:join ada [ada]"]);
  });
});
