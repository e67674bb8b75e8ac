import { describe, expect, test } from "vitest";
import { aoWebsockets, type AoConnection } from "../../../src/dialects/ao-websockets/index.ts";
import { ManualClock } from "../../../src/testing/index.ts";
import { serve, until, type Served } from "./support.ts";

async function withConnection(options = {}): Promise<Served & { clock: ManualClock; of: () => AoConnection }> {
  const clock = new ManualClock();
  const served = await serve({ pingIntervalMs: 0, ...options }, { clock });
  let connection: AoConnection | undefined;
  served.ao.subscribe("me", (message) => {
    connection = message.connection;
  });
  return { ...served, clock, of: () => connection! };
}

describe("useBatch()", () => {
  test("AO-6: sends two of a second in one message, in order, and nothing in an idle second", async () => {
    const { ao, clock, connect, of } = await withConnection();
    ao.useBatch("event:name", 1_000);
    const client = await connect();
    client.say('{"e":"me"}');
    await client.settled();
    of().sendMessage({ event: "event:name", payload: { value: "v1" } });
    clock.advance(500);
    of().sendMessage({ event: "event:name", payload: { value: "v2" } });
    clock.advance(499);
    expect(await client.settled()).toEqual([]);
    clock.advance(1);
    expect(await client.next()).toBe('{"e":"batch_event:name","p":{"d":[{"value":"v1"},{"value":"v2"}]}}\n');
    const timers = clock.timers;
    clock.advance(10_000);
    expect(await client.settled()).toEqual([]);
    expect(clock.timers).toBe(timers);
  });

  test("AO-6: writes the prefix that the original's clients listen for, by option", async () => {
    const { ao, clock, connect } = await withConnection({ batchPrefix: "batch-" });
    ao.useBatch("x", 10);
    const client = await connect();
    ao.publish({ event: "x", payload: { n: 1 } });
    clock.advance(10);
    expect(await client.next()).toBe('{"e":"batch-x","p":{"d":[{"n":1}]}}\n');
  });

  test("AO-7: lets sendMessageUnbatched pass at once, under its own name", async () => {
    const { ao, clock, connect, of } = await withConnection();
    ao.useBatch("x", 1_000);
    const client = await connect();
    client.say('{"e":"me"}');
    await client.settled();
    of().sendMessage({ event: "x", payload: { n: 1 } });
    of().sendMessageUnbatched({ event: "x", payload: { n: 2 } });
    expect(await client.next()).toBe('{"e":"x","p":{"n":2}}\n');
    clock.advance(1_000);
    expect(await client.next()).toBe('{"e":"batch_x","p":{"d":[{"n":1}]}}\n');
  });

  test("AO-25: is for sendMessage with a filter, too", async () => {
    const { ao, clock, clients, of } = await withConnection();
    ao.useBatch("x", 10);
    const [one, two] = await clients(2);
    one!.say('{"e":"me"}');
    await one!.settled();
    const me = of();
    me.sendMessage({ event: "x", payload: { n: 1 } }, (other) => other !== me);
    clock.advance(10);
    expect(await two!.next()).toBe('{"e":"batch_x","p":{"d":[{"n":1}]}}\n');
    expect(await one!.settled()).toEqual([]);
  });

  test("is for clients that were there before, and each has a batch of its own", async () => {
    const { ao, clock, clients } = await withConnection();
    const [one, two] = await clients(2);
    ao.useBatch("x", 100);
    ao.useBatch("y", 50);
    expect(ao.batches()).toEqual(["x", "y"]);
    let first: string | undefined;
    ao.publish({ event: "x", payload: { n: 1 } }, ({ id }) => (first ??= id) === id);
    ao.publish({ event: "x", payload: { n: 2 } });
    ao.publish({ event: "y", payload: { n: 3 } });
    clock.advance(50);
    clock.advance(50);
    expect(await one!.take(2)).toEqual([
      '{"e":"batch_y","p":{"d":[{"n":3}]}}\n',
      '{"e":"batch_x","p":{"d":[{"n":1},{"n":2}]}}\n',
    ]);
    expect(await two!.take(2)).toEqual([
      '{"e":"batch_y","p":{"d":[{"n":3}]}}\n',
      '{"e":"batch_x","p":{"d":[{"n":2}]}}\n',
    ]);
  });

  test.each([
    ["x", 0],
    ["x", -1],
    ["x", Number.NaN],
    ["x", Infinity],
    ["x", 2 ** 31],
    ["", 1_000],
    [":", 1_000],
    ["x:*", 1_000],
    ["*", 1_000],
  ])("AO-24: of %j every %d ms is an error, and changes nothing", (event, intervalMs) => {
    const ao = aoWebsockets();
    ao.useBatch("y", 2 ** 31 - 1);
    expect(() => ao.useBatch(event, intervalMs)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(option|event-name)-invalid$/) as string }),
    );
    expect(ao.batches()).toEqual(["y"]);
  });

  test("G19: 999 payloads wait, and with the 1,000th they go", async () => {
    const { ao, clock, connect } = await withConnection();
    ao.useBatch("x", 1_000);
    const client = await connect();
    for (let n = 0; n < 999; n += 1) ao.publish({ event: "x", payload: { n } });
    expect(await client.settled()).toEqual([]);
    ao.publish({ event: "x", payload: { n: 999 } });
    const { p } = JSON.parse(await client.next()) as { readonly p: { readonly d: readonly { readonly n: number }[] } };
    expect(p.d.map(({ n }) => n)).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
    expect(clock.timers).toBe(0);
  });

  test("G19: 1 MiB of payloads goes, a byte less waits, and what would be more goes without what made it so", async () => {
    const { ao, clock, connect } = await withConnection({ maxBufferedBytes: 100_000_000 });
    ao.useBatch("x", 1_000);
    const client = await connect();
    // With two bytes each in UTF-8.
    const sized = (bytes: number): { readonly t: string } => ({ t: "é".repeat((bytes - 8) / 2) });
    ao.publish({ event: "x", payload: sized(524_288) });
    ao.publish({ event: "x", payload: sized(524_286) });
    expect(await client.settled()).toEqual([]);
    ao.publish({ event: "x", payload: sized(10) });
    const counts = (text: string): number => (JSON.parse(text) as { p: { d: unknown[] } }).p.d.length;
    expect(counts(await client.next())).toBe(2);
    ao.publish({ event: "x", payload: sized(1_048_566) });
    expect(counts(await client.next())).toBe(2);
    expect(clock.timers).toBe(0);
    ao.publish({ event: "x", payload: sized(1_048_576) });
    expect(counts(await client.next())).toBe(1);
  });

  test("sends what waits when the server closes the connection, and forgets it when the client has gone", async () => {
    const { ao, server, clock, clients } = await withConnection();
    ao.useBatch("x", 1_000);
    const [one, two] = await clients(2);
    ao.publish({ event: "x", payload: { n: 1 } });
    expect(clock.timers).toBe(2);
    server.connections[0]!.close(4_000, "over");
    expect(await one!.untilClosed()).toEqual(['{"e":"batch_x","p":{"d":[{"n":1}]}}\n']);
    await two!.leave();
    await until(() => ao.countConnections() === 0);
    expect(clock.timers).toBe(0);
  });
});
