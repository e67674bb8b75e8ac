import { createServer, type Server } from "carillon";
import { broadcast, createRegistry, echo, groups, JsonMessage, type Registry } from "carillon/dialects/go-rtc-lib";

/** One server on `/ws`, as the demos of the original have it. */
export interface Demo {
  readonly server: Server;
  readonly registry: Registry;
}

export const demos: Readonly<Record<string, () => Demo>> = {
  echo: () => serving(createRegistry({ handleMessage: echo })),
  broadcast: () => serving(createRegistry({ handleMessage: broadcast })),
  groups: () => serving(createRegistry({ handleMessage: groups })),
  live: () => liveUpdates(),
};

/** Tells everyone who looks how many they are, and what something costs; nobody has to ask. */
export function liveUpdates(everyMs = 1_000, random: () => number = Math.random): Demo {
  const registry = createRegistry({
    onConnect: async (connection) => {
      await registry.addToGroup("ticker", connection);
    },
  });
  const demo = serving(registry);
  let price = 100;
  const timer = setInterval(() => {
    if (registry.count === 0) return;
    price = Math.round(100 * (price + random() - 0.5)) / 100;
    void registry.broadcast(new JsonMessage({ price, watching: registry.count }), "ticker");
  }, everyMs);
  timer.unref();
  return demo;
}

function serving(registry: Registry): Demo {
  return { registry, server: createServer({ endpoints: { "/ws": registry } }) };
}
