import { afterEach, describe, expect, it, vi } from "vitest";
import { holdChannel } from "../../src/client/channel-leases.ts";
import type { Client } from "../../src/client/index.ts";
import { createTestServer, type TestServer } from "../../src/testing/index.ts";
import { settled } from "./set-up.ts";

let running: TestServer<Record<string, unknown>, Record<string, unknown>>;
afterEach(() => running.close());

function start(): { readonly client: Client; readonly asked: string[]; subscribers(name: string): number } {
  const asked: string[] = [];
  running = createTestServer({
    channels: {
      "*": {
        authorize({ action, channel }) {
          if (action === "subscribe") asked.push(channel);
          return channel !== "secret";
        },
      },
    },
  });
  const { server } = running;
  return { client: running.client(), asked, subscribers: (name) => server.channel(name).connections.length };
}

describe("a channel that several parts of a page hold", () => {
  it("is subscribed to by the first and unsubscribed from by the last", async () => {
    const { client, asked, subscribers } = start();
    const told = vi.fn<(error?: unknown) => void>();
    const releases = [holdChannel(client, "a", told), holdChannel(client, "a", told)];
    await expect.poll(() => told.mock.calls).toEqual([[], []]);
    releases[0]!();
    releases[0]!();
    await settled();
    expect(subscribers("a")).toBe(1);
    releases[1]!();
    await expect.poll(() => subscribers("a")).toBe(0);
    expect(asked).toEqual(["a"]);
    expect(client.channel("a").state).toEqual({ kind: "unsubscribed" });
  });

  it("never leaves when it is held again at once", async () => {
    const { client, asked, subscribers } = start();
    const first = holdChannel(client, "a", () => {});
    await expect.poll(() => subscribers("a")).toBe(1);
    first();
    const second = holdChannel(client, "a", () => {});
    await settled();
    expect(subscribers("a")).toBe(1);
    second();
    await expect.poll(() => subscribers("a")).toBe(0);
    expect(asked).toEqual(["a"]);
  });

  it("stays where the application was subscribed before", async () => {
    const { client, subscribers } = start();
    await client.channel("a").subscribe();
    holdChannel(client, "a", () => {})();
    await settled();
    expect(subscribers("a")).toBe(1);
  });

  it("tells its holders of a refusal, and nobody who has released it", async () => {
    const { client } = start();
    const [stays, leaves] = [vi.fn<(error?: unknown) => void>(), vi.fn<(error?: unknown) => void>()];
    holdChannel(client, "secret", stays);
    holdChannel(client, "secret", leaves)();
    await expect.poll(() => stays.mock.calls.length).toBe(1);
    expect(stays.mock.calls[0]![0]).toMatchObject({ code: "forbidden" });
    expect(leaves).not.toHaveBeenCalled();
  });
});
