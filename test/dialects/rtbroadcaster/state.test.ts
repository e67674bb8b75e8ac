import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../src/testing/index.ts";
import { action, connected, said, serve } from "./support.ts";

describe("state messages", () => {
  test("RTB-5: a guest is told Connected, then the last of each key, in the order of the last writes", async () => {
    const { room, client } = await serve();
    const { owner, uuid } = await room();
    owner.send(action("k1", ["a"], true), action("k2", ["b"], true), action("k1", ["c"], true), action("k1", ["d"]));
    await owner.settled();
    const guest = await client();
    guest.send(said(2, { uuid }));
    expect(await guest.settled()).toEqual([connected(uuid), action("k2", ["b"], true), action("k1", ["c"], true)]);
  });

  test("RTB-6: actions that are no state are told to nobody who comes later", async () => {
    const { room, client } = await serve();
    const { owner, uuid } = await room();
    owner.send(action("k1", ["a"]), action("k2", ["b"]));
    await owner.settled();
    const guest = await client();
    await guest.join(uuid);
    expect(await guest.settled()).toEqual([]);
  });

  test("RTB-23: those who are there hear it once, and those who come later once", async () => {
    const { room, client } = await serve();
    const { owner, uuid, guests } = await room(2);
    owner.send(action("k", ["<x>"], true));
    await owner.settled();
    const late = await client();
    await late.join(uuid);
    for (const one of [...guests, late]) expect(await one.settled()).toEqual([action("k", ["<x>"], true)]);
  });

  test('RTB-26: with state "append" a guest is told all of them, in order', async () => {
    const { room, client } = await serve({ state: "append" });
    const { owner, uuid } = await room();
    owner.send(action("k1", ["a"], true), action("k1", ["b"], true), action("", ["c"], true));
    await owner.settled();
    const guest = await client();
    await guest.join(uuid);
    expect(await guest.settled()).toEqual([action("k1", ["a"], true), action("k1", ["b"], true)]);
  });

  test("without a funcKey it is told, and not kept", async () => {
    const { room, client } = await serve();
    const { owner, uuid, guests } = await room(1);
    owner.send(action("", ["c"], true));
    expect(await guests[0]!.next()).toEqual([action("", ["c"], true)]);
    const late = await client();
    await late.join(uuid);
    expect(await late.settled()).toEqual([]);
  });

  test("keys that are no names for the engine are kept as others are", async () => {
    const { room, client } = await serve();
    const { owner, uuid } = await room();
    const [long, control] = ["x".repeat(250), "a\tb"];
    const all = [long, control, "connect", "gap"].map((key) => action(key, ["1"], true));
    owner.send(...all, action(long, ["2"], true));
    await owner.settled();
    const guest = await client();
    await guest.join(uuid);
    expect(await guest.settled()).toEqual([...all.slice(1), action(long, ["2"], true)]);
  });

  test('the server and other dialects see it under the funcKey; with state "append" each under a key of its own', async () => {
    const keysOf = async (state: "last" | "append"): Promise<readonly (string | undefined)[]> => {
      const { room, server } = await serve({ state });
      const { owner, uuid } = await room();
      owner.send(action("k1", ["a"], true), action("k1", ["b"], true), action("k2", ["c"], true));
      await owner.settled();
      return (await server.channel(uuid).state()).map(({ stateKey }) => stateKey);
    };
    expect(await keysOf("last")).toEqual(["k1", "k2"]);
    expect(new Set(await keysOf("append")).size).toBe(3);
  });

  test("a value that has no room leaves the one before it, under whatever key", async () => {
    const { room, client, failures } = await serve({ maxMessageBytes: 2_000_000 });
    const { owner, uuid, guests } = await room(1);
    const [first, large, last] = ["1", "x".repeat(1_100_000), "3"].map((value) => action("a\tb", [value], true));
    owner.send(first!, large!);
    expect(await guests[0]!.next(2)).toEqual([first, large]);
    expect(failures).toEqual(["limit-exceeded"]);
    const early = await client();
    await early.join(uuid);
    expect(await early.settled()).toEqual([first]);
    owner.send(last!);
    await owner.settled();
    const late = await client();
    await late.join(uuid);
    expect(await late.settled()).toEqual([last]);
  });

  test("it is kept for as long as the room is there", async () => {
    const clock = new ManualClock();
    const { room, client } = await serve({ pingIntervalMs: 0 }, { clock });
    const { owner, uuid } = await room();
    owner.send(action("k", ["1"], true));
    await owner.settled();
    clock.advance(7 * 86_400_000);
    const guest = await client();
    await guest.join(uuid);
    expect(await guest.settled()).toEqual([action("k", ["1"], true)]);
  });

  test("L17: 1,000 keys are kept; with one more the action is told, and the application, and it is not kept", async () => {
    const { room, client, failures } = await serve();
    const { owner, uuid, guests } = await room(1);
    const texts = Array.from({ length: 1_001 }, (_, index) => action(`k${index}`, [], true));
    owner.send(...texts.slice(0, 1_000));
    expect(await guests[0]!.next(1_000)).toEqual(texts.slice(0, 1_000));
    expect(failures).toEqual([]);
    owner.send(texts[1_000]!, action("a\tb", [], true));
    expect(await guests[0]!.next(2)).toEqual([texts[1_000], action("a\tb", [], true)]);
    expect(failures).toEqual(["limit-exceeded", "limit-exceeded"]);
    const late = await client();
    await late.join(uuid);
    expect(await late.next(1_000)).toEqual(texts.slice(0, 1_000));
    expect(await late.settled()).toEqual([]);
  });

  test("RTB-16, L17: a guest that takes its time is told a long state, however many messages may wait for it", async () => {
    let joins = 0;
    const { room, client, server } = await serve({
      maxMessageBytes: 2_000_000,
      maxBufferedBytes: 64_000_000,
      authorizeJoin: () => (joins += 1) > 0,
    });
    const { owner, uuid } = await room();
    const texts = Array.from({ length: 1_000 }, (_, index) => action(`k${index}`, [], true));
    owner.send(...texts);
    await owner.settled();
    const guest = await client();
    await guest.join(uuid);
    expect(await guest.next(1_000)).toEqual(texts);
    const own = server.channel(uuid).connections[1]!;
    guest.socket.pause();
    const large = action("large", ["x".repeat(1_000_000)]);
    let count = 0;
    for (; waitingFor(own) === 0; count += 1) {
      owner.send(large);
      await owner.settled();
    }
    guest.send(said(2, { uuid }));
    while (joins < 2) await owner.settled();
    await owner.settled();
    guest.socket.resume();
    expect((await guest.next(count)).every((text) => text === large)).toBe(true);
    expect(await guest.next(1_001)).toEqual([connected(uuid), ...texts]);
    owner.send(action("live", []));
    expect(await guest.next()).toEqual([action("live", [])]);
  });

  test("G09: who joins between 1,000 state messages is told all that came before, then the rest, each once", async () => {
    const { room, client } = await serve();
    const { owner, uuid } = await room();
    const texts = Array.from({ length: 1_000 }, (_, index) => action(`k${index}`, [String(index)], true));
    const guests = await Promise.all(Array.from({ length: 5 }, () => client()));
    for (const [index, guest] of guests.entries()) {
      owner.send(...texts.slice(index * 200, (index + 1) * 200));
      guest.send(said(2, { uuid }));
    }
    for (const guest of guests) expect(await guest.next(1_001)).toEqual([connected(uuid), ...texts]);
    for (const guest of guests) expect(await guest.settled()).toEqual([]);
  });
});

/** The bytes that wait for a client. */
function waitingFor(connection: object): number {
  return (connection as { readonly wire: { readonly bufferedBytes: number } }).wire.bufferedBytes;
}
