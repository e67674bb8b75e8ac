import { describe, expect, test } from "vitest";
import { createRegistry, echo, groups, JsonMessage, type Registry } from "../../../src/dialects/go-rtc-lib/index.ts";
import { RtcClient, serve, until } from "./support.ts";

const say = (group: string, message: string): string => JSON.stringify({ action: "message", group, message });

describe("groups", () => {
  test("RTC-6: members of a group hear what is sent there, and nobody else does", async () => {
    const { client, registry, settled } = await serve(groups);
    const [a, b, c] = [await client(), await client(), await client()];
    a[0].send('{"action":"join","group":"r"}');
    b[0].send('{"action":"join","group":"r"}');
    await until(() => registry.membersOf("r").length === 2);
    a[0].send(say("r", "hey"));
    const expected = [`{"from":"${a[1].id}","message":"hey"}`];
    expect([await a[0].next(), await b[0].next(), await settled(c)]).toEqual([expected, expected, []]);
    expect([a[1].groups, c[1].groups, registry.groups]).toEqual([["r"], [], ["r"]]);
  });

  test("RTC-7: who has left hears nothing more", async () => {
    const { client, registry, settled } = await serve(groups);
    const [a, b] = [await client(), await client()];
    for (const [one] of [a, b]) one.send('{"action":"join","group":"r"}');
    await until(() => registry.membersOf("r").length === 2);
    b[0].send('{"action":"leave","group":"r"}');
    await until(() => registry.membersOf("r").length === 1);
    a[0].send(say("r", "hey"));
    expect(await a[0].next()).toEqual([`{"from":"${a[1].id}","message":"hey"}`]);
    expect(await settled(b)).toEqual([]);
  });

  test("the demo lets members only send to a group, unlike the original's", async () => {
    const { client, registry, settled, failures } = await serve(groups);
    const [member, stranger] = [await client(), await client()];
    await registry.addToGroup("r", member[1]);
    stranger[0].send(say("r", "hey"));
    stranger[0].send(say("", "to all"));
    await stranger[0].next();
    expect(await settled(member)).toEqual([`{"from":"${stranger[1].id}","message":"to all"}`]);
    expect([stranger[1].isOpen, failures]).toEqual([true, []]);
  });

  test("RTC-8: a broadcast to a group that does not exist reaches nobody and harms nothing", async () => {
    const { client, registry, settled, failures } = await serve();
    const one = await client();
    await registry.broadcast(new JsonMessage("x"), "x");
    expect([await settled(one), failures, registry.groups]).toEqual([[], [], []]);
  });

  test("RTC-9, G-16: a broadcast to the group without a name reaches every connection", async () => {
    const { client, registry } = await serve();
    const [a, b] = [await client(), await client()];
    await registry.addToGroup("r", a[1]);
    await registry.broadcast(new JsonMessage({ n: 1 }), "");
    await registry.broadcast(new JsonMessage({ n: 2 }));
    registry.broadcastToAll(new JsonMessage({ n: 3 }));
    const expected = ['{"n":1}', '{"n":2}', '{"n":3}'];
    expect([await a[0].next(3), await b[0].next(3)]).toEqual([expected, expected]);
  });

  test("RTC-10: deleting a group closes its members, which are gone from all groups at once", async () => {
    const { client, registry, settled, server } = await serve();
    const [a, b, other] = [await client(), await client(), await client()];
    for (const [, one] of [a, b]) await registry.addToGroup("r", one);
    for (const [, one] of [a, other]) await registry.addToGroup("s", one);
    await registry.broadcast("before", "r");
    const deleted = registry.deleteGroup("r");
    expect([registry.count, registry.connections]).toEqual([1, [other[1]]]);
    expect([registry.membersOf("s"), registry.groups, a[1].groups, a[1].isOpen]).toEqual([
      [other[1]],
      ["s"],
      [],
      false,
    ]);
    await deleted;
    expect([await a[0].ended(), await b[0].ended()]).toEqual([
      [1005, ["before"]],
      [1005, ["before"]],
    ]);
    await registry.deleteGroup("r");
    await registry.broadcast("after", "s");
    expect(await settled(other)).toEqual(["after"]);
    await until(() => server.stats().connections === 1);
  });

  test("RTC-11: a member that is cut off is in no group any more", async () => {
    const { client, registry, failures } = await serve();
    const [a, b] = [await client(), await client()];
    for (const [, one] of [a, b]) await registry.addToGroup("r", one);
    b[0].socket.terminate();
    await registry.broadcast("1", "r");
    await until(() => registry.membersOf("r").length === 1);
    await registry.broadcast("2", "r");
    expect(await a[0].next(2)).toEqual(["1", "2"]);
    expect([registry.membersOf("r"), registry.count, b[1].isOpen, failures]).toEqual([[a[1]], 1, false, []]);
  });

  test("RTC-12: a closed connection is not added to a group", async () => {
    const { client, registry } = await serve();
    const [socket, connection] = await client();
    connection.closeConnection();
    expect(await registry.addToGroup("r", connection)).toBe(false);
    expect(await registry.joinGroup("r", connection)).toBe(false);
    registry.removeFromGroup("r", connection);
    connection.closeConnection();
    connection.send("late");
    await registry.broadcast("late", "r", { from: connection });
    expect([registry.membersOf("r"), registry.groups, connection.groups]).toEqual([[], [], []]);
    expect(await socket.ended()).toEqual([1005, []]);
  });

  test("a connection that closes while it is let into a group is not in it", async () => {
    let allow: (isAllowed: boolean) => void = () => undefined;
    const authorize = (): Promise<boolean> => new Promise((resolve) => (allow = resolve));
    const { client, registry, server } = await serve({}, { channels: { r: { authorize } } });
    const [, connection] = await client();
    const joined = registry.joinGroup("r", connection);
    connection.closeConnection();
    allow(true);
    expect([await joined, registry.membersOf("r"), server.stats().subscriptions]).toEqual([false, [], 0]);
  });

  test("RTC-24: groups and their members are made once, emptied groups remain, and names are not empty", async () => {
    const { client, registry, settled } = await serve();
    const one = await client();
    registry.createGroup("r");
    registry.createGroup("r");
    expect(registry.groups).toEqual(["r"]);
    expect(await Promise.all([registry.addToGroup("r", one[1]), registry.addToGroup("r", one[1])])).toEqual([
      true,
      true,
    ]);
    await registry.broadcast("once", "r");
    expect(await settled(one)).toEqual(["once"]);
    registry.removeFromGroup("r", one[1]);
    registry.removeFromGroup("r", one[1]);
    await registry.broadcast("nobody", "r");
    expect([await settled(one), registry.groups, registry.membersOf("r")]).toEqual([[], ["r"], []]);
    await registry.joinGroup("passing", one[1]);
    expect(registry.groups).toEqual(["r", "passing"]);
    registry.removeFromGroup("passing", one[1]);
    expect(registry.groups).toEqual(["r"]);
    const empty = expect.objectContaining({ code: "channel-name-invalid" }) as unknown;
    for (const add of [registry.addToGroup, registry.joinGroup]) await expect(add("", one[1])).rejects.toEqual(empty);
    expect(() => registry.createGroup("")).toThrow(empty);
    expect(() => registry.removeFromGroup("", one[1])).toThrow(empty);
    await expect(registry.deleteGroup("")).rejects.toEqual(empty);
  });

  test("what a client chooses is asked about, and what the server decides is not", async () => {
    const { client, registry } = await serve();
    const [, connection] = await client();
    await expect(registry.joinGroup("private-r", connection)).rejects.toMatchObject({ code: "forbidden" });
    expect(await registry.addToGroup("private-r", connection)).toBe(true);
  });

  test("the demo joins no channel that its rule closes, and stays open", async () => {
    const { client, registry, settled, failures } = await serve(groups);
    const one = await client();
    one[0].send('{"action":"join","group":"private-r"}', say("private-r", "x"), say("", "end"));
    expect(await one[0].next()).toEqual([`{"from":"${one[1].id}","message":"end"}`]);
    expect([await settled(one), registry.membersOf("private-r"), failures]).toEqual([[], [], []]);
  });

  test("RTC-26: a reply is the sender's alone, and a broadcast of one registry never reaches another's", async () => {
    const other = createRegistry({ handleMessage: echo });
    const { client, registry, settled, url } = await serve(echo, { endpoints: { "/other": other } });
    const [a, b] = [await client(), await client()];
    a[0].send("mine");
    expect([await a[0].next(), await settled(b)]).toEqual([["mine"], []]);
    const stranger = await RtcClient.connect(url.replace("/ws", "/other"));
    await until(() => other.count === 1);
    const [own] = other.connections;
    await other.addToGroup("r", own!);
    await registry.addToGroup("r", a[1]);
    for (const [one, text] of [
      [registry, "first"],
      [other, "second"],
    ] as const) {
      await one.broadcast(text, "r");
      await one.broadcast(Uint8Array.of(255), "r");
      one.broadcastToAll(`all of ${text}`);
    }
    expect(await stranger.next(3)).toEqual(["second", "binary ff", "all of second"]);
    expect(await settled(a)).toEqual(["first", "binary ff", "all of first"]);
    expect(await settled(b)).toEqual(["all of first"]);
    expect([registry.membersOf("r"), registry.count, other.count]).toEqual([[a[1]], 2, 1]);
    await other.deleteGroup("r");
    expect([a[1].isOpen, other.count]).toEqual([true, 0]);
  });

  test("channelPrefix parts the channels of groups", async () => {
    const { client, registry, server, settled } = await serve({ channelPrefix: "rtc." });
    const one = await client();
    await registry.addToGroup("r", one[1]);
    await one[1].connection.subscribe("elsewhere");
    expect([one[1].groups, one[1].connection.channels]).toEqual([["r"], ["rtc.r", "elsewhere"]]);
    await server.channel("rtc.r").publish("message", "hi");
    await server.channel("r").publish("message", "not here");
    expect(await settled(one)).toEqual(['{"from":"server","message":"hi"}']);
  });

  test("G20, G-16: no group that a client names is all connections but in the demo, where it is those of the registry", async () => {
    const other = createRegistry({ handleMessage: groups });
    const { client, registry, settled, url } = await serve(
      { handleMessage: { handleMessage: (connection, content, hub) => join(hub, connection.id, String(content)) } },
      { endpoints: { "/other": other } },
    );
    const [a, b] = [await client(), await client()];
    a[0].send("");
    expect([await a[0].ended(), await settled(b), registry.groups]).toEqual([[1005, []], [], []]);
    const [c, d] = [
      await RtcClient.connect(url.replace("/ws", "/other")),
      await RtcClient.connect(url.replace("/ws", "/other")),
    ];
    await until(() => other.count === 2);
    c.send(say("", "hey"));
    expect(await c.next()).toEqual(await d.next());
    expect(await settled(b)).toEqual([]);
  });
});

async function join(registry: Registry, id: string, group: string): Promise<void> {
  await registry.joinGroup(group, registry.connection(id)!);
}
