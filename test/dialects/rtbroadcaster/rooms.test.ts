import { describe, expect, test } from "vitest";
import { action, connected, notConnected, said, serve } from "./support.ts";

const uuidV4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("making and joining rooms", () => {
  test("RTB-1: value 1 is answered with a fresh room, and RTB-2: value 2 with the same UUID", async () => {
    const { room, client } = await serve();
    const { owner, uuid } = await room();
    expect(uuid).toMatch(uuidV4);
    const guest = await client();
    guest.send(said(2, { uuid }));
    expect(await guest.next()).toEqual([connected(uuid)]);
    expect([await owner.settled(), await guest.settled()]).toEqual([[], []]);
    expect((await room()).uuid).not.toBe(uuid);
  });

  test("RTB-10, G02: an unknown, empty or malformed UUID is answered with value 0, and the server lives", async () => {
    const { client, room } = await serve();
    const guest = await client();
    const strange = ["", "x", "f63ca67e-69bb-4a16-a71f-86a87acbe0b5", "{}", "urn:uuid:", "__proto__", '€"\\'];
    for (const uuid of strange) {
      guest.send(said(2, { uuid }));
      const [answer] = await guest.next();
      expect(JSON.parse(answer!)).toEqual({ ...JSON.parse(notConnected("")), uuid });
    }
    guest.send('{"status":{"value":2}}', '{"uuid":5,"status":{"value":2}}');
    expect(await guest.next(2)).toEqual([notConnected(""), notConnected("")]);
    await guest.join((await room()).uuid);
  });

  test("RTB-21: any spelling of the UUID will do, and Connected repeats it", async () => {
    const { room, client } = await serve();
    const { uuid, owner } = await room();
    const spellings = [uuid.toUpperCase(), uuid.replaceAll("-", ""), `{${uuid}}`, `urn:uuid:${uuid}`];
    for (const spelled of spellings) {
      const guest = await client();
      await guest.join(spelled);
      owner.send(action("k", [spelled]));
      expect(await guest.next()).toEqual([action("k", [spelled])]);
    }
  });

  test("field names in capitals are taken, the exact name first, and so are binary messages", async () => {
    const { room, client } = await serve();
    const { uuid, owner } = await room();
    const guest = await client();
    guest.send(`{"UUID":"${uuid}","Status":{"VALUE":2}}`);
    expect(await guest.next()).toEqual([connected(uuid)]);
    guest.send(`{"STATUS":{"value":4},"uuid":"${uuid.toUpperCase()}","status":{"value":2},"UUID":"x"}`);
    expect(await guest.next()).toEqual([connected(uuid.toUpperCase())]);
    owner.send(new TextEncoder().encode(`\n${action("k", ["ü"])}`));
    expect(await guest.next()).toEqual([action("k", ["ü"])]);
  });

  test("RTB-18: whoever joins another room leaves the first, and its end disturbs neither", async () => {
    const { room, client, api } = await serve();
    const [a, b] = [await room(1), await room(1)];
    const guest = await client();
    await guest.join(a.uuid);
    await guest.join(b.uuid);
    a.owner.send(action("a", []));
    b.owner.send(action("b", []));
    expect(await guest.next()).toEqual([action("b", [])]);
    expect(await a.guests[0]!.next()).toEqual([action("a", [])]);
    expect(await guest.settled()).toEqual([]);
    expect(api.rooms.map(({ guests }) => guests)).toEqual([1, 2]);
    await guest.leave();
    a.owner.send(action("a", ["2"]));
    b.owner.send(action("b", ["2"]));
    expect(await a.guests[0]!.next()).toEqual([action("a", ["2"])]);
    expect(await b.guests[0]!.next(2)).toEqual([action("b", []), action("b", ["2"])]);
    expect(api.rooms.map(({ guests }) => guests)).toEqual([1, 1]);
  });

  test("a room that cannot be joined changes nothing for who is in another one", async () => {
    const { room } = await serve();
    const { owner, guests } = await room(1);
    for (const one of [owner, guests[0]!]) {
      one.send(said(2, { uuid: "nowhere" }));
      expect(await one.next()).toEqual([notConnected("nowhere")]);
    }
    owner.send(action("k", []));
    expect(await guests[0]!.next()).toEqual([action("k", [])]);
  });

  test("joining twice is answered twice, with the state, and every action still comes once", async () => {
    const { room, api } = await serve();
    const { owner, uuid, guests } = await room(1);
    const guest = guests[0]!;
    owner.send(action("k", ["1"], true));
    expect(await guest.next()).toEqual([action("k", ["1"], true)]);
    await guest.join(uuid);
    expect(await guest.next()).toEqual([action("k", ["1"], true)]);
    owner.send(action("k", ["2"]));
    await owner.settled();
    expect(await guest.settled()).toEqual([action("k", ["2"])]);
    expect(api.rooms).toMatchObject([{ uuid, guests: 1 }]);
  });

  test("RTB-19: an owner that joins its own room is answered, and stays the owner", async () => {
    const { room } = await serve();
    const { owner, uuid, guests } = await room(1);
    owner.send(action("s", [], true));
    await owner.join(uuid);
    owner.send(action("k", []));
    expect(await guests[0]!.next(2)).toEqual([action("s", [], true), action("k", [])]);
    expect(await owner.settled()).toEqual([]);
  });

  test("G03: an owner that makes another room has left the first, whose guests stay", async () => {
    const { room, client, api } = await serve();
    const { owner, uuid, guests } = await room(1);
    owner.send(action("s", [], true));
    const second = await owner.create();
    expect(second).not.toBe(uuid);
    owner.send(action("second", []));
    await owner.settled();
    expect(await guests[0]!.settled()).toEqual([action("s", [], true)]);
    expect(api.rooms).toMatchObject([
      { uuid, owner: undefined, guests: 1 },
      { uuid: second, guests: 0 },
    ]);
    const late = await client();
    await late.join(uuid);
    expect(await late.settled()).toEqual([action("s", [], true)]);
  });

  test("an owner that joins another room is a guest there, and owns nothing any more", async () => {
    const { room, api } = await serve();
    const [a, b] = [await room(), await room(1)];
    await a.owner.join(b.uuid);
    a.owner.send(action("mine", []));
    await a.owner.settled();
    b.owner.send(action("theirs", []));
    expect(await a.owner.next()).toEqual([action("theirs", [])]);
    expect(await b.guests[0]!.settled()).toEqual([action("theirs", [])]);
    expect(api.rooms).toMatchObject([{ uuid: b.uuid, guests: 2 }]);
  });
});

describe("the shipped SDK", () => {
  /** What it does with what it hears; its own words are sent by the test. */
  class Sdk {
    isConnected = false;
    readonly calls: unknown[] = [];
    hear(frames: readonly string[]): void {
      for (const line of frames.flatMap((frame) => frame.split("\n"))) {
        const { uuid, status, funcKey, funcParams } = JSON.parse(line) as SdkMessage;
        if (uuid === "" || status.value !== 3) continue;
        if (!this.isConnected) this.calls.push(["onConnectionCallback", uuid]);
        this.isConnected = true;
        if (funcKey !== "") this.calls.push([funcKey, funcParams]);
      }
    }
  }

  test("RTB-14: an owner is called back with the room, and a guest's functions run with the parameters", async () => {
    const { client } = await serve();
    const [owner, guest] = [await client(), await client()];
    const [ownerSdk, guestSdk] = [new Sdk(), new Sdk()];
    owner.send(
      '{"uuid":"","status":{"value":1,"text":"new connection"},"funcKey":"","funcParams":[],"stateMessage":false}',
    );
    ownerSdk.hear(await owner.next());
    const [[callback, uuid] = []] = ownerSdk.calls as [string, string][];
    expect(callback).toBe("onConnectionCallback");
    owner.send(action("draw", ["1", "2"], true, uuid));
    await owner.settled();
    guest.send(
      `{"uuid":"${uuid}","status":{"value":2,"text":"new connection"},"funcKey":"","funcParams":[],"stateMessage":false}`,
    );
    guestSdk.hear(await guest.next(2));
    owner.send(action("erase", [], false, uuid));
    guestSdk.hear(await guest.next());
    expect(guestSdk.calls).toEqual([
      ["onConnectionCallback", uuid],
      ["draw", ["1", "2"]],
      ["erase", []],
    ]);
    expect(ownerSdk.calls).toHaveLength(1);
  });
});

interface SdkMessage {
  readonly uuid: string;
  readonly status: { readonly value: number };
  readonly funcKey: string;
  readonly funcParams: readonly string[];
}

describe("actions", () => {
  test("RTB-3: all guests hear the owner's own JSON, and the owner hears nothing", async () => {
    const { room } = await serve();
    const { owner, uuid, guests } = await room(2);
    const texts = [action("myKey", ["param1", "param2", "param3"], false, uuid), action("connect", ["reserved"])];
    owner.send(...texts);
    for (const guest of guests) expect(await guest.next(2)).toEqual(texts);
    expect(await owner.settled()).toEqual([]);
  });

  test("RTB-4, G08: line feeds become spaces, space around it goes, and all else stays", async () => {
    const { room } = await serve();
    const { owner, guests } = await room(1);
    owner.send(
      '\n\t{ "funcKey" : "k",\n\n"more":{"b":[1.50,null],"a":"<&>"},"status":{"value":3,"x":1},\r\n"uuid":"wrong", "funcParams":["a\nb"] } \n',
    );
    expect(await guests[0]!.next()).toEqual([
      '{ "funcKey" : "k",  "more":{"b":[1.50,null],"a":"<&>"},"status":{"value":3,"x":1},\r "uuid":"wrong", "funcParams":["a b"] }',
    ]);
  });

  test("RTB-7, G04: a guest's actions and those of a stranger are ignored, and kept by nobody", async () => {
    const { room, client } = await serve();
    const { owner, uuid, guests } = await room(2);
    const stranger = await client();
    for (const one of [guests[0]!, stranger]) {
      one.send(action("k", ["x"], false, uuid), action("k", ["x"], true, uuid));
      expect(await one.settled()).toEqual([]);
    }
    const late = await client();
    await late.join(uuid);
    for (const one of [owner, guests[1]!, late]) expect(await one.settled()).toEqual([]);
  });

  test("RTB-11, G01: what makes no sense is ignored, and the next message works", async () => {
    const { room } = await serve();
    const { owner, guests } = await room(1);
    const values = ["0", "5", "9", "-1", '"1"', '"3"', "1.5", "null", "true", "[3]", "{}"];
    owner.send("{bad", "[]", "null", '"x"', "{}", "5", "", " ", '{"status":3}', '{"status":[3]}', '{"status":{}}');
    owner.send(...values.map((value) => `{"status":{"value":${value}},"funcKey":"k"}`));
    owner.send("[".repeat(400), `{"status":{"value":3},"a":${"[".repeat(40)}${"]".repeat(40)}}`);
    owner.send(`[${action("k", [])}]`, `${action("k", [])}x`, new Uint8Array([0xff, 0xfe, 0x00]));
    owner.send('{"__proto__":{"polluted":1},"constructor":1,"status":{"value":9}}');
    expect(await owner.settled()).toEqual([]);
    owner.send(action("k", []));
    expect(await guests[0]!.settled()).toEqual([action("k", [])]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test.each([
    ['[1,"s",null]', "RTB-12"],
    ["null", "G06: null"],
    ["[[1,[2]],{}]", "G06: nested"],
    ['"text"', "G06: no list"],
    ["{}", "G06: an object"],
  ])("funcParams %s reach guests and late guests as they are (%s)", async (funcParams) => {
    const { room, client } = await serve();
    const { owner, uuid, guests } = await room(1);
    const text = `{"status":{"value":3},"funcKey":"k","funcParams":${funcParams},"stateMessage":true}`;
    owner.send(text);
    expect(await guests[0]!.next()).toEqual([text]);
    const late = await client();
    await late.join(uuid);
    expect(await late.settled()).toEqual([text]);
  });

  test("G06: 10,000 parameters of a larger message are relayed or ignored, and harm nobody", async () => {
    const { room } = await serve({ maxMessageBytes: 100_000 });
    const { owner, guests } = await room(1);
    owner.send(
      action(
        "k",
        Array.from({ length: 10_000 }, () => 1),
      ),
      action(
        "k",
        Array.from({ length: 4_000 }, () => 1),
      ),
    );
    owner.send(action("after", []));
    expect(await guests[0]!.next(2)).toEqual([
      action(
        "k",
        Array.from({ length: 4_000 }, () => 1),
      ),
      action("after", []),
    ]);
  });

  test("RTB-25: other fields of values 1, 2 and 4 mean nothing", async () => {
    const { client, api } = await serve();
    const owner = await client();
    const more = { funcKey: "k", funcParams: ["x"], stateMessage: true, uuid: "f63ca67e-69bb-4a16-a71f-86a87acbe0b5" };
    owner.send(said(1, more));
    const [answer] = await owner.next();
    const { uuid } = JSON.parse(answer!) as { uuid: string };
    expect(answer).toBe(connected(uuid));
    expect(uuid).not.toBe(more.uuid);
    const [guest, late] = [await client(), await client()];
    guest.send(said(2, { ...more, uuid }));
    expect(await guest.next()).toEqual([connected(uuid)]);
    await late.join(uuid);
    expect([await owner.settled(), await guest.settled(), await late.settled()]).toEqual([[], [], []]);
    guest.send(said(4, more));
    expect(await guest.ended()).toEqual([1000, [notConnected(uuid)]]);
    owner.send(said(4, more));
    expect(await late.ended()).toEqual([1000, [notConnected(uuid)]]);
    expect(api.rooms).toEqual([]);
  });

  test("RTB-15: 2,000 actions come to every guest, all of them, once and in order", async () => {
    const { room, failures } = await serve();
    const { owner, guests } = await room(2);
    const texts = Array.from({ length: 2_000 }, (_, index) =>
      action(`k${index % 7}`, [String(index)], index % 5 === 0),
    );
    owner.send(...texts);
    for (const guest of guests) expect(await guest.next(2_000)).toEqual(texts);
    expect(await owner.settled()).toEqual([]);
    expect(failures).toEqual([]);
  });
});
