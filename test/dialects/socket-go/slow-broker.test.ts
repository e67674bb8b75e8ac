import { describe, expect, test } from "vitest";
import { socketGo, type SocketGo, type SocketGoOptions } from "../../../src/dialects/socket-go/index.ts";
import { FakeWire } from "../../../src/testing/fake-wire.ts";
import { handshake, PendingBroker, turn, world } from "../../engine/support.ts";

function slowWorld(options: SocketGoOptions = {}): {
  readonly broker: PendingBroker;
  readonly chat: SocketGo;
  readonly stats: () => { readonly channels: number };
  readonly opened: () => { readonly id: string; readonly wire: FakeWire };
} {
  const broker = new PendingBroker();
  const { engine } = world({ broker });
  const chat = socketGo(options);
  const endpoint = chat.mount(engine);
  const ids: string[] = [];
  chat.on("connect", ({ id }) => ids.push(id));
  return {
    broker,
    chat,
    stats: () => engine.stats(),
    opened() {
      const wire = new FakeWire();
      wire.handler = endpoint.open(wire, handshake(), undefined);
      return { wire, id: ids.at(-1)! };
    },
  };
}

describe("socket.go over a broker that takes its time", () => {
  test("SGO-13 a join and a broadcast that nobody waited for reach their room in that order", async () => {
    const { broker, chat, opened } = slowWorld();
    const { wire, id } = opened();
    void chat.join(id, "r");
    void chat.broadcastToRoom("r", "x", 1);
    await turn();
    await broker.finishAll();
    expect(wire.takeFrames()).toEqual(['{"event":"x","data":1}']);
  });

  test("SGO-15 leaving while a join is on its way leaves nothing behind, and the join is no failure", async () => {
    const { broker, chat, opened, stats } = slowWorld();
    const { id } = opened();
    const joining = chat.join(id, "r");
    chat.leave(id, "r");
    await broker.finishAll();
    await joining;
    expect([chat.roomsOf(id), chat.in("r"), stats().channels]).toEqual([[], [], 0]);
  });

  test("SGO-48 a room that the broker cannot give is an error to its client, and the next attempt works", async () => {
    const { broker, opened } = slowWorld({ conventions: true });
    const { wire, id } = opened();
    wire.receive('{"event":"join","data":"r"}');
    await turn();
    await broker.fail();
    expect(wire.takeFrames().join()).toMatch(/^\{"event":"error","data":\{"code":"command_failed"/);
    await broker.finishAll();
    wire.receive('{"event":"join","data":"r"}');
    await turn();
    await broker.finishAll();
    await broker.finishAll();
    expect(wire.takeFrames()).toEqual([`{"event":"userJoined","data":{"userId":"${id}","room":"r"}}`]);
  });

  test("SGO-9 who goes while it is being let in is in no room", async () => {
    const { broker, chat, opened, stats } = slowWorld();
    const { wire, id } = opened();
    void chat.join(id, "r");
    await turn();
    wire.destroy();
    await broker.finishAll();
    expect([chat.count(), chat.in("r"), stats().channels]).toEqual([0, [], 0]);
  });
});
