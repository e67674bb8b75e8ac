import { describe, expect, test } from "vitest";
import { rtbroadcaster, type RtbroadcasterOptions } from "../../../src/dialects/rtbroadcaster/index.ts";
import type { Publication } from "../../../src/engine/publication.ts";
import { FakeWire } from "../../../src/testing/fake-wire.ts";
import { gate, handshake, nothingLeft, PendingBroker, turn, world } from "../../engine/support.ts";
import { action, connected, notConnected, said } from "./support.ts";

function slowWorld(options: RtbroadcasterOptions = {}) {
  const broker = new PendingBroker();
  const { engine, application } = world({ broker });
  const api = rtbroadcaster(options);
  const endpoint = api.mount(engine);
  const opened = (): FakeWire => {
    const wire = new FakeWire();
    wire.handler = endpoint.open(wire, handshake(), undefined);
    return wire;
  };
  return {
    broker,
    engine,
    application,
    api,
    opened,
    async owner() {
      const wire = opened();
      wire.receive(said(1));
      await turn();
      await broker.finishAll();
      const [room] = api.rooms;
      expect(wire.takeFrames()).toEqual([connected(room!.uuid)]);
      return { wire, uuid: room!.uuid };
    },
    /** A guest that is in, and was told so. */
    async inside(uuid: string) {
      const wire = opened();
      wire.receive(said(2, { uuid }));
      await turn();
      await broker.finishAll();
      expect(wire.takeFrames()).toEqual([connected(uuid)]);
      return wire;
    },
  };
}

function publication(channel: string, event: string, id: string, stateKey?: string): Publication {
  return { channel, event, data: [], id, time: 1, ...(stateKey !== undefined && { stateKey }) };
}

describe("rtbroadcaster over a broker that takes its time", () => {
  test("a guest is told Connected, the state, and then what was said meanwhile, each once", async () => {
    const { broker, opened, owner } = slowWorld();
    const { uuid } = await owner();
    const guest = opened();
    broker.kept = [publication(uuid, "a", "s1", "a"), publication(uuid, "b", "s2", "b")];
    guest.receive(said(2, { uuid }));
    await turn();
    broker.deliver(publication(uuid, "b", "s2", "b"));
    broker.deliver(publication(uuid, "live", "l1"));
    expect([broker.pending, guest.takeFrames()]).toEqual([[`state ${uuid}`], []]);
    await broker.finishAll();
    const told = [["a", true] as const, ["b", true] as const, ["live", false] as const];
    expect(guest.takeFrames()).toEqual([
      connected(uuid),
      ...told.map(([event, isState]) => action(event, [], isState, uuid)),
    ]);
  });

  test("joining twice loses nothing of what is said meanwhile", async () => {
    const { broker, inside, owner } = slowWorld();
    const { uuid } = await owner();
    const guest = await inside(uuid);
    guest.receive(said(2, { uuid }));
    broker.deliver(publication(uuid, "first", "l1"));
    await turn();
    broker.deliver(publication(uuid, "second", "l2"));
    await broker.finishAll();
    expect(guest.takeFrames()).toEqual([
      action("first", [], false, uuid),
      connected(uuid),
      action("second", [], false, uuid),
    ]);
  });

  test("an owner that is gone before its room is made leaves none", async () => {
    const { broker, opened, api, engine } = slowWorld();
    const wire = opened();
    wire.receive(said(1));
    await turn();
    expect(api.rooms).toHaveLength(1);
    wire.hangUp();
    await broker.finishAll();
    expect([api.rooms, wire.frames]).toEqual([[], []]);
    expect(engine.stats()).toMatchObject(nothingLeft);
  });

  test.each(Array.from({ length: 16 }, (_, index) => index))(
    "whoever is gone %d steps after the broker has answered leaves nothing",
    async (steps) => {
      // The broker is asked twice for a new room, and once for a guest's.
      for (const [value, earlier] of [
        [1, 0],
        [1, 1],
        [2, 0],
      ] as const) {
        const { broker, opened, api, engine, owner } = slowWorld();
        const { wire: first, uuid } = await owner();
        const wire = opened();
        wire.receive(said(value, { uuid }));
        await turn();
        for (let call = 0; call < earlier; call += 1) await broker.finish();
        expect(broker.pending).toHaveLength(1);
        const finished = broker.finish();
        for (let step = 0; step < steps; step += 1) await undefined;
        wire.hangUp();
        await finished;
        await broker.finishAll();
        expect(api.rooms).toMatchObject([{ uuid, guests: 0 }]);
        first.hangUp();
        await broker.finishAll();
        expect([api.rooms, engine.stats()]).toMatchObject([[], nothingLeft]);
      }
    },
  );

  test("a room that ended while authorizeJoin took its time is not even entered", async () => {
    const { passed, open } = gate<boolean>();
    const { broker, opened, owner } = slowWorld({ authorizeJoin: () => passed });
    const { wire, uuid } = await owner();
    const guest = opened();
    guest.receive(said(2, { uuid }));
    wire.hangUp();
    await broker.finishAll();
    const before = broker.calls.length;
    await open(true);
    expect([guest.takeFrames(), broker.calls.slice(before)]).toEqual([[notConnected(uuid)], []]);
  });

  test("a guest that joins again and cannot is out", async () => {
    const { broker, opened, api, owner } = slowWorld();
    const { uuid } = await owner();
    const guest = opened();
    guest.receive(said(2, { uuid }));
    await turn();
    await broker.finishAll();
    expect(api.rooms).toMatchObject([{ guests: 1 }]);
    guest.receive(said(2, { uuid }));
    await turn();
    await broker.fail();
    expect(guest.takeFrames()).toEqual([connected(uuid), notConnected(uuid)]);
    expect(api.rooms).toMatchObject([{ guests: 0 }]);
  });

  test("a guest that is gone before it is in leaves nothing", async () => {
    const { broker, opened, api, owner } = slowWorld();
    const { wire, uuid } = await owner();
    const guest = opened();
    guest.receive(said(2, { uuid }));
    await turn();
    guest.hangUp();
    await broker.finishAll();
    expect(api.rooms).toMatchObject([{ uuid, guests: 0 }]);
    wire.hangUp();
    await broker.finishAll();
    expect(api.rooms).toEqual([]);
    expect(broker.calls.slice(-2).toSorted()).toEqual([`clear ${uuid}`, `unsubscribe ${uuid}`]);
  });

  test("a guest is not let into a room whose last member leaves meanwhile", async () => {
    const { broker, opened, api, owner, engine } = slowWorld();
    const { wire, uuid } = await owner();
    const guest = opened();
    guest.receive(said(2, { uuid }));
    await turn();
    wire.hangUp();
    await broker.finishAll();
    expect([guest.takeFrames(), api.rooms]).toEqual([[notConnected(uuid)], []]);
    expect(engine.stats()).toMatchObject({ channels: 0, subscriptions: 0 });
  });

  test("when the broker cannot be reached the client is told that it is not connected, and the application why", async () => {
    const { broker, opened, api, application, owner } = slowWorld();
    const wire = opened();
    wire.receive(said(1));
    await turn();
    await broker.fail();
    await broker.finishAll();
    expect([wire.takeFrames(), api.rooms]).toEqual([[notConnected("")], []]);
    const { uuid } = await owner();
    const guest = opened();
    guest.receive(said(2, { uuid }));
    await turn();
    await broker.fail();
    expect(guest.takeFrames()).toEqual([notConnected(uuid)]);
    expect(application.failureCodes).toEqual(["broker-unavailable", "broker-unavailable"]);
    wire.receive(said(2, { uuid }));
    await turn();
    await broker.finishAll();
    expect(wire.takeFrames()).toEqual([connected(uuid)]);
  });

  test("RTB-17: what an owner said before it left is told, and then its room has no owner", async () => {
    const { broker, inside, api, owner } = slowWorld();
    const { wire, uuid } = await owner();
    const guest = await inside(uuid);
    wire.receive(action("a", []), action("b", []));
    wire.hangUp(1000);
    await broker.finishAll();
    expect([guest.takeFrames(), api.rooms]).toEqual([
      [action("a", []), action("b", [])],
      [{ uuid, owner: undefined, guests: 1 }],
    ]);
  });

  test("what an owner says waits until what it said before is accepted, and then the room may end", async () => {
    const { broker, inside, api, owner } = slowWorld();
    const { wire, uuid } = await owner();
    const guest = await inside(uuid);
    wire.receive(action("a", []), action("b", []), said(4));
    await turn();
    expect([broker.pending, api.rooms.length]).toEqual([[`publish ${uuid} a`], 1]);
    await broker.finishAll();
    expect([guest.takeFrames(), api.rooms]).toEqual([[action("a", []), action("b", []), notConnected(uuid)], []]);
    expect([guest.closing?.code, wire.closing?.code]).toEqual([1000, 1000]);
  });
});
