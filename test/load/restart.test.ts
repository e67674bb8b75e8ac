import { describe, expect, test } from "vitest";
import { createClient, longPolling, sse, webSocket, type Client } from "../../src/client/index.ts";
import { freePort } from "../../bench/free-port.ts";
import { start, type Running } from "../processes.ts";

/**
 * The one node is replaced again and again while its clients publish and subscribe. Its broker lives in its memory, so what
 * a client could not hear any more is lost with it; but nothing is lost in silence, nothing comes twice, and no publish fails.
 */

const restarts = 10;
const clientCount = 50;
const channelCount = 10;
const aliveMs = 400;
const program = new URL("programs/history-node.ts", import.meta.url).pathname;
const transports = [webSocket, webSocket, webSocket, sse, longPolling];

/** What one subscriber heard, in order. */
type Heard = { readonly position: string; readonly id: string; readonly event: string } | { readonly gap: string };

function startNode(port: number): Promise<Running> {
  const node = start(process.execPath, [program, String(port)], { cwd: process.cwd() });
  return node.prints("listening").then(() => node);
}

/** What is missing without a word, and what came twice. */
function faults(heard: readonly Heard[]): { silent: number; twice: number } {
  const ids = new Set<string>();
  let silent = 0;
  let twice = 0;
  let last: { epoch: string; offset: number } | undefined;
  let isToldGap = false;
  for (const told of heard) {
    if ("gap" in told) {
      isToldGap = true;
      continue;
    }
    const [epoch, offset] = told.position.split(".") as [string, string, string];
    if (ids.has(told.id)) twice += 1;
    ids.add(told.id);
    const follows = last?.epoch === epoch ? Number(offset) === last.offset + 1 : last === undefined;
    if (!follows && !isToldGap) silent += 1;
    last = { epoch, offset: Number(offset) };
    isToldGap = false;
  }
  return { silent, twice };
}

describe("a node that is replaced under load", () => {
  test(`${restarts} times, with ${clientCount} clients: no publish fails, nothing is lost in silence, nothing comes twice`, async ({
    annotate,
  }) => {
    const port = await freePort();
    let node = await startNode(port);
    const failures: unknown[] = [];
    const logs: Heard[][] = [];
    let published = 0;
    let isOver = false;

    const clients = Array.from({ length: clientCount }, (_, index): Client => {
      const client = createClient(`ws://127.0.0.1:${port}/carillon`, {
        transports: [transports[index % transports.length]!()],
        reconnect: { delayMs: 50, maxDelayMs: 200 },
        requestTimeoutMs: 30_000,
      });
      const channel = client.channel(`c${index % channelCount}`);
      const heard: Heard[] = [];
      logs.push(heard);
      channel.on("*", (_data, { position, id, event }) => heard.push({ position: position!, id: id!, event }));
      client.on("gap", ({ reason }) => heard.push({ gap: reason }));
      return client;
    });
    await Promise.all(clients.map((client, index) => client.channel(`c${index % channelCount}`).subscribe()));

    const publish = async (client: Client, index: number): Promise<void> => {
      for (let seq = 0; !isOver; seq += 1) {
        try {
          await client.channel(`c${index % channelCount}`).publish("m", { index, seq });
          published += 1;
        } catch (error) {
          failures.push(error);
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const publishing = clients.map(publish);
    for (let restart = 0; restart < restarts; restart += 1) {
      await new Promise((resolve) => setTimeout(resolve, aliveMs));
      process.kill(node.pid, "SIGTERM");
      expect((await node.ended()).code).toBe(0);
      node = await startNode(port);
    }
    await new Promise((resolve) => setTimeout(resolve, aliveMs));
    isOver = true;
    await Promise.all(publishing);
    // Everyone hears a last word that was published after all others.
    await Promise.all(
      Array.from({ length: channelCount }, (_, index) => clients[index]!.channel(`c${index}`).publish("last")),
    );
    const hasHeardAll = (heard: readonly Heard[]): boolean =>
      heard.some((told) => "event" in told && told.event === "last");
    await expect.poll(() => logs.every(hasHeardAll), { timeout: 10_000 }).toBe(true);
    await Promise.all(clients.map((client) => client.close()));
    await node.stop();

    const found = logs.map(faults);
    const sum = (key: "silent" | "twice"): number => found.reduce((total, fault) => total + fault[key], 0);
    const gaps = logs.flat().filter((told) => "gap" in told).length;
    await annotate(
      `${published} published, ${failures.length} failed, ${sum("silent")} silent losses, ${sum("twice")} twice, ${gaps} told gaps`,
    );
    expect(failures).toEqual([]);
    expect({ silent: sum("silent"), twice: sum("twice") }).toEqual({ silent: 0, twice: 0 });
    expect(published).toBeGreaterThan(restarts * clientCount);
  });
});
