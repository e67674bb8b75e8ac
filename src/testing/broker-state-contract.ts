import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Accepted, Broker, Keep, StateWrite } from "../engine/ports/broker.ts";
import type { Publication } from "../engine/publication.ts";
import type { DeclareAlone, DeclareTogether } from "./broker-cases.ts";
import { comparable, contents, idsOf, publication } from "./broker-samples.ts";

const ample: StateWrite = { keys: 1_000, bytes: 1_048_576, ttlMs: 60_000, size: 10 };

/** What a broker owes to those who come late: the last value of each key. */
export function stateContract(alone: DeclareAlone, together: DeclareTogether): void {
  alone("the state of a channel is the last publication of each key, in the order of the last writes", async (node) => {
    const [a, b, a2, c] = [value("a", 1), value("b", 2), value("a", 3), value("c", 4)];
    for (const each of [a, b, a2, c]) await write(node.broker, each);
    deepStrictEqual(await stateOf(node.broker), idsOf([b, a2, c]));
    deepStrictEqual(await node.broker.state("elsewhere"), []);
  });

  alone("what is written to the state is handed out as any publication", async (node) => {
    await node.broker.subscribe("a");
    const written = value("k", 1);
    const removed = { ...value("k", 2), data: undefined };
    for (const each of [written, removed]) await write(node.broker, each);
    deepStrictEqual((await node.hears(2)).map(comparable), [written, removed].map(comparable));
  });

  for (const [what, content] of Object.entries(contents)) {
    if (content.data === undefined) continue;
    alone(`${what} stay as they are in the state`, async ({ broker }) => {
      const written: Publication = { ...value("k", 1), data: content.data };
      await write(broker, written);
      deepStrictEqual((await broker.state("a")).map(comparable), [comparable(written)]);
    });
  }

  alone("odd keys are opaque, and each is a key of its own", async ({ broker }) => {
    const keys = ["__proto__", "constructor", "toString", "a", "A", "é", "e\u0301", "*", " ", "0", "🙂".repeat(50)];
    const written = keys.map((key, index) => value(key, index));
    for (const each of written) await write(broker, each);
    deepStrictEqual(await stateOf(broker), idsOf(written));
    await write(broker, { ...value("__proto__", 99), data: undefined });
    deepStrictEqual(await stateOf(broker), idsOf(written.slice(1)));
  });

  alone("a publication without a payload removes its key, also one that is not there", async ({ broker }) => {
    const [a, b] = [value("a", 1), value("b", 2)];
    for (const each of [a, b]) await write(broker, each);
    for (const key of ["a", "unknown"]) await write(broker, { ...value(key, 3), data: undefined });
    deepStrictEqual(await stateOf(broker), idsOf([b]));
  });

  alone("a state has so many keys: one more changes nothing and is not handed out", async (node) => {
    const { broker } = node;
    const room = { keys: 2 };
    await broker.subscribe("a");
    const kept = [value("a", 1), value("b", 2)];
    for (const each of kept) strictEqual((await write(broker, each, room)).isFull, undefined);
    deepStrictEqual(await write(broker, value("c", 3), room), { isFull: true });
    deepStrictEqual(await stateOf(broker), idsOf(kept));
    const unknown: Publication = { ...value("d", 3), data: undefined };
    strictEqual((await write(broker, unknown, room)).isFull, undefined, "removing always has room");
    const again = value("a", 4);
    await write(broker, again, room);
    await write(broker, { ...value("b", 5), data: undefined }, room);
    const last = value("c", 6);
    strictEqual((await write(broker, last, room)).isFull, undefined);
    deepStrictEqual(await stateOf(broker), idsOf([again, last]));
    strictEqual((await node.hears(6)).at(-1)?.id, last.id);
  });

  alone("a state has so many bytes, and what is written over does not count", async ({ broker }) => {
    const room = { bytes: 100 };
    const [a, b] = [value("a", 1), value("b", 2)];
    strictEqual((await write(broker, a, { ...room, size: 60 })).isFull, undefined);
    strictEqual((await write(broker, b, { ...room, size: 40 })).isFull, undefined);
    strictEqual((await write(broker, value("a", 3), { ...room, size: 61 })).isFull, true);
    deepStrictEqual(await stateOf(broker), idsOf([a, b]));
    const over = value("b", 4);
    strictEqual((await write(broker, over, { ...room, size: 40 })).isFull, undefined);
    await write(broker, { ...value("a", 5), data: undefined }, { ...room, size: 1 });
    const last = value("c", 6);
    strictEqual((await write(broker, last, { ...room, size: 60 })).isFull, undefined);
    deepStrictEqual(await stateOf(broker), idsOf([over, last]));
  });

  alone("what has no room in the state has no place in history", async ({ broker }) => {
    const history = { size: 10, ttlMs: 60_000 };
    const written = value("a", 1);
    const { position } = await write(broker, written, { keys: 1 }, { history });
    await write(broker, value("b", 2), { keys: 1 }, { history });
    strictEqual((await broker.read("a", { limit: 0 })).top.offset, 1);
    deepStrictEqual(await broker.state("a"), [{ ...written, position }]);
  });

  alone("a value is kept for so long, and counts no longer when it is gone", async (node) => {
    const { broker } = node;
    await write(broker, value("a", 1), { ttlMs: 30, keys: 1 });
    await node.asks(
      () => broker.state("a"),
      (state) => state.length === 0,
    );
    const next = value("b", 2);
    strictEqual((await write(broker, next, { keys: 1 })).isFull, undefined);
    deepStrictEqual(await stateOf(broker), idsOf([next]));
  });

  alone("published again with its id, a publication changes no state", async ({ broker }) => {
    const [first, second] = [value("k", 1), value("k", 2)];
    for (const each of [first, second]) await write(broker, each, {}, { once: true });
    strictEqual((await write(broker, first, {}, { once: true })).isRepeat, true);
    deepStrictEqual(await stateOf(broker), idsOf([second]));
  });

  alone("a state can be forgotten, and begins anew", async ({ broker }) => {
    for (const key of ["a", "b"]) await write(broker, value(key, 1), { keys: 2 });
    await broker.clearState("a");
    await broker.clearState("elsewhere");
    deepStrictEqual(await stateOf(broker), []);
    const next = [value("c", 2), value("d", 3)];
    for (const each of next) await write(broker, each, { keys: 2 });
    deepStrictEqual(await stateOf(broker), idsOf(next));
  });

  alone("state stays when the last subscriber leaves", async ({ broker }) => {
    await broker.subscribe("a");
    const written = value("k", 1);
    await write(broker, written);
    await broker.unsubscribe("a");
    deepStrictEqual(await stateOf(broker), idsOf([written]));
  });

  together("all nodes write one state, and read the same", async (first, second) => {
    const [a, b] = [value("a", 1), value("b", 2)];
    await write(first.broker, a);
    await write(second.broker, b);
    for (const { broker } of [first, second]) deepStrictEqual(await stateOf(broker), idsOf([a, b]));
    await second.broker.clearState("a");
    deepStrictEqual(await stateOf(first.broker), []);
  });
}

function value(stateKey: string, number: number): Publication {
  return { ...publication("a", number), stateKey };
}

async function write(
  broker: Broker,
  written: Publication,
  policy: Partial<StateWrite> = {},
  keep: Keep = {},
): Promise<Accepted> {
  return broker.publish(written, { ...keep, state: { ...ample, ...policy } });
}

async function stateOf(broker: Broker): Promise<readonly string[]> {
  return idsOf(await broker.state("a"));
}
