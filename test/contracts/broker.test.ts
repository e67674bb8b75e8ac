import { describe, expect, it, test } from "vitest";
import { memoryBroker } from "../../src/brokers/memory.ts";
import type { Broker } from "../../src/engine/ports/broker.ts";
import { brokerContract } from "../../src/testing/broker-contract.ts";
import { Cluster, type Defects } from "./cluster-broker.ts";

describe("memoryBroker()", () => {
  brokerContract({ describe, test }, memoryBroker);
});

describe("a cluster in one process", () => {
  contractOfCluster({});

  function contractOfCluster(defects: Defects): void {
    const { makeBroker, anotherNode } = factories(defects);
    brokerContract({ describe, test }, makeBroker, { anotherNode });
  }
});

describe("brokerContract()", () => {
  it.each<[keyof Defects, string]>([
    ["forgetsItself", "a subscribed node hears its own publications"],
    ["reorders", "all publications of a channel arrive in the order they were published"],
    ["ignoresSubscriptions", "nothing is heard of channels that the node is not subscribed to"],
    ["ignoresSubscriptions", "a node that is not subscribed hears nothing of a channel"],
    ["ignoresUnsubscribe", "nothing is heard of a channel after unsubscribing"],
    ["ignoresUnsubscribe", "subscribe, unsubscribe and subscribe take effect in the order of the calls"],
    ["ignoresUnsubscribe", "unsubscribing one node leaves the others alone"],
    ["matchesPatterns", "a name with a wildcard hears its own channel alone"],
    ["lowersCase", "odd channel names are opaque, and each is a channel of its own"],
    ["losesBytes", "bytes as the payload come through unchanged"],
    ["losesSender", "the sender's id and user come through unchanged"],
    ["keepsSignals", "signals reach every node"],
    ["speaksAfterClose", "it stays silent after it was closed"],
    ["speaksAfterClose", "every call fails with broker-unavailable after it was closed"],
    ["losesPositions", "what is kept has a position, which grows by one in its epoch"],
    ["losesPrevious", "a publication is handed out with its position, and with the one before it"],
    ["reorders", "what is published at the same time is kept in the order in which it is handed out"],
    ["keepsEverything", "what is not kept has no position, and takes none"],
    ["keepsEverything", "a history keeps so many, and what came after the oldest that is gone is covered"],
    ["keepsEverything", "a history keeps for so long, and its top stays"],
    ["readsNewestFirst", "the newest are read, oldest first, each as it was published and with its position"],
    ["ignoresLimit", "with the limit 0 the top alone is read"],
    ["ignoresLimit", "what came after a position is read, the oldest first, page by page"],
    ["ignoresAfter", "what came after a position is read, the oldest first, page by page"],
    ["ignoresBefore", "what came before a position is read, oldest first, page by page"],
    ["coversEverything", "a history keeps so many, and what came after the oldest that is gone is covered"],
    ["coversEverything", "nothing is covered after or before a position with another tag"],
    ["coversEverything", "nothing is covered after or before a position with another epoch"],
    ["coversEverything", "nothing is covered after or before a position with an offset beyond the top"],
    ["losesBytes", "bytes as the payload are kept unchanged"],
    ["keepsHistoriesApart", "all nodes publish into one history, and read the same"],
    ["forgetsIds", "published again with its id, a publication is not handed out again"],
    ["forgetsIds", "published again with its id, a publication takes no second place in history"],
    ["forgetsIds", "the same publication, published twice at the same time, has one place"],
    ["forgetsIds", "published again on another node, it changes nothing"],
    ["answersRepeatsBare", "published again with its id, a publication takes no second place in history"],
    ["keepsIdsForAll", "an id counts for its channel alone"],
    ["keepsStatesApart", "all nodes write one state, and read the same"],
    ["ignoresRoom", "a state has so many keys: one more changes nothing and is not handed out"],
    ["ignoresRoom", "a state has so many bytes, and what is written over does not count"],
    ["ignoresRoom", "what has no room in the state has no place in history"],
    ["losesState", "state stays when the last subscriber leaves"],
    ["losesState", "odd keys are opaque, and each is a key of its own"],
    ["ignoresClear", "a state can be forgotten, and begins anew"],
    ["writesRepeats", "published again with its id, a publication changes no state"],
    [
      "readsStateBackwards",
      "the state of a channel is the last publication of each key, in the order of the last writes",
    ],
    ["keepsStateForever", "a value is kept for so long, and counts no longer when it is gone"],
    ["losesBytes", "bytes as the payload stay as they are in the state"],
    ["acceptsAfterClose", "every call fails with broker-unavailable after it was closed"],
  ])("notices a broker that %s: %s", async (defect, name) => {
    expect((await failuresOf({ [defect]: true })).map(([failed]) => failed)).toContain(name);
  });

  it("asks nothing about several nodes when there is one node only", async () => {
    const { names: asked } = await run((runner) => brokerContract(runner, memoryBroker));
    const { names: all } = await run((runner) =>
      brokerContract(runner, memoryBroker, { anotherNode: () => memoryBroker() }),
    );
    expect(all).toEqual(expect.arrayContaining([...asked, "signals reach every node"]));
    expect(asked).toContain("a subscribed node hears its own publications");
    expect(asked).not.toContain("signals reach every node");
  });
});

function factories(defects: Defects): { makeBroker: () => Broker; anotherNode: (first: Broker) => Broker } {
  const clusters = new Map<Broker, Cluster>();
  return {
    makeBroker() {
      const cluster = new Cluster(defects);
      const broker = cluster.node();
      clusters.set(broker, cluster);
      return broker;
    },
    anotherNode: (first) => clusters.get(first)!.node(),
  };
}

async function failuresOf(defects: Defects): Promise<readonly (readonly [string, unknown])[]> {
  const { makeBroker, anotherNode } = factories(defects);
  return (await run((runner) => brokerContract(runner, makeBroker, { anotherNode, timeoutMs: 50 }))).failed;
}

type Runner = Parameters<typeof brokerContract>[0];

/** The smallest test runner: collects the cases, runs them, and tells which failed. */
async function run(
  declare: (runner: Runner) => void,
): Promise<{ failed: (readonly [string, unknown])[]; names: readonly string[] }> {
  const cases: (readonly [string, () => Promise<void>])[] = [];
  declare({ describe: (_name, body) => body(), test: (name, body) => cases.push([name, body]) });
  const results = await Promise.allSettled(cases.map(async ([, body]) => body()));
  const failed = results.flatMap((result, index) =>
    result.status === "rejected" ? [[cases[index]![0], result.reason] as const] : [],
  );
  return { failed, names: cases.map(([name]) => name) };
}
