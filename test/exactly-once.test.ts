import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClient, type Client } from "../src/client/index.ts";
import { msgpackCodec } from "../src/client/msgpack.ts";
import { createServer } from "../src/index.ts";

interface Events {
  tick: { publisher: number; n: number };
}

const clientCount = 20;
const channelCount = 50;
const publicationCount = 10_000;
const perClient = publicationCount / clientCount;

const server = createServer<Events>();
let url: string;
beforeAll(async () => {
  url = (await server.listen({ host: "127.0.0.1" })).url + "carillon";
});
afterAll(() => server.close());

/** Who is in which channel: every channel has five of the clients, every client a quarter of the channels or so. */
function isIn(client: number, channel: number): boolean {
  return (client * 7 + channel * 3) % 4 === 0;
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

describe("publications over real sockets", () => {
  test("10,000 publications from 20 clients through 50 channels reach every subscriber exactly once, in order", async () => {
    const heard = numbers(clientCount).map(() => new Map<string, string[]>());
    const expected = new Map<string, number>();
    let missing = 0;
    let finished: () => void = () => undefined;
    const all = new Promise<void>((resolve) => {
      finished = resolve;
    });

    const clients: Client<Events>[] = await Promise.all(
      numbers(clientCount).map(async (index) => {
        const client = createClient<Events>(url, index % 3 === 0 ? { codec: msgpackCodec() } : {});
        await Promise.all(
          numbers(channelCount)
            .filter((channel) => isIn(index, channel))
            .map(async (channel) => {
              const name = `channel-${channel}`;
              const list: string[] = [];
              heard[index]!.set(name, list);
              client.channel(name).on("tick", ({ publisher, n }) => {
                list.push(`${publisher}:${n}`);
                missing -= 1;
                if (missing === 0) finished();
              });
              await client.channel(name).subscribe();
            }),
        );
        return client;
      }),
    );

    const plan = numbers(clientCount).flatMap((publisher) => {
      const channels = numbers(channelCount).filter((channel) => isIn(publisher, channel));
      return numbers(perClient).map((n) => ({ publisher, n, name: `channel-${channels[n % channels.length]!}` }));
    });
    for (const { name } of plan) expected.set(name, (expected.get(name) ?? 0) + 1);
    for (const lists of heard) for (const name of lists.keys()) missing += expected.get(name) ?? 0;

    // All at once and interleaved, so that publications of different clients meet in the channels.
    const published = plan
      .toSorted((a, b) => a.n - b.n)
      .map(({ publisher, n, name }) => clients[publisher]!.channel(name).publish("tick", { publisher, n }));
    const ids = new Set((await Promise.all(published)).map(({ id }) => id));
    await all;

    expect(ids.size).toBe(publicationCount);
    for (const channel of numbers(channelCount)) {
      const name = `channel-${channel}`;
      const lists = heard.flatMap((channels) => channels.get(name) ?? []);
      const views = heard.map((channels) => channels.get(name)).filter((list) => list !== undefined);
      // The same order for everyone …
      for (const view of views) expect(view).toEqual(views[0]);
      // … each exactly once …
      expect(new Set(views[0]).size).toBe(views[0]!.length);
      expect(lists.length).toBe(views.length * expected.get(name)!);
      // … and each publisher's own in the order it published them.
      for (const publisher of numbers(clientCount)) {
        const own = views[0]!
          .filter((entry) => entry.startsWith(`${publisher}:`))
          .map((entry) => Number(entry.split(":")[1]));
        expect(own).toEqual(own.toSorted((a, b) => a - b));
      }
    }
    await Promise.all(clients.map((client) => client.close()));
  }, 30_000);
});
