import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import type { Later } from "../engine/later.ts";
import type { Broker } from "../engine/ports/broker.ts";
import type { Publication } from "../engine/publication.ts";
import { comparable, contents, idsOf, oddNames, publication, signals } from "./broker-samples.ts";
import type { DeclareAlone, DeclareTogether } from "./broker-cases.ts";
import { historyContract } from "./broker-history-contract.ts";
import { onceContract } from "./broker-once-contract.ts";
import { stateContract } from "./broker-state-contract.ts";
import { ListeningNode } from "./listening-node.ts";

/** What the contract needs of a test runner; `node:test`, Vitest, Jest and Bun all have it. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  test(name: string, body: () => Promise<void>): unknown;
}

/** What the contract needs besides one broker. */
export interface BrokerContractOptions {
  /**
   * Makes another node of the same cluster. Without it the broker is taken for one of a single node, of which the cases
   * for two nodes are not asked: there is nothing that they could be about.
   */
  readonly anotherNode?: (first: Broker) => Later<Broker>;
  /**
   * How long something may take to arrive before the case fails.
   *
   * @default 2_000 // 2 seconds
   */
  readonly timeoutMs?: number;
}

/**
 * Checks a broker against every obligation of the `Broker` port that it can have, one case each.
 *
 * @param makeBroker makes a broker that is not started yet; the brokers of two calls must not hear each other
 *
 * @example
 * ```ts
 * import { describe, test } from "node:test";
 *
 * brokerContract({ describe, test }, () => memoryBroker());
 * ```
 */
export function brokerContract(
  { describe, test }: TestRunner,
  makeBroker: () => Later<Broker>,
  { anotherNode, timeoutMs = 2_000 }: BrokerContractOptions = {},
): void {
  const alone = (body: (node: ListeningNode) => Promise<void>) => async (): Promise<void> => {
    const node = await ListeningNode.start(await makeBroker(), timeoutMs);
    try {
      await body(node);
    } finally {
      await node.broker.close();
    }
  };

  const one: DeclareAlone = (name, body) => void test(name, alone(body));

  describe("the contract of a broker", () => {
    one("a subscribed node hears its own publications", async (node) => {
      await node.broker.subscribe("a");
      const published = publication("a", 1);
      await node.broker.publish(published);
      deepStrictEqual(await node.hears(1), [published]);
    });

    one("all publications of a channel arrive in the order they were published", async (node) => {
      await node.broker.subscribe("a");
      const published = Array.from({ length: 200 }, (_, index) => publication("a", index));
      // Not awaited one by one: the calls are in order, and that is the order.
      await Promise.all(published.map((each) => node.broker.publish(each)));
      deepStrictEqual(idsOf(await node.hears(200)), idsOf(published));
    });

    one("nothing is heard of channels that the node is not subscribed to", async (node) => {
      await node.broker.subscribe("a");
      await node.broker.publish(publication("b", 1));
      await node.broker.subscribe("b");
      const last = publication("b", 2);
      await node.broker.publish(last);
      deepStrictEqual(idsOf(await node.hears(1)), idsOf([last]));
    });

    one("nothing is heard of a channel after unsubscribing", async (node) => {
      await node.broker.subscribe("a");
      await node.broker.unsubscribe("a");
      await node.broker.publish(publication("a", 1));
      await node.broker.subscribe("a");
      const last = publication("a", 2);
      await node.broker.publish(last);
      deepStrictEqual(idsOf(await node.hears(1)), idsOf([last]));
    });

    one("subscribe, unsubscribe and subscribe take effect in the order of the calls", async (node) => {
      const { broker } = node;
      await Promise.all([broker.subscribe("a"), broker.unsubscribe("a"), broker.subscribe("a")]);
      await Promise.all([broker.subscribe("b"), broker.unsubscribe("b")]);
      await broker.publish(publication("b", 1));
      const heard = publication("a", 2);
      await broker.publish(heard);
      deepStrictEqual(idsOf(await node.hears(1)), idsOf([heard]));
      // Had "b" stayed subscribed, its first publication would come before this one.
      await broker.subscribe("b");
      const last = publication("b", 3);
      await broker.publish(last);
      deepStrictEqual(idsOf(await node.hears(2)), idsOf([heard, last]));
    });

    one("unsubscribing from a channel that the node is not in is harmless", async (node) => {
      await node.broker.unsubscribe("never");
      await node.broker.subscribe("a");
      const published = publication("a", 1);
      await node.broker.publish(published);
      deepStrictEqual(idsOf(await node.hears(1)), idsOf([published]));
    });

    one("leaving one channel leaves the others alone", async (node) => {
      await node.broker.subscribe("a");
      await node.broker.subscribe("b");
      await node.broker.unsubscribe("a");
      const published = publication("b", 1);
      await node.broker.publish(published);
      deepStrictEqual(idsOf(await node.hears(1)), idsOf([published]));
    });

    for (const [what, content] of Object.entries(contents)) {
      one(`${what} come through unchanged`, async (node) => {
        await node.broker.subscribe("a");
        const published: Publication = { ...publication("a", 1), ...content };
        await node.broker.publish(published);
        const [heard] = await node.hears(1);
        deepStrictEqual(comparable(heard!), comparable(published));
      });
    }

    one("odd channel names are opaque, and each is a channel of its own", async (node) => {
      for (const name of oddNames) await node.broker.subscribe(name);
      const left = oddNames.filter((_, index) => index % 2 === 0);
      for (const name of left) await node.broker.unsubscribe(name);
      const published = oddNames.map((name, index) => publication(name, index));
      for (const each of published) await node.broker.publish(each);
      // Had one of them not been left, it would be heard before its second publication.
      for (const name of left) await node.broker.subscribe(name);
      const again = left.map((name, index) => publication(name, index));
      for (const each of again) await node.broker.publish(each);
      const expected = [...published.filter(({ channel }) => !left.includes(channel)), ...again];
      const heard = await node.hears(oddNames.length);
      const channels = new Map(heard.map(({ id, channel }) => [id, channel]));
      deepStrictEqual(channels, new Map(expected.map(({ id, channel }) => [id, channel])));
    });

    one("a name with a wildcard hears its own channel alone", async (node) => {
      for (const name of ["a.*", "*", ">", "a?", "[ab]"]) await node.broker.subscribe(name);
      for (const name of ["a.b", "a", "ab", "b"]) await node.broker.publish(publication(name, 1));
      const last = publication("a.*", 2);
      await node.broker.publish(last);
      deepStrictEqual(idsOf(await node.hears(1)), idsOf([last]));
    });

    one("signals reach the node that sent them, subscribed to anything or not", async (node) => {
      for (const signal of signals) await node.broker.signal(signal);
      await node.receives(signals.length);
      for (const signal of signals) ok(node.has(signal), `this signal never came: ${JSON.stringify(signal)}`);
    });

    one("it stays silent after it was closed", async (node) => {
      await node.broker.subscribe("a");
      await node.broker.close();
      const late = [async () => node.broker.publish(publication("a", 1)), async () => node.broker.signal(signals[0]!)];
      await Promise.allSettled(late.map((call) => call()));
      strictEqual(node.publications.length, 0);
      strictEqual(node.signals.length, 0);
    });

    one("every call fails with broker-unavailable after it was closed", async ({ broker }) => {
      await broker.close();
      await rejects(async () => broker.subscribe("a"), { code: "broker-unavailable" });
      await rejects(async () => broker.unsubscribe("a"), { code: "broker-unavailable" });
      await rejects(async () => broker.publish(publication("a", 1)), { code: "broker-unavailable" });
      await rejects(async () => broker.read("a", { limit: 1 }), { code: "broker-unavailable" });
      await rejects(async () => broker.state("a"), { code: "broker-unavailable" });
      await rejects(async () => broker.clearState("a"), { code: "broker-unavailable" });
      await rejects(async () => broker.signal(signals[0]!), { code: "broker-unavailable" });
    });

    one("closing it twice is harmless", async ({ broker }) => {
      await broker.close();
      await broker.close();
    });

    const together: DeclareTogether = (name, body) => {
      if (!anotherNode) return;
      test(
        name,
        alone(async (first) => {
          const second = await ListeningNode.start(await anotherNode(first.broker), timeoutMs);
          try {
            await body(first, second);
          } finally {
            await second.broker.close();
          }
        }),
      );
    };

    historyContract(one, together);
    onceContract(one, together);
    stateContract(one, together);

    together("every subscribed node hears a publication, whoever published it", async (first, second) => {
      for (const node of [first, second]) await node.broker.subscribe("a");
      const published = [publication("a", 1), publication("a", 2)];
      await first.broker.publish(published[0]!);
      await second.broker.publish(published[1]!);
      for (const node of [first, second])
        deepStrictEqual(new Set(idsOf(await node.hears(2))), new Set(idsOf(published)));
    });

    together("all nodes hear the publications of a channel in one order", async (first, second) => {
      for (const node of [first, second]) await node.broker.subscribe("a");
      const publishing = Array.from({ length: 100 }, (_, index) =>
        (index % 2 === 0 ? first : second).broker.publish(publication("a", index)),
      );
      await Promise.all(publishing);
      deepStrictEqual(idsOf(await first.hears(100)), idsOf(await second.hears(100)));
    });

    together("a node that is not subscribed hears nothing of a channel", async (first, second) => {
      await first.broker.subscribe("a");
      await first.broker.publish(publication("a", 1));
      await second.broker.subscribe("a");
      const last = publication("a", 2);
      await first.broker.publish(last);
      deepStrictEqual(idsOf(await second.hears(1)), idsOf([last]));
    });

    together("unsubscribing one node leaves the others alone", async (first, second) => {
      for (const node of [first, second]) await node.broker.subscribe("a");
      await second.broker.unsubscribe("a");
      const published = publication("a", 1);
      await second.broker.publish(published);
      deepStrictEqual(idsOf(await first.hears(1)), idsOf([published]));
      strictEqual(second.publications.length, 0);
    });

    together("signals reach every node", async (first, second) => {
      for (const signal of signals) await first.broker.signal(signal);
      for (const node of [first, second]) {
        await node.receives(signals.length);
        for (const signal of signals) ok(node.has(signal), `this signal never came: ${JSON.stringify(signal)}`);
      }
    });

    together("closing one node leaves the others working", async (first, second) => {
      await first.broker.subscribe("a");
      await second.broker.close();
      const published = publication("a", 1);
      await first.broker.publish(published);
      deepStrictEqual(idsOf(await first.hears(1)), idsOf([published]));
    });
  });
}
