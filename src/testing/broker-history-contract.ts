import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { HistoryPolicy } from "../engine/ports/broker.ts";
import type { Position, Publication } from "../engine/publication.ts";
import type { DeclareAlone, DeclareTogether } from "./broker-cases.ts";
import { comparable, contents, idsOf, oddNames, publication } from "./broker-samples.ts";
import type { ListeningNode } from "./listening-node.ts";

const ample: HistoryPolicy = { size: 1_000, ttlMs: 60_000 };

/** Publishes so many, and gives them with their positions. */
async function fill({ broker }: ListeningNode, count: number, history = ample): Promise<readonly Kept[]> {
  const kept: Kept[] = [];
  for (let number = 1; number <= count; number += 1) {
    const published = publication("a", number);
    const { position } = await broker.publish(published, { history });
    ok(position, "what is kept has a position");
    kept.push({ ...published, position });
  }
  return kept;
}

type Kept = Publication & { readonly position: Position };

/** What a broker owes to those who read what they missed. */
export function historyContract(alone: DeclareAlone, together: DeclareTogether): void {
  alone("what is kept has a position, which grows by one in its epoch", async (node) => {
    const kept = await fill(node, 3);
    deepStrictEqual(
      kept.map(({ position }) => position.offset),
      [1, 2, 3],
    );
    strictEqual(new Set(kept.map(({ position }) => position.epoch)).size, 1);
    for (const { position } of kept) for (const text of [position.epoch, position.tag]) ok(/^[\w-]{1,64}$/.test(text));
    strictEqual(new Set(kept.map(({ position }) => position.tag)).size, 3);
  });

  alone("a publication is handed out with its position, and with the one before it", async (node) => {
    await node.broker.subscribe("a");
    const { top } = await node.broker.read("a", { limit: 0 });
    const kept = await fill(node, 3);
    deepStrictEqual(
      (await node.hears(3)).map(({ position }) => position),
      kept.map(({ position }) => position),
    );
    const before = [top, ...kept.slice(0, -1).map(({ position }) => position)];
    deepStrictEqual([...node.previous.values()], before);
  });

  alone("what is published at the same time is kept in the order in which it is handed out", async (node) => {
    await node.broker.subscribe("a");
    const publishing = Array.from({ length: 50 }, (_, index) =>
      node.broker.publish(publication("a", index), { history: ample }),
    );
    await Promise.all(publishing);
    const heard = await node.hears(50);
    deepStrictEqual(
      heard.map(({ position }) => position?.offset),
      heard.map((_, index) => index + 1),
    );
    deepStrictEqual(idsOf((await node.broker.read("a", { limit: 50 })).publications), idsOf(heard));
  });

  alone("what is not kept has no position, and takes none", async (node) => {
    await node.broker.subscribe("a");
    await fill(node, 1);
    const passing = publication("a", 2);
    strictEqual((await node.broker.publish(passing)).position, undefined);
    const [, heard] = await node.hears(2);
    deepStrictEqual([heard!.id, heard!.position], [passing.id, undefined]);
    const { top, publications } = await node.broker.read("a", { limit: 10 });
    deepStrictEqual([top.offset, publications.length], [1, 1]);
  });

  alone("the newest are read, oldest first, each as it was published and with its position", async (node) => {
    const kept = await fill(node, 5);
    const page = await node.broker.read("a", { limit: 3 });
    deepStrictEqual(page.publications.map(comparable), kept.slice(2).map(comparable));
    deepStrictEqual([page.top, page.isCovered], [kept[4]!.position, true]);
    strictEqual((await node.broker.read("a", { limit: 5 })).publications.length, 5);
    strictEqual((await node.broker.read("a", { limit: 6 })).publications.length, 5);
  });

  alone("with the limit 0 the top alone is read", async (node) => {
    const [first] = await fill(node, 2);
    const { top, publications } = await node.broker.read("a", { limit: 0 });
    deepStrictEqual([top.offset, publications], [2, []]);
    deepStrictEqual((await node.broker.read("a", { after: first!.position, limit: 0 })).publications, []);
  });

  alone("before the first publication the top has the offset 0, and everything comes after it", async (node) => {
    await node.broker.subscribe("a");
    const { top, isCovered, publications } = await node.broker.read("a", { limit: 10 });
    deepStrictEqual([top.offset, isCovered, publications], [0, true, []]);
    strictEqual((await node.broker.read("a", { after: top, limit: 10 })).isCovered, true);
    const kept = await fill(node, 2);
    strictEqual(kept[0]!.position.epoch, top.epoch);
    const page = await node.broker.read("a", { after: top, limit: 10 });
    deepStrictEqual([page.isCovered, idsOf(page.publications)], [true, idsOf(kept)]);
  });

  alone("what came after a position is read, the oldest first, page by page", async (node) => {
    const kept = await fill(node, 5);
    const first = await node.broker.read("a", { after: kept[0]!.position, limit: 3 });
    deepStrictEqual([first.isCovered, first.top.offset], [true, 5]);
    deepStrictEqual(idsOf(first.publications), idsOf(kept.slice(1, 4)));
    const second = await node.broker.read("a", { after: first.publications[2]!.position!, limit: 3 });
    deepStrictEqual([second.isCovered, idsOf(second.publications)], [true, idsOf(kept.slice(4))]);
    const nothing = await node.broker.read("a", { after: second.top, limit: 3 });
    deepStrictEqual([nothing.isCovered, nothing.publications], [true, []]);
  });

  alone("what came before a position is read, oldest first, page by page", async (node) => {
    const kept = await fill(node, 5);
    const first = await node.broker.read("a", { before: kept[4]!.position, limit: 3 });
    deepStrictEqual([first.isCovered, idsOf(first.publications)], [true, idsOf(kept.slice(1, 4))]);
    const second = await node.broker.read("a", { before: first.publications[0]!.position!, limit: 3 });
    deepStrictEqual([second.isCovered, idsOf(second.publications)], [true, idsOf(kept.slice(0, 1))]);
    const nothing = await node.broker.read("a", { before: kept[0]!.position, limit: 3 });
    deepStrictEqual([nothing.isCovered, nothing.publications], [true, []]);
  });

  alone("a history keeps so many, and what came after the oldest that is gone is covered", async (node) => {
    const kept = await fill(node, 4, { size: 3, ttlMs: 60_000 });
    deepStrictEqual(idsOf((await node.broker.read("a", { limit: 10 })).publications), idsOf(kept.slice(1)));
    const page = await node.broker.read("a", { after: kept[0]!.position, limit: 10 });
    deepStrictEqual([page.isCovered, idsOf(page.publications)], [true, idsOf(kept.slice(1))]);
    await node.broker.publish(publication("a", 5), { history: { size: 3, ttlMs: 60_000 } });
    strictEqual((await node.broker.read("a", { after: kept[0]!.position, limit: 10 })).isCovered, false);
    strictEqual((await node.broker.read("a", { before: kept[0]!.position, limit: 10 })).isCovered, false);
  });

  alone("a history keeps for so long, and its top stays", async (node) => {
    const kept = await fill(node, 2, { size: 10, ttlMs: 100 });
    const page = await node.asks(
      () => node.broker.read("a", { limit: 10 }),
      ({ publications }) => publications.length === 0,
    );
    deepStrictEqual(page.top, kept[1]!.position);
    strictEqual((await node.broker.read("a", { after: kept[1]!.position, limit: 10 })).isCovered, true);
    strictEqual((await node.broker.read("a", { after: kept[0]!.position, limit: 10 })).isCovered, false);
    const [next] = await fill(node, 1);
    const { epoch, offset } = next!.position;
    deepStrictEqual([epoch, offset], [kept[1]!.position.epoch, 3]);
  });

  const others: Readonly<Record<string, (position: Position) => Position>> = {
    "another tag": (position) => ({ ...position, tag: `${position.tag}x` }),
    "another epoch": (position) => ({ ...position, epoch: `${position.epoch}x` }),
    "an offset beyond the top": (position) => ({ ...position, offset: position.offset + 100 }),
  };
  for (const [what, change] of Object.entries(others)) {
    alone(`nothing is covered after or before a position with ${what}`, async (node) => {
      const kept = await fill(node, 3);
      for (const { position } of kept) {
        strictEqual((await node.broker.read("a", { after: change(position), limit: 10 })).isCovered, false);
        strictEqual((await node.broker.read("a", { before: change(position), limit: 10 })).isCovered, false);
      }
    });
  }

  alone("each channel has a history of its own, whatever its name", async (node) => {
    for (const name of oddNames) await node.broker.publish(publication(name, 1), { history: ample });
    for (const name of oddNames) {
      const { top, publications } = await node.broker.read(name, { limit: 10 });
      deepStrictEqual([top.offset, publications.map(({ channel }) => channel)], [1, [name]]);
    }
  });

  for (const [what, content] of Object.entries(contents)) {
    alone(`${what} are kept unchanged`, async (node) => {
      const published: Publication = { ...publication("a", 1), ...content };
      const { position } = await node.broker.publish(published, { history: ample });
      const [kept] = (await node.broker.read("a", { limit: 1 })).publications;
      deepStrictEqual(comparable(kept), comparable({ ...published, position }));
    });
  }

  alone("leaving a channel does not end its epoch", async (node) => {
    await node.broker.subscribe("a");
    const [first] = await fill(node, 1);
    await node.broker.unsubscribe("a");
    const [second] = await fill(node, 1);
    strictEqual(second!.position.epoch, first!.position.epoch);
    const page = await node.broker.read("a", { after: first!.position, limit: 10 });
    deepStrictEqual([page.isCovered, idsOf(page.publications)], [true, idsOf([second!])]);
  });

  together("all nodes publish into one history, and read the same", async (first, second) => {
    for (const node of [first, second]) await node.broker.subscribe("a");
    const one = await fill(first, 2);
    const two = await fill(second, 2);
    const kept = [...one, ...two];
    deepStrictEqual(
      kept.map(({ position }) => position.offset),
      [1, 2, 3, 4],
    );
    for (const node of [first, second]) {
      const { publications } = await node.broker.read("a", { limit: 10 });
      deepStrictEqual(publications.map(comparable), kept.map(comparable));
      deepStrictEqual((await node.hears(4)).map(comparable), kept.map(comparable));
      deepStrictEqual(node.previous.get(kept[2]!.id), kept[1]!.position);
    }
  });
}
