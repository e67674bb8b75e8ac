import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../src/testing/index.ts";
import { handshake } from "../../server/raw-client.ts";
import { action, connected, notConnected, RtbClient, said, serve } from "./support.ts";

/** An action of exactly so many bytes. */
function actionOf(bytes: number): string {
  const empty = action("k", [""]).length;
  return action("k", ["x".repeat(bytes - empty)]);
}

describe("limits", () => {
  test.each([
    [{}, 512],
    [{ maxMessageBytes: 1_024 }, 1_024],
  ])("RTB-13, G07: with %o a message may have %d bytes; one more closes with 1009", async (options, limit) => {
    const { room } = await serve(options);
    const { owner, guests } = await room(1);
    owner.send(actionOf(limit));
    expect(await guests[0]!.next()).toEqual([actionOf(limit)]);
    owner.send(actionOf(limit + 1));
    expect(await owner.ended()).toEqual([1009, []]);
    expect(await guests[0]!.settled()).toEqual([]);
  });

  test("RTB-16: a guest that stops reading is closed, and the others are unaffected", async () => {
    const { room, api } = await serve({ maxBufferedBytes: 100_000_000 });
    const { uuid, guests } = await room(2);
    const [slow, other] = guests;
    slow!.socket.pause();
    const long = "x".repeat(50_000);
    for (let index = 0; index < 800; index += 1) {
      await api.broadcast(uuid, "k", [long, String(index)]);
      // Messages of one turn are written together.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const heard = await other!.next(800);
    expect(heard.map((text) => (JSON.parse(text) as { funcParams: string[] }).funcParams[1])).toEqual(
      Array.from({ length: 800 }, (_, index) => String(index)),
    );
    slow!.socket.resume();
    const [code, before] = await slow!.ended();
    expect(code).toBe(1005);
    expect(before).toEqual(heard.slice(0, before.length));
    expect(before.length).toBeGreaterThanOrEqual(256);
    expect(before.length).toBeLessThan(800);
    expect(await other!.settled()).toEqual([]);
  });

  test("RTB-20: a page of another host is refused with 403, and other faults as the original does", async () => {
    const { url } = await serve();
    const at = url.replace("ws:", "http:");
    const facts = {
      "content-type": "text/plain; charset=utf-8",
      "sec-websocket-version": "13",
      "x-content-type-options": "nosniff",
    };
    const foreign = await handshake(at, { headers: { Origin: "https://elsewhere.example" } });
    expect(foreign).toMatchObject({ status: 403, body: "Forbidden\n", headers: facts });
    const old = await handshake(at, { headers: { "Sec-WebSocket-Version": "8" } });
    expect(old).toMatchObject({ status: 400, body: "Bad Request\n", headers: facts });
    const posted = await handshake(at, { method: "POST" });
    expect(posted).toMatchObject({ status: 405, body: "Method Not Allowed\n", headers: facts });
    const plain = await fetch(at);
    expect([plain.status, await plain.text()]).toEqual([400, "Bad Request\n"]);
    const own = await handshake(at, { headers: { Origin: at.replace("/broadcasting", "") } });
    expect([own.status, own.headers["sec-websocket-protocol"]]).toEqual([101, undefined]);
    own.socket?.destroy();
  });

  test("RTB-20: origins lists others, or decides", async () => {
    const listed = await serve({ origins: ["https://app.example"] });
    const asked = await serve({ origins: (from) => from.header("origin") === "https://app.example" });
    for (const { url } of [listed, asked]) {
      const at = url.replace("ws:", "http:");
      const good = await handshake(at, { headers: { Origin: "https://app.example" } });
      const bad = await handshake(at, { headers: { Origin: "https://elsewhere.example" } });
      expect([good.status, bad.status]).toEqual([101, 403]);
      good.socket?.destroy();
    }
  });

  test("RTB-22: the ping is empty, after 54 s; a client without a pong for 60 s is gone, whatever it says", async () => {
    const clock = new ManualClock();
    const { client, room, server } = await serve({}, { clock });
    const { owner, guests } = await room(1);
    const silent = await client({ autoPong: false });
    const pings: string[] = [];
    for (const one of [silent, owner]) one.socket.on("ping", (data: Buffer) => pings.push(data.toString("hex")));
    clock.advance(53_999);
    expect([await silent.settled(), pings]).toEqual([[], []]);
    const answered = Promise.all([owner, guests[0]!].map((one) => once(one.socket, "ping")));
    const pinged = once(silent.socket, "ping");
    clock.advance(1);
    await Promise.all([pinged, answered]);
    expect(pings).toEqual(["", ""]);
    // Whoever answers, answers before it says anything else.
    for (const one of [owner, guests[0]!, silent]) await one.settled();
    clock.advance(5_999);
    expect(await silent.settled()).toEqual([]);
    clock.advance(1);
    expect(await silent.ended()).toEqual([1001, []]);
    owner.send(action("k", []));
    expect(await guests[0]!.next()).toEqual([action("k", [])]);
    expect(server.stats().connections).toBe(2);
  });

  test("pingIntervalMs and pongTimeoutMs move both, and 0 switches pings off", async () => {
    const clock = new ManualClock();
    const { client } = await serve({ pingIntervalMs: 1_000, pongTimeoutMs: 1_500 }, { clock });
    const silent = await client({ autoPong: false });
    const pinged = once(silent.socket, "ping");
    clock.advance(1_000);
    await pinged;
    clock.advance(499);
    expect(await silent.settled()).toEqual([]);
    clock.advance(1);
    expect((await silent.ended())[0]).toBe(1001);
    const never = new ManualClock();
    const other = await serve({ pingIntervalMs: 0 }, { clock: never });
    const quiet = await other.client({ autoPong: false });
    never.advance(1_000_000);
    expect(await quiet.settled()).toEqual([]);
  });

  test("maxRooms: so many rooms at a time, and one more is not made", async () => {
    const { client, room, api, server } = await serve({ maxRooms: 2 });
    const [first] = [await room(), await room()];
    const third = await client();
    third.send(said(1));
    expect(await third.next()).toEqual([notConnected("")]);
    expect(api.rooms).toHaveLength(2);
    const gone = new Promise((resolve) => server.on("disconnect", () => setImmediate(resolve)));
    await first.owner.leave();
    await gone;
    await third.create();
    expect(api.rooms).toHaveLength(2);
  });

  test("maxRooms holds for rooms that are asked about at the same time", async () => {
    const { client, api } = await serve({
      maxRooms: 1,
      authorizeCreate: () => new Promise((yes) => setImmediate(yes, true)),
    });
    const both = [await client(), await client()];
    for (const one of both) one.send(said(1));
    const answers = await Promise.all(both.map((one) => one.next()));
    const [made] = api.rooms;
    expect(answers.flat().toSorted()).toEqual([notConnected(""), connected(made!.uuid)].toSorted());
    expect(api.rooms).toHaveLength(1);
  });

  test("G-22: nobody is slowed down: more than the server's rate is heard in order", async () => {
    const { url } = await serve({}, { messageRate: { perSecond: 1, burst: 1 } });
    const client = await RtbClient.connect(url);
    for (let index = 0; index < 20; index += 1) client.send(said(2, { uuid: `${index}` }));
    expect(await client.next(20)).toEqual(Array.from({ length: 20 }, (_, index) => notConnected(`${index}`)));
  });

  test("clients of both paths are compressed never, and offered nothing", async () => {
    const { url } = await serve();
    const client = await RtbClient.connect(url.replace("broadcasting", "broadcast"), { perMessageDeflate: true });
    expect([client.socket.extensions, client.socket.protocol]).toEqual(["", ""]);
  });
});
