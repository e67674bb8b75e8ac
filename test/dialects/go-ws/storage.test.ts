import { afterEach, describe, expect, test } from "vitest";
import type { GoWsStorage } from "../../../src/dialects/go-ws/index.ts";
import { ManualClock } from "../../../src/testing/index.ts";
import { byToken, eventually, start, stopAll } from "./support.ts";

afterEach(stopAll);

/** Writes its calls down; each takes a turn of the event loop. */
function writtenDown(over: Partial<GoWsStorage> = {}): { readonly storage: GoWsStorage; readonly calls: string[] } {
  const calls: string[] = [];
  const call = async (text: string): Promise<void> => {
    await new Promise<void>((resolve) => void setImmediate(resolve));
    calls.push(text);
  };
  return {
    calls,
    storage: {
      saveClient: ({ userId, metadata }) => call(`save ${userId} ${JSON.stringify(metadata)}`),
      removeClient: () => call("remove"),
      updateClientLastSeen: () => Promise.resolve(),
      addClientToChannel: (channel) => call(`add ${channel}`),
      removeClientFromChannel: (channel) => call(`take ${channel}`),
      ...over,
    },
  };
}

describe("go-ws: a storage", () => {
  test("GWS-28 is told who comes, where it goes, and that it is gone, in order", async () => {
    const { storage, calls } = writtenDown();
    const { connect } = await start({ ...byToken, storage, onConnect: ({ metadata }) => metadata.set("a", 1) });
    const ada = await connect("?token=ada");
    for (const channel of ["c", "d"]) ada.say({ action: "subscribe", channel });
    ada.say({ action: "unsubscribe", channel: "c" });
    await ada.settled();
    ada.socket.close();
    await eventually(() => calls.includes("remove"));
    expect(calls).toEqual(['save ada {"a":1}', "add c", "add d", "take c", "take d", "remove"]);
  });

  test("GWS-28 a client that is refused does not stay in the channel's set", async () => {
    const { storage, calls } = writtenDown();
    const { connect } = await start({ storage });
    const ada = await connect();
    await ada.subscribe("private-x");
    await eventually(() => calls.includes("take private-x"));
    expect(ada.heard).toMatchObject([{ error: "unauthorized" }]);
  });

  test("when it fails the client is told, and is not subscribed", async () => {
    const broken = new Error("the disk is full");
    const { storage } = writtenDown({ addClientToChannel: () => Promise.reject(broken) });
    const { connect, server, failures } = await start({ storage });
    const ada = await connect();
    await ada.subscribe("c");
    expect(ada.heard).toEqual([{ type: "error", error: "the server failed", channel: "c" }]);
    expect(server.channel("c").connections).toEqual([]);
    expect(failures).toEqual([broken]);
  });

  test("what fails where nobody waits for it is reported", async () => {
    const broken = new Error("the disk is full");
    const fail = (): never => {
      throw broken;
    };
    const { storage } = writtenDown({ saveClient: fail, removeClient: () => Promise.reject(broken) });
    const { connect, failures } = await start({ storage });
    const ada = await connect();
    await ada.settled();
    ada.socket.close();
    await eventually(() => failures.length === 2);
    expect(failures).toEqual([broken, broken]);
  });

  test("hears of messages, and of several while it is busy once", async () => {
    let calls = 0;
    const free = Promise.withResolvers<void>();
    const { storage } = writtenDown({
      saveClient: () => free.promise,
      updateClientLastSeen() {
        calls += 1;
      },
    });
    const { connect, hub } = await start({ storage });
    const ada = await connect();
    for (let n = 0; n < 5; n += 1) ada.raw("null");
    await eventually(() => hub.stats().messagesReceived === 5);
    expect(calls).toBe(0);
    free.resolve();
    await eventually(() => calls > 0);
    await ada.settled();
    expect(calls).toBe(2);
  });

  test("forgets stale clients every ten seconds", async () => {
    const clock = new ManualClock();
    const stale: number[] = [];
    const { storage } = writtenDown({ cleanupStaleClients: (ms) => void stale.push(ms) });
    const { server } = await start({ storage, staleMs: 5_000 }, { clock });
    clock.advance(20_000);
    expect(stale).toEqual([5_000, 5_000]);
    await server.close();
    expect(clock.timers).toBe(0);
  });
});
