import { describe, expect, test } from "vitest";
import { rtbroadcaster } from "../../../src/dialects/rtbroadcaster/index.ts";
import { CarillonError, createServer } from "../../../src/index.ts";
import { action, connected, notConnected, RtbClient, said, serve } from "./support.ts";

describe("authorizeCreate and authorizeJoin", () => {
  test("are asked with the client, and with the room; anything but true refuses", async () => {
    const asked: unknown[] = [];
    const { client, api, url } = await serve(
      {
        authorizeCreate: async ({ userId }) => {
          asked.push(["create", userId]);
          return userId === "ada";
        },
        authorizeJoin: ({ userId }, uuid) => {
          asked.push(["join", userId, uuid]);
          return (userId === "bob" ? true : "yes") as boolean;
        },
      },
      { authenticate: ({ url }) => ({ userId: url.searchParams.get("user") ?? "nobody" }) },
    );
    expect(asked).toEqual([]);
    const nobody = await client();
    nobody.send(said(1));
    expect(await nobody.next()).toEqual([notConnected("")]);
    expect(api.rooms).toEqual([]);
    const ada = await RtbClient.connect(`${url}?user=ada`);
    const uuid = await ada.create();
    const bob = await RtbClient.connect(`${url}?user=bob`);
    await bob.join(uuid.toUpperCase());
    nobody.send(said(2, { uuid }));
    expect(await nobody.settled()).toEqual([notConnected(uuid)]);
    await ada.join(uuid);
    ada.send(action("k", []));
    expect(await bob.next()).toEqual([action("k", [])]);
    expect(await nobody.settled()).toEqual([]);
    expect(asked).toEqual([
      ["create", "nobody"],
      ["create", "ada"],
      ["join", "bob", uuid],
      ["join", "nobody", uuid],
    ]);
    expect(api.rooms).toMatchObject([{ uuid, owner: { userId: "ada" }, guests: 1 }]);
  });

  test("an owner that was taken out of its room comes back without being asked about", async () => {
    const { room, server } = await serve({ authorizeJoin: () => false }, { authenticate: () => ({ userId: "ada" }) });
    const { owner, uuid } = await room();
    await server.channel(uuid).remove("ada");
    expect(await owner.next()).toEqual([notConnected(uuid)]);
    await owner.join(uuid);
  });

  test("a guest that joins again and is refused this time is out, as it is told", async () => {
    let isAllowed = true;
    const { room, api } = await serve({ authorizeJoin: () => isAllowed });
    const { owner, uuid, guests } = await room(1);
    const [guest] = guests as [RtbClient];
    isAllowed = false;
    guest.send(said(2, { uuid }));
    expect(await guest.next()).toEqual([notConnected(uuid)]);
    expect(api.rooms).toMatchObject([{ uuid, guests: 0 }]);
    owner.send(action("k", []));
    await owner.settled();
    expect(await guest.settled()).toEqual([]);
  });

  test("what they throw refuses; what is no CarillonError is reported, with the client", async () => {
    const { client, room, failures, api } = await serve({
      authorizeJoin: () => {
        throw new Error("the database is away");
      },
    });
    const { uuid } = await room();
    const guest = await client();
    guest.send(said(2, { uuid }));
    expect(await guest.settled()).toEqual([notConnected(uuid)]);
    expect(failures).toEqual(["internal"]);
    const other = await serve({
      authorizeCreate: () => Promise.reject(new CarillonError("forbidden")),
    });
    const owner = await other.client();
    owner.send(said(1));
    expect(await owner.settled()).toEqual([notConnected("")]);
    expect([other.failures, api.rooms.length]).toEqual([[], 1]);
  });

  test("a room that was closed while authorizeJoin took its time is not joined", async () => {
    let decide: (isAllowed: boolean) => void = () => undefined;
    let wasAsked: () => void = () => undefined;
    const asking = new Promise<void>((resolve) => (wasAsked = resolve));
    const { client, room, server } = await serve({
      authorizeJoin: () =>
        new Promise((resolve) => {
          decide = resolve;
          wasAsked();
        }),
    });
    const { owner, uuid } = await room();
    const guest = await client();
    guest.send(said(2, { uuid }));
    await asking;
    owner.send(said(4));
    await owner.ended();
    decide(true);
    expect(await guest.settled()).toEqual([notConnected(uuid)]);
    expect(server.stats().channels).toBe(0);
  });

  test("without them the rules of the channels are asked; with them they are not", async () => {
    const channels = { "*": { authorize: () => false } };
    const asked = await serve({}, { channels });
    const client = await asked.client();
    client.send(said(1));
    expect(await client.settled()).toEqual([notConnected("")]);
    expect([asked.api.rooms, asked.server.stats().channels]).toEqual([[], 0]);
    const own = await serve({ authorizeCreate: () => true, authorizeJoin: () => true }, { channels });
    const { owner, guests } = await own.room(1);
    owner.send(action("k", []));
    expect(await guests[0]!.next()).toEqual([action("k", [])]);
  });

  test("a client whom authenticate refuses is told value 0, and closed", async () => {
    const { client } = await serve({}, { authenticate: () => undefined });
    expect(await (await client()).ended()).toEqual([1008, [notConnected("")]]);
  });
});

describe("rooms, close and broadcast", () => {
  test("rooms tells of each room its UUID, its owner and how many guests it has", async () => {
    const { api, room, server } = await serve();
    expect(api.rooms).toEqual([]);
    const { uuid } = await room(2);
    const ids = server.channel(uuid).connections.map(({ id }) => id);
    expect(api.rooms).toMatchObject([{ uuid, guests: 2 }]);
    expect(ids).toContain(api.rooms[0]!.owner?.id);
  });

  test("broadcast reaches the owner and the guests, and late guests when it is state", async () => {
    const { api, room, client } = await serve();
    const { owner, uuid, guests } = await room(1);
    expect(await api.broadcast(uuid, "now", ["a", "b"])).toBe(true);
    expect(await api.broadcast(uuid.toUpperCase(), "kept", [], { state: true })).toBe(true);
    const texts = [action("now", ["a", "b"], false, uuid), action("kept", [], true, uuid)];
    expect([await owner.next(2), await guests[0]!.next(2)]).toEqual([texts, texts]);
    const late = await client();
    await late.join(uuid);
    expect(await late.settled()).toEqual([texts[1]]);
    expect(await api.broadcast("nowhere", "k")).toBe(false);
    await expect(api.broadcast(uuid, "")).rejects.toMatchObject({ code: "event-name-invalid" });
    await expect(api.broadcast(uuid, "error")).rejects.toMatchObject({ code: "event-name-invalid" });
  });

  test("whom the server takes out of a room's channel is no guest of it, and whom it puts in is one", async () => {
    const { room, api, server } = await serve();
    const { owner, uuid, guests } = await room(1);
    await server.channel(uuid).close();
    expect([await owner.next(), await guests[0]!.next()]).toEqual([[notConnected(uuid)], [notConnected(uuid)]]);
    expect(api.rooms).toMatchObject([{ uuid, guests: 0 }]);
    const other = await room(1);
    await server.connections.at(-1)!.subscribe(uuid);
    expect(await other.guests[0]!.next()).toEqual([connected(uuid)]);
    expect(api.rooms).toMatchObject([
      { uuid, guests: 1 },
      { uuid: other.uuid, guests: 0 },
    ]);
    const gone = new Promise((resolve) => server.on("disconnect", () => setImmediate(resolve)));
    await owner.leave();
    await gone;
    await server.channel(uuid).close();
    expect(api.rooms).toMatchObject([{ uuid: other.uuid }]);
  });

  test("whom middleware puts into a room's channel is a guest of it, unless it is turned away", async () => {
    const { room, api, server, client, failures } = await serve();
    const { owner, uuid } = await room();
    let isWelcome = true;
    server.use(async (connection, next) => {
      await connection.subscribe(uuid);
      if (isWelcome) await next();
    });
    const guest = await client();
    expect(await guest.next()).toEqual([connected(uuid)]);
    expect(api.rooms).toMatchObject([{ uuid, guests: 1 }]);
    isWelcome = false;
    const stranger = await client();
    expect((await stranger.ended())[0]).toBe(1008);
    expect(api.rooms).toMatchObject([{ uuid, guests: 1 }]);
    owner.send(action("hi", []));
    expect(await guest.next()).toEqual([action("hi", [])]);
    expect([failures, server.stats().channels]).toEqual([[], 1]);
  });

  test("close ends a room as its owner would, after what was said in it", async () => {
    const { api, room } = await serve();
    const { owner, uuid, guests } = await room(1);
    await api.broadcast(uuid, "last");
    expect(await api.close(`{${uuid}}`)).toBe(true);
    const told = [1000, [action("last", [], false, uuid), notConnected(uuid)]];
    expect([await owner.ended(), await guests[0]!.ended()]).toEqual([told, told]);
    expect(await api.close(uuid)).toBe(false);
  });

  test("close comes after what a listener published in the same turn", async () => {
    const { api, room, server } = await serve();
    const { owner, uuid, guests } = await room(1);
    await server.channel(uuid).subscribe(({ event }) => {
      if (event !== "end") return;
      void server.channel(uuid).publish("goodbye", ["all"]);
      void api.close(uuid);
    });
    owner.send(action("end", []));
    expect(await guests[0]!.ended()).toEqual([
      1000,
      [action("end", []), action("goodbye", ["all"], false, uuid), notConnected(uuid)],
    ]);
  });

  test("RTB-24: two paths share rooms, and another object of the dialect knows none of them", async () => {
    const { url, room } = await serve();
    const { owner, uuid } = await room();
    const same = await RtbClient.connect(url.replace("/broadcasting", "/broadcast"));
    await same.join(uuid);
    const other = await RtbClient.connect(url.replace("/broadcasting", "/other"));
    other.send(said(2, { uuid }));
    expect(await other.settled()).toEqual([notConnected(uuid)]);
    owner.send(action("k", []));
    expect(await same.next()).toEqual([action("k", [])]);
  });

  test("before it is mounted it says what to do, and it belongs to one server", async () => {
    const api = rtbroadcaster();
    const expected = { code: "option-invalid", message: expect.stringContaining("createServer({ endpoints:") };
    expect(() => api.rooms).toThrow(expect.objectContaining(expected));
    await expect(api.close("x")).rejects.toMatchObject(expected);
    await expect(api.broadcast("x", "k")).rejects.toMatchObject(expected);
    const server = createServer({ endpoints: { "/a": api, "/b": api } });
    expect(() => createServer({ endpoints: { "/a": api } })).toThrow(
      expect.objectContaining({ code: "option-invalid", message: expect.stringContaining("another server") }),
    );
    await server.close();
  });
});
