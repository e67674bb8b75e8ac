import { describe, expect, it } from "vitest";
import { Cluster } from "../contracts/cluster-broker.ts";
import { codeOf, gate, turn, world, type TestClient, type World, type WorldOptions } from "./support.ts";

/** As a line of the text dialect it is `c e "…"`, with 16 characters of data 22 in all. */
const data = "x".repeat(16);
const line = 22;

/** Three subscribers of a channel: what one of them publishes is sent three times. */
function room(bytes: number, options: WorldOptions = {}): World & { readonly clients: readonly TestClient[] } {
  const made = world({ ...options, limits: { channelBytesPerSecond: bytes, ...options.limits } });
  const clients = ["ada", "bob", "eve"].map((user) => made.connected(user));
  for (const client of clients) void client.subscribe("c");
  for (const client of clients) client.heard();
  return { ...made, clients };
}

const publish = (client: TestClient): Promise<string | undefined> => codeOf(() => client.publish("c", "e", data));

describe("X05: what clients have sent in one channel", () => {
  it("is at most so many bytes in a second, counted for each who hears it; beyond it they are refused", async () => {
    const { clients, clock, engine, application } = room(3 * line * 2);
    const [ada, bob, eve] = clients;
    expect([await publish(ada!), await publish(bob!), await publish(ada!), await publish(eve!)]).toEqual([
      undefined,
      undefined,
      "rate-limited",
      "rate-limited",
    ]);
    for (const client of clients) expect(client.heard()).toHaveLength(2);
    expect(engine.stats()).toMatchObject({ published: 2, throttled: 2, delivered: 6 });
    expect(application.refusals.at(-1)).toMatchObject({ action: "publish", family: "rate", channel: "c" });
    expect(application.reported).toEqual([]);
    clock.advance(500);
    expect([await publish(eve!), await publish(eve!)]).toEqual([undefined, "rate-limited"]);
  });

  it("counts for each what its own dialect makes of it", async () => {
    // Twice as long for one of them: 22 and 22 and 44.
    const { clients, connected } = room(4 * line * 2);
    clients[2]!.unsubscribe("c");
    const eve = connected("eve", { encoder: { encode: () => ["y".repeat(2 * line)] } });
    void eve.subscribe("c");
    const [ada] = clients;
    expect([await publish(ada!), await publish(ada!), await publish(ada!)]).toEqual([
      undefined,
      undefined,
      "rate-limited",
    ]);
  });

  it("may be more for the last of them, which is paid back before the next", async () => {
    const { clients, clock } = room(line);
    expect([await publish(clients[0]!), await publish(clients[0]!)]).toEqual([undefined, "rate-limited"]);
    clock.advance(2_000);
    expect(await publish(clients[0]!)).toBe("rate-limited");
    clock.advance(1);
    expect([await publish(clients[0]!), await publish(clients[0]!)]).toEqual([undefined, "rate-limited"]);
  });

  it("is another for each channel, and nothing where nobody hears it", async () => {
    const channels = { inbox: { publish: "anyone" } } as const;
    const { clients } = room(1, { channels });
    expect([await publish(clients[0]!), await publish(clients[0]!)]).toEqual([undefined, "rate-limited"]);
    for (let count = 0; count < 10; count += 1) {
      expect(await codeOf(() => clients[0]!.publish("inbox", "e", data))).toBeUndefined();
    }
    void clients[1]!.subscribe("inbox");
    expect(await codeOf(() => clients[0]!.publish("inbox", "e", data))).toBeUndefined();
    expect(await codeOf(() => clients[0]!.publish("inbox", "e", data))).toBe("rate-limited");
  });

  it("does not count the publisher that is left out, nor what the server publishes, which is never refused", async () => {
    const { clients, engine } = room(2 * line * 2);
    const quietly = (): Promise<string | undefined> =>
      codeOf(() => clients[0]!.publish("c", "e", data, { echo: false }));
    const byServer = (): unknown => engine.publish(engine.compose({ channel: "c", event: "e", data }));
    expect([await quietly(), await codeOf(byServer), await codeOf(byServer)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect([await quietly(), await quietly()]).toEqual([undefined, "rate-limited"]);
    expect(await codeOf(byServer)).toBeUndefined();
    expect(engine.stats()).toMatchObject({ published: 5, throttled: 1 });
  });

  it("counts whispers, which are refused as well", async () => {
    const { clients, engine } = room(1, { channels: { c: { whispers: true } } });
    const whisper = (): Promise<string | undefined> => codeOf(() => clients[0]!.whisper("c", "e", data));
    expect([await whisper(), await whisper(), await publish(clients[1]!)]).toEqual([
      undefined,
      "rate-limited",
      "rate-limited",
    ]);
    expect(engine.stats()).toMatchObject({ whispered: 1, whispersRefused: 0, throttled: 2 });
  });

  it("is asked about after everything else: whoever may not publish learns nothing of it", async () => {
    const asked = gate<boolean>();
    const { clients } = room(1, {
      channels: { c: { authorize: ({ action }) => action !== "publish" || asked.passed } },
    });
    const codes = [publish(clients[0]!), publish(clients[0]!)];
    await asked.open(false);
    expect(await Promise.all(codes)).toEqual(["forbidden", "forbidden"]);
  });

  it("counts what comes from clients of other nodes, too, and each node what it sends itself", async () => {
    const cluster = new Cluster();
    const [here, there] = [
      room(3 * line * 2, { broker: cluster.node() }),
      room(3 * line * 2, { broker: cluster.node() }),
    ];
    await turn();
    expect(await publish(here.clients[0]!)).toBeUndefined();
    expect(await publish(there.clients[0]!)).toBeUndefined();
    expect(await publish(here.clients[0]!)).toBe("rate-limited");
  });

  it("begins anew with a channel that was empty", async () => {
    const { clients, engine } = room(1);
    expect([await publish(clients[0]!), await publish(clients[0]!)]).toEqual([undefined, "rate-limited"]);
    for (const client of clients) client.unsubscribe("c");
    expect(engine.stats().channels).toBe(0);
    void clients[0]!.subscribe("c");
    expect(await publish(clients[0]!)).toBeUndefined();
  });
});
