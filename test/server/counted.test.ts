import { expect, it } from "vitest";
import type { CarillonError } from "../../src/index.ts";
import { silent } from "../canary.ts";
import { createTestServer } from "../../src/testing/index.ts";

interface Events {
  say: number;
  typing: number;
  break: () => void;
}

/** Counts what comes of tries: `ok`, or the code of the refusal. */
class Tally {
  readonly counts = new Map<string, number>();

  async of(tries: Promise<unknown>): Promise<void> {
    this.add(
      await tries.then(
        () => "ok",
        (error: unknown) => (error as CarillonError).code,
      ),
    );
  }

  add(what: string): void {
    this.counts.set(what, this.get(what) + 1);
  }

  get(what: string): number {
    return this.counts.get(what) ?? 0;
  }
}

it("P20: what clients saw refused, dropped, repeated, replayed and lost is what the server counted, to the last one", async () => {
  const { server, client, close } = createTestServer<Events>({
    authenticate: ({ token }) => (token === undefined ? undefined : { userId: token }),
    channels: { lobby: { whispers: true, history: { size: 100, ttlMs: 60_000 } } },
    limits: { recoveredPublications: 20 },
    logger: silent,
  });
  server.intercept(({ data }) => data !== 13);
  server.on("break", () => {
    throw new Error("broken");
  });
  const failures = new Tally();
  server.on("error", ({ error }) => failures.add(error.code));

  const entering = new Tally();
  const strangers = Array.from({ length: 3 }, () => client({ reconnect: false }));
  await Promise.all(strangers.map((stranger) => entering.of(stranger.connect())));
  const [ada, bob] = [client({ token: "ada" }), client({ token: "bob" })];
  await Promise.all([ada, bob].map((one) => entering.of(one.connect())));

  let heard = 0;
  let whispers = 0;
  let gaps = 0;
  const [hers, his] = [ada.channel("lobby"), bob.channel("lobby")];
  his.on("say", () => (heard += 1));
  his.onWhisper("typing", () => (whispers += 1));
  bob.on("gap", () => (gaps += 1));
  await Promise.all([hers.subscribe(), his.subscribe()]);

  const whispered = 15;
  for (let count = 0; count < whispered; count += 1) hers.whisper("typing", 100 + count);
  const publishing = new Tally();
  const publish = (number: number, id?: string): Promise<void> =>
    publishing.of(hers.publish("say", number, { echo: false, ...(id !== undefined && { id }) }));
  for (const number of [1, 13, 2, 13]) await publish(number);
  const dropped = 2;
  for (let count = 0; count < 4; count += 1) await publish(3, "three");
  const repeated = 3;
  await expect.poll(() => heard).toBe(3);
  expect([whispers > 0, whispers < whispered]).toEqual([true, true]);

  // He misses some, which he is given, and then so much that he is told instead.
  for (const missed of [7, 21]) {
    const since = his.position!;
    await his.unsubscribe();
    for (let count = 0; count < missed; count += 1) await publish(100 + count);
    await his.subscribe({ since });
  }
  await expect.poll(() => [heard, gaps]).toEqual([3 + 7, 1]);

  const requesting = new Tally();
  for (let count = 0; count < 2; count += 1) await requesting.of(ada.request("break"));

  expect([...publishing.counts]).toEqual([["ok", 36]]);
  expect(server.stats()).toEqual({
    connections: 2,
    channels: 1,
    subscriptions: 2,
    connected: entering.get("ok"),
    refused: entering.get("unauthorized"),
    published: publishing.get("ok") - dropped - repeated,
    whispered: whispers,
    whispersRefused: whispered - whispers,
    throttled: 0,
    delivered: whispers + heard + gaps,
    received: requesting.get("handler-failed"),
    dropped,
    suspended: 0,
    resumed: 0,
    recovered: 7,
    gaps,
    repeated,
    duplicates: 0,
    slow: 0,
    tooFast: 0,
    failures: failures.get("handler-failed"),
    turnedAway: 0,
    paused: 0,
    waitingBytes: 0,
  });
  await close();
});
