import { describe, expect, it } from "vitest";
import type { Session } from "../../../src/dialects/dialect.ts";
import type { ConnectedMessage } from "../../../src/protocol/messages.ts";
import { gate, nothingLeft, turn } from "../../engine/support.ts";
import { nativeWorld, type NativeClient, type NativeWorld } from "./support.ts";

type Welcome = ConnectedMessage;

/** A client that has asked for a session; its `connected` is taken. */
function sessionOf(
  world: NativeWorld,
  options?: Parameters<NativeWorld["opened"]>[0],
): { client: NativeClient; welcome: Welcome } {
  const client = world.opened(options);
  client.send({ type: "connect", resume: true });
  return { client, welcome: client.heard()[0] as Welcome };
}

function drain({ wire }: NativeClient): void {
  (wire.handler as Session).drain!();
}

function publish({ engine }: NativeWorld, data: unknown): void {
  void engine.publish(engine.compose({ channel: "lobby", event: "a", data }));
}

function comeBack(world: NativeWorld, session: string | undefined, received: number): NativeClient {
  const client = world.opened();
  client.send({ type: "connect", session: session!, received });
  return client;
}

describe("resuming a session (P3, P5, L20)", () => {
  it("goes on where it was: the same connection, its subscriptions, and what it missed, in order and once", () => {
    const world = nativeWorld();
    const { client, welcome } = sessionOf(world);
    client.send({ type: "subscribe", ref: 1, channel: "lobby" });
    publish(world, 1);
    expect(client.heard()).toMatchObject([{ type: "subscribed" }, { event: "a" }]);
    client.wire.hangUp();
    publish(world, 2);
    world.application.connects[0]!.send("direct", 3);
    const back = comeBack(world, welcome.session, 2);
    publish(world, 4);
    expect(back.heard()).toMatchObject([
      { type: "connected", connection: welcome.connection, session: welcome.session, resumed: true, received: 1 },
      { type: "publication", data: 2 },
      { type: "send", event: "direct", data: 3 },
      { type: "publication", data: 4 },
    ]);
    expect(world.application.connects).toHaveLength(1);
    expect(world.application.disconnects).toHaveLength(0);
  });

  it("hears that it was away, and is there again, after what it missed, and once", () => {
    const world = nativeWorld();
    const { client, welcome } = sessionOf(world);
    const [connection] = world.application.connects;
    client.send({ type: "subscribe", ref: 1, channel: "presence-a" });
    client.heard();
    client.wire.hangUp();
    world.clock.advance(5_000);
    world.application.resumed = () => connection!.send("hello again");
    const back = comeBack(world, welcome.session, 1);
    const member = { user: connection!.id };
    const told = [
      { type: "leave", channel: "presence-a", member },
      { type: "join", channel: "presence-a", member },
      { type: "send", event: "hello again" },
    ];
    expect(back.heard()).toEqual([expect.objectContaining({ type: "connected", resumed: true }), ...told]);
    // They count as any others: what was received of them is not repeated.
    back.wire.hangUp();
    world.application.resumed = () => undefined;
    expect(comeBack(world, welcome.session, 4).heard()).toMatchObject([{ type: "connected", resumed: true }]);
  });

  it("repeats what the client had not received when its link broke", () => {
    const world = nativeWorld();
    const { client, welcome } = sessionOf(world);
    client.send({ type: "subscribe", ref: 1, channel: "lobby" });
    for (const data of [1, 2, 3]) publish(world, data);
    client.wire.hangUp();
    // It has "subscribed" and the first publication; the rest was lost with the link.
    const back = comeBack(world, welcome.session, 2);
    expect(back.heard()).toMatchObject([{ resumed: true }, { data: 2 }, { data: 3 }]);
  });

  it("counts what the client sent, by message and not by frame; connect, ack and ping do not count", () => {
    const world = nativeWorld();
    const { client, welcome } = sessionOf(world);
    client.sendTogether({ type: "send", event: "a" }, { type: "ping" }, { type: "send", event: "b" });
    client.send({ type: "ack", received: 0 });
    client.raw("not json");
    client.send({ type: "shout" } as never);
    client.wire.hangUp();
    expect(comeBack(world, welcome.session, 2).heard()[0]).toMatchObject({ resumed: true, received: 4 });
  });

  it("closes the old link of a session that cannot go on", () => {
    const world = nativeWorld();
    const { client, welcome } = sessionOf(world);
    expect(comeBack(world, welcome.session, 7).heard()).toMatchObject([{ resumed: false }]);
    expect(client.wire.closing).toMatchObject({ code: 4509 });
    expect(world.application.disconnects).toMatchObject([{ code: 4509 }]);
  });

  it("forgets what is acknowledged, and cannot go back behind it", () => {
    const world = nativeWorld();
    const { client, welcome } = sessionOf(world);
    for (const data of [1, 2, 3]) world.application.connects[0]!.send("a", data);
    client.send({ type: "ack", received: 2 });
    client.wire.hangUp();
    const behind = comeBack(world, welcome.session, 1);
    expect(behind.heard()).toMatchObject([{ type: "connected", resumed: false }]);
    expect(world.application.disconnects).toHaveLength(1);
  });

  it("a client that claims more than it was sent is not believed", () => {
    const world = nativeWorld();
    const { client, welcome } = sessionOf(world);
    client.wire.hangUp();
    expect(comeBack(world, welcome.session, 1).heard()).toMatchObject([{ resumed: false }]);
  });

  it("an unknown session begins a new one, with a new secret and no subscriptions", () => {
    const world = nativeWorld();
    const back = comeBack(world, "no such thing", 7);
    const [welcome] = back.heard() as readonly Welcome[];
    expect(welcome).toMatchObject({ type: "connected", resumed: false, session: expect.stringMatching(/./) });
    expect(welcome!.session).not.toBe("no such thing");
  });

  it.each([
    [119_999, true],
    [120_000, false],
  ])("L20: waits two minutes for its client: after %d ms it is there: %s", (ms, isThere) => {
    const world = nativeWorld();
    const { client, welcome } = sessionOf(world);
    client.wire.hangUp();
    world.clock.advance(ms);
    expect(comeBack(world, welcome.session, 0).heard()).toMatchObject([{ resumed: isThere }]);
    expect(world.application.disconnects).toHaveLength(isThere ? 0 : 1);
  });

  it("its end is told once nobody came back, with the reason, and leaves nothing", () => {
    const world = nativeWorld();
    const { client } = sessionOf(world);
    client.send({ type: "subscribe", ref: 1, channel: "lobby" });
    client.wire.hangUp();
    expect(world.application.disconnects).toHaveLength(0);
    world.clock.advance(120_000);
    expect(world.application.disconnects).toMatchObject([{ code: 4504 }]);
    expect(world.engine.stats()).toMatchObject(nothingLeft);
  });

  it.each([1000, 1001])("a client that leaves with %d is gone at once", (code) => {
    const world = nativeWorld();
    const { client, welcome } = sessionOf(world);
    client.wire.hangUp(code);
    expect(world.application.disconnects).toMatchObject([{ code }]);
    expect(comeBack(world, welcome.session, 0).heard()).toMatchObject([{ resumed: false }]);
  });

  it("one that the application ended is gone at once, with a link and without", () => {
    const world = nativeWorld();
    const first = sessionOf(world);
    world.application.connects[0]!.close();
    const second = sessionOf(world);
    second.client.wire.hangUp();
    world.application.connects[1]!.close();
    expect(world.application.disconnects).toMatchObject([{ code: 4410 }, { code: 4410 }]);
    for (const { welcome } of [first, second])
      expect(comeBack(world, welcome.session, 0).heard()).toMatchObject([{ resumed: false }]);
  });

  it("is not kept for clients that do not ask, nor where it is switched off", () => {
    const asked = nativeWorld({ native: { resumeMs: 0 } });
    expect(sessionOf(asked).welcome.session).toBeUndefined();
    const world = nativeWorld();
    const client = world.entered();
    client.wire.hangUp();
    expect(world.application.disconnects).toHaveLength(1);
  });

  it("I12: a session is on one link: the newer one supersedes, and the older one is not heard any more", () => {
    const world = nativeWorld();
    const { client, welcome } = sessionOf(world, { peerAnswersClose: false });
    const newer = comeBack(world, welcome.session, 0);
    expect(client.wire.closing).toMatchObject({ code: 4509 });
    client.send({ type: "subscribe", ref: 1, channel: "stolen" });
    world.application.connects[0]!.send("a");
    client.wire.hangUp();
    expect(newer.heard()).toMatchObject([
      { resumed: true, received: 0 },
      { type: "send", event: "a" },
    ]);
    expect(client.heard()).toEqual([]);
    expect(world.application.disconnects).toHaveLength(0);
    expect(world.engine.connection(welcome.connection)!.channels).toEqual([]);
  });

  it("is asked for its credentials again, and another user begins afresh (no resume by the wrong user)", () => {
    const world = nativeWorld();
    world.application.authenticate = ({ token }) => ({ userId: token! });
    const client = world.opened();
    client.send({ type: "connect", token: "ada", resume: true });
    const [welcome] = client.heard() as readonly Welcome[];
    client.wire.hangUp();
    const mallory = world.opened();
    mallory.send({ type: "connect", token: "mallory", session: welcome!.session!, received: 0 });
    expect(mallory.heard()).toMatchObject([{ user: "mallory", resumed: false }]);
    const ada = world.opened();
    ada.send({ type: "connect", token: "ada", session: welcome!.session!, received: 0 });
    expect(ada.heard()).toMatchObject([{ user: "ada", resumed: true }]);
  });

  it("credentials that are refused by now do not resume", () => {
    const world = nativeWorld();
    const { client, welcome } = sessionOf(world);
    client.wire.hangUp();
    world.application.authenticate = () => undefined;
    const back = comeBack(world, welcome.session, 0);
    expect(back.heard()).toMatchObject([{ type: "error", code: "unauthorized" }]);
    expect(back.wire.closing).toMatchObject({ code: 4401 });
  });

  it("I13: two that come back at once: one has it, and what was asked late changes nothing", async () => {
    const world = nativeWorld();
    const { client, welcome } = sessionOf(world);
    client.wire.hangUp();
    const decided = gate<object>();
    world.application.authenticate = () => decided.passed;
    const first = comeBack(world, welcome.session, 0);
    const second = comeBack(world, welcome.session, 0);
    const third = comeBack(world, welcome.session, 0);
    third.wire.hangUp();
    await decided.open({});
    expect(first.heard()).toMatchObject([{ resumed: true }]);
    expect(second.heard()).toMatchObject([{ resumed: true }]);
    expect(third.heard()).toEqual([]);
    expect(first.wire.closing).toMatchObject({ code: 4509 });
    world.application.connects[0]!.send("a");
    expect(second.heard()).toMatchObject([{ type: "send", event: "a" }]);
    expect(world.application.connects).toHaveLength(1);
  });

  it("one that expires while its client is being authenticated begins afresh", async () => {
    const world = nativeWorld({ native: { connectTimeoutMs: 600_000 } });
    const { client, welcome } = sessionOf(world);
    client.wire.hangUp();
    const decided = gate<object>();
    world.application.authenticate = () => decided.passed;
    const back = comeBack(world, welcome.session, 0);
    world.clock.advance(120_000);
    await decided.open({});
    await turn();
    expect(back.heard()).toMatchObject([{ type: "connected", resumed: false }]);
  });

  it("A16: one of which too much is lost while its client is being authenticated is over, and counts no more", async () => {
    const world = nativeWorld({ native: { maxBufferedBytes: 4_096 }, limits: { connectionsPerUser: 1 } });
    world.application.authenticate = () => ({ userId: "ada" });
    const { client, welcome } = sessionOf(world);
    const decided = gate<object>();
    world.application.authenticate = () => decided.passed;
    const back = comeBack(world, welcome.session, 0);
    world.application.connects[0]!.send("a", "x".repeat(4_096));
    await decided.open({ userId: "ada" });
    await turn();
    expect(back.heard()).toMatchObject([{ type: "connected", resumed: false }]);
    expect(client.wire.closing).toMatchObject({ code: 4509 });
    expect(world.engine.stats()).toMatchObject({ connections: 1 });
  });

  it("what is sent behind the connect waits for the answer", async () => {
    const world = nativeWorld();
    const { client, welcome } = sessionOf(world);
    client.wire.hangUp();
    const decided = gate<object>();
    world.application.authenticate = () => decided.passed;
    const back = world.opened();
    back.sendTogether({ type: "connect", session: welcome.session, received: 0 }, { type: "ping" });
    back.send({ type: "unsubscribe", ref: 1, channel: "a" });
    await decided.open({});
    expect(back.heard()).toMatchObject([{ resumed: true, received: 0 }, { type: "pong" }, { type: "unsubscribed" }]);
  });

  it("a client in another codec begins afresh", () => {
    const world = nativeWorld();
    const { client, welcome } = sessionOf(world);
    client.wire.hangUp();
    const back = world.opened({ codec: "msgpack" });
    back.send({ type: "connect", session: welcome.session!, received: 0 });
    expect(back.heard()).toMatchObject([{ resumed: false }]);
  });

  it("what is still being done when the link breaks is answered on the next one", async () => {
    const world = nativeWorld();
    const decided = gate<boolean>();
    const { client, welcome } = sessionOf(world);
    world.application.handlers.add("slow", async ({ reply }) => reply(await decided.passed));
    client.send({ type: "request", ref: 9, event: "slow" });
    client.wire.hangUp();
    await decided.open(true);
    const back = comeBack(world, welcome.session, 0);
    expect(back.heard()).toMatchObject([
      { resumed: true, received: 1 },
      { type: "response", ref: 9, data: true },
    ]);
  });
});

describe("acknowledging", () => {
  it("the server says what it has after 64 messages, and not before", () => {
    const world = nativeWorld();
    const { client } = sessionOf(world);
    for (let sent = 0; sent < 63; sent += 1) client.send({ type: "send", event: "a" });
    expect(client.heard()).toEqual([]);
    client.send({ type: "send", event: "a" });
    expect(client.heard()).toEqual([{ type: "ack", received: 64 }]);
  });

  it("in place of a heartbeat, when some are not acknowledged", () => {
    const world = nativeWorld({ native: { heartbeatMs: 1_000 } });
    const { client } = sessionOf(world);
    client.send({ type: "send", event: "a" });
    world.clock.advance(1_000);
    expect(client.heard()).toEqual([{ type: "ack", received: 1 }]);
    world.clock.advance(1_000);
    expect(client.heard()).toEqual([{ type: "heartbeat" }]);
  });

  it("a client without a session is told nothing", () => {
    const world = nativeWorld();
    const client = world.entered();
    for (let sent = 0; sent < 200; sent += 1) client.send({ type: "send", event: "a" });
    expect(client.heard()).toEqual([]);
  });
});

describe("what is kept for a client is bounded (P8, L9)", () => {
  it.each([
    [4_096, true],
    [4_097, false],
  ])("%d messages without an acknowledgement can be resumed: %s", (count, isThere) => {
    const world = nativeWorld();
    const { client, welcome } = sessionOf(world);
    for (let sent = 0; sent < count; sent += 1) world.application.connects[0]!.send("a");
    client.wire.hangUp();
    expect(comeBack(world, welcome.session, 0).heard()[0]).toMatchObject({ resumed: isThere });
  });

  it("by bytes, too; and the newest are there", () => {
    const world = nativeWorld({ native: { maxBufferedBytes: 1_000 } });
    const { client, welcome } = sessionOf(world);
    for (let sent = 0; sent < 20; sent += 1) world.application.connects[0]!.send("a", "x".repeat(100));
    client.wire.hangUp();
    const back = comeBack(world, welcome.session, 19);
    expect(back.heard()).toMatchObject([{ resumed: true }, { type: "send" }]);
  });

  it("more than that for a client that is away ends its session, and the client recovers by position", () => {
    const world = nativeWorld();
    const { client, welcome } = sessionOf(world);
    client.wire.hangUp();
    for (let sent = 0; sent < 4_096; sent += 1) world.application.connects[0]!.send("a");
    expect(world.application.disconnects).toHaveLength(0);
    world.application.connects[0]!.send("a");
    expect(world.application.disconnects).toMatchObject([{ code: 4508 }]);
    expect(comeBack(world, welcome.session, 0).heard()).toMatchObject([{ resumed: false }]);
  });

  it("a slow link that was closed is resumed with all that waited", () => {
    const world = nativeWorld();
    const { client, welcome } = sessionOf(world);
    world.application.connects[0]!.send("a", 1);
    client.wire.hangUp(4508, "slow");
    const back = comeBack(world, welcome.session, 0);
    expect(back.heard()).toMatchObject([{ resumed: true }, { type: "send", data: 1 }]);
  });
});

describe("draining (P10, I19)", () => {
  it("takes nothing more, answers what it took, says how much that was, and closes with 4510", async () => {
    const world = nativeWorld();
    const { client } = sessionOf(world);
    const decided = gate<number>();
    world.application.handlers.add("slow", async ({ reply }) => reply(await decided.passed));
    client.send({ type: "request", ref: 1, event: "slow" });
    drain(client);
    client.send({ type: "subscribe", ref: 2, channel: "too-late" });
    expect(client.wire.closing).toBeUndefined();
    await decided.open(7);
    expect(client.heard()).toEqual([
      { type: "response", ref: 1, data: 7 },
      { type: "ack", received: 1 },
    ]);
    expect(client.wire.closing).toMatchObject({ code: 4510 });
    expect(world.application.disconnects).toMatchObject([{ code: 4510 }]);
  });

  it("closes at once when nothing is open, and one that is not connected yet", () => {
    const world = nativeWorld();
    const { client } = sessionOf(world);
    const fresh = world.opened();
    for (const leaving of [client, fresh]) {
      drain(leaving);
      drain(leaving);
      expect(leaving.wire.closing).toMatchObject({ code: 4510 });
    }
  });

  it("the endpoint's end ends those that wait for their client", () => {
    const world = nativeWorld();
    const { client } = sessionOf(world);
    client.wire.hangUp();
    world.endpoint.close!();
    expect(world.application.disconnects).toMatchObject([{ code: 4510 }]);
    expect(world.engine.stats()).toMatchObject(nothingLeft);
  });
});
