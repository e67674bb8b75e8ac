import { describe, expect, test } from "vitest";
import { memoryBroker } from "../../../src/index.ts";
import { text } from "../../hostile/frames.ts";
import { handshake } from "../../server/raw-client.ts";
import { action, notConnected, said, serve, type RtbClient } from "./support.ts";

const close = said(4, { status: { value: 4, text: "close connection" } });

describe("the end of a room", () => {
  test("RTB-8: the owner's value 4 tells all that they are not connected, closes them, and the room is gone", async () => {
    const { room, client, api } = await serve();
    const { owner, uuid, guests } = await room(2);
    owner.send(action("last", ["words"], true), close);
    expect(await owner.ended()).toEqual([1000, [notConnected(uuid)]]);
    for (const guest of guests) {
      expect(await guest.ended()).toEqual([1000, [action("last", ["words"], true), notConnected(uuid)]]);
    }
    expect(api.rooms).toEqual([]);
    const late = await client();
    late.send(said(2, { uuid }));
    expect(await late.settled()).toEqual([notConnected(uuid)]);
  });

  test("G05: value 4 twice is the same as once", async () => {
    const { room, server } = await serve();
    const { owner, uuid } = await room();
    owner.send(close, close, action("k", []));
    expect(await owner.ended()).toEqual([1000, [notConnected(uuid)]]);
    expect(server.stats().channels).toBe(0);
  });

  test("RTB-8: what an owner sent behind value 4 makes no room, though its socket may be there for a while", async () => {
    const { url, api } = await serve();
    const { socket } = await handshake(url.replace("ws:", "http:"));
    let heard = Buffer.alloc(0);
    const closed = new Promise<void>((resolve) => {
      socket!.on("data", (bytes: Buffer) => {
        heard = Buffer.concat([heard, bytes]);
        if (heard.subarray(-4).equals(Buffer.of(0x88, 2, 0x03, 0xe8))) resolve();
      });
    });
    // In one write, so that all of it is read before the room ends; and the close frame is never answered.
    socket!.write(Buffer.concat([said(1), close, said(1)].map((message) => text(message))));
    await closed;
    expect(api.rooms).toEqual([]);
    socket!.destroy();
  });

  test("RTB-9, N23, G05: a guest's value 4 ends that guest alone, and the room lives", async () => {
    const { room, api } = await serve();
    const { owner, uuid, guests } = await room(2);
    guests[0]!.send(close);
    expect(await guests[0]!.ended()).toEqual([1000, [notConnected(uuid)]]);
    owner.send(action("k", []));
    expect(await guests[1]!.next()).toEqual([action("k", [])]);
    expect(api.rooms).toMatchObject([{ uuid, guests: 1 }]);
  });

  test("value 4 from someone who is in no room is ignored", async () => {
    const { client, failures } = await serve();
    const stranger = await client();
    stranger.send(close);
    expect([await stranger.settled(), failures]).toEqual([[], []]);
  });

  test('RTB-17, G10: with ownerLeaves "keep" the guests stay, late ones are told the state, and the last one takes the room with it', async () => {
    const { room, client, api, server } = await serve();
    const { owner, uuid, guests } = await room(1);
    owner.send(action("s", ["1"], true));
    expect(await guests[0]!.next()).toEqual([action("s", ["1"], true)]);
    const gone = disconnected(server);
    owner.socket.terminate();
    await gone;
    expect(api.rooms).toMatchObject([{ uuid, owner: undefined, guests: 1 }]);
    const late = await client();
    await late.join(uuid);
    expect(await late.settled()).toEqual([action("s", ["1"], true)]);
    late.send(action("mine", [], true));
    await late.settled();
    expect(await guests[0]!.settled()).toEqual([]);
    const both = disconnected(server, 2);
    await Promise.all([late.leave(), guests[0]!.leave()]);
    await both;
    expect([api.rooms, server.stats().channels]).toEqual([[], 0]);
    const last = await client();
    last.send(said(2, { uuid }));
    expect(await last.settled()).toEqual([notConnected(uuid)]);
  });

  test('RTB-17: with ownerLeaves "close" it is as if the owner had closed it', async () => {
    const { room, api, server } = await serve({ ownerLeaves: "close" });
    const { owner, uuid, guests } = await room(2);
    await owner.leave();
    for (const guest of guests) expect(await guest.ended()).toEqual([1000, [notConnected(uuid)]]);
    expect([api.rooms, server.stats().channels]).toEqual([[], 0]);
  });

  test('with ownerLeaves "close" an owner that makes another room closes the first, and stays', async () => {
    const { room, api } = await serve({ ownerLeaves: "close" });
    const { owner, uuid, guests } = await room(1);
    const second = await owner.create();
    expect(await guests[0]!.ended()).toEqual([1000, [notConnected(uuid)]]);
    expect(await owner.settled()).toEqual([]);
    expect(api.rooms).toMatchObject([{ uuid: second }]);
  });

  test.each([
    ["leaves", async (owner: RtbClient) => owner.leave()],
    ["closes it", async (owner: RtbClient) => owner.send(close)],
  ])("when its only member %s nothing is left of a room, its state among it", async (_, end) => {
    const broker = memoryBroker();
    const { room, api, server } = await serve({}, { broker });
    const { owner, uuid } = await room();
    owner.send(action("s", ["1"], true));
    await owner.settled();
    expect(broker.state(uuid)).toHaveLength(1);
    const gone = disconnected(server);
    await end(owner);
    await gone;
    expect([api.rooms, server.stats().channels, broker.state(uuid)]).toEqual([[], 0, []]);
    await expect(server.channel(uuid).state()).rejects.toMatchObject({ code: "not-supported" });
  });

  test("a server that stops closes with 1001", async () => {
    const { room, server } = await serve();
    const { owner, guests } = await room(1);
    await Promise.all([server.close(), owner.ended(), guests[0]!.ended()]);
    expect([owner.code, guests[0]!.code]).toEqual([1001, 1001]);
  });
});

function disconnected(server: Awaited<ReturnType<typeof serve>>["server"], count = 1): Promise<void> {
  let left = count;
  return new Promise((resolve) => {
    const end = server.on("disconnect", () => {
      left -= 1;
      if (left > 0) return;
      end();
      // The dialect is told after the application.
      setImmediate(resolve);
    });
  });
}
