import { deepStrictEqual, notStrictEqual, strictEqual } from "node:assert/strict";
import type { DeclareAlone, DeclareTogether } from "./broker-cases.ts";
import { idsOf, publication } from "./broker-samples.ts";

const once = { once: true } as const;
const kept = { once: true, history: { size: 100, ttlMs: 60_000 } } as const;

/** What a broker owes to those who publish with an id of their own, and may do so again. */
export function onceContract(alone: DeclareAlone, together: DeclareTogether): void {
  alone("published again with its id, a publication is not handed out again", async (node) => {
    await node.broker.subscribe("a");
    const [first, last] = [publication("a", 1), publication("a", 2)];
    strictEqual((await node.broker.publish(first, once)).isRepeat, undefined);
    const repeat = await node.broker.publish({ ...first, data: "another" }, once);
    deepStrictEqual([repeat.isRepeat, repeat.position], [true, undefined]);
    await node.broker.publish(last, once);
    // Told apart by their payload, because what a broker repeats by itself has the same.
    deepStrictEqual(await node.hears(2), [first, last]);
  });

  alone("published again with its id, a publication takes no second place in history", async (node) => {
    const [first, last] = [publication("a", 1), publication("a", 2)];
    const accepted = await node.broker.publish(first, kept);
    await node.broker.publish(last, kept);
    const repeat = await node.broker.publish({ ...first, time: first.time + 1 }, kept);
    deepStrictEqual(repeat, { position: accepted.position, isRepeat: true });
    const { publications, top } = await node.broker.read("a", { limit: 10 });
    deepStrictEqual(idsOf(publications), idsOf([first, last]));
    strictEqual(top.offset, 2);
  });

  alone("an id counts for its channel alone", async (node) => {
    for (const channel of ["a", "b"]) await node.broker.subscribe(channel);
    const first = publication("a", 1);
    await node.broker.publish(first, once);
    strictEqual((await node.broker.publish({ ...first, channel: "b" }, once)).isRepeat, undefined);
  });

  alone("the same publication, published twice at the same time, has one place", async ({ broker }) => {
    const both = publication("a", 1);
    const accepted = await Promise.all([broker.publish(both, kept), broker.publish(both, kept)]);
    deepStrictEqual(accepted[0].position, accepted[1].position);
    notStrictEqual(accepted[0].isRepeat, accepted[1].isRepeat);
    strictEqual((await broker.read("a", { limit: 0 })).top.offset, 1);
  });

  together("published again on another node, it changes nothing", async (first, second) => {
    await second.broker.subscribe("a");
    const [repeated, last] = [publication("a", 1), publication("a", 2)];
    const { position } = await first.broker.publish(repeated, kept);
    deepStrictEqual(await second.broker.publish(repeated, kept), { position, isRepeat: true });
    await first.broker.publish(last, kept);
    deepStrictEqual(idsOf(await second.hears(2)), idsOf([repeated, last]));
    strictEqual((await second.broker.read("a", { limit: 0 })).top.offset, 2);
  });
}
