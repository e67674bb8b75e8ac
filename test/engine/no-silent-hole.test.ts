import fc from "../properties.ts";
import { describe, expect, it } from "vitest";
import type { Encoder } from "../../src/engine/ports/encoder.ts";
import type { Delivery } from "../../src/engine/delivery.ts";
import type { LiveConnection } from "../../src/engine/connection.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { andThen } from "../../src/engine/later.ts";
import type { Position } from "../../src/engine/publication.ts";
import { FakeWire } from "../../src/testing/fake-wire.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { FaultyBroker, type Fate } from "./faulty-broker.ts";
import { handshake, turn, world } from "./support.ts";

// Whatever the broker repeats, loses or swaps, and whenever its reads finish: what a client hears goes on, step by step,
// from the position it was told; where it does not, a gap says so first. What it hears is what was published there.

type Step =
  | { readonly kind: "publish"; readonly fate: Fate; readonly count: number }
  | { readonly kind: "subscribe" | "unsubscribe" | "come back" | "lie"; readonly who: number }
  | { readonly kind: "release"; readonly order: readonly number[] }
  | { readonly kind: "repeat"; readonly offset: number }
  | { readonly kind: "reads"; readonly reads: FaultyBroker["reads"] }
  | { readonly kind: "finish"; readonly count: number; readonly isThere: boolean }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "interrupt" | "lose history" };

const who = fc.nat({ max: 2 });
const fates = fc.constantFrom<Fate>("arrives", "arrives", "arrives", "is lost", "comes twice", "waits");
const harmless: fc.WeightedArbitrary<Step>[] = [
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("publish" as const),
      fate: fates,
      count: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 6 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("subscribe" as const), who }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom("unsubscribe" as const, "come back" as const), who }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("release" as const),
      order: fc.uniqueArray(fc.nat({ max: 5 }), { maxLength: 6 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("repeat" as const), offset: fc.nat({ max: 40 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("reads" as const),
      reads: fc.constantFrom<FaultyBroker["reads"]>(
        "at once",
        "later",
        "later, as it was",
        "later, as it was",
        "never",
      ),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("finish" as const),
      count: fc.integer({ min: 1, max: 3 }),
      isThere: fc.constantFrom(true, true, true, false),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 3_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("interrupt" as const) }) },
];
const harmful: fc.WeightedArbitrary<Step>[] = [
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose history" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("lie" as const), who }) },
];

interface Published {
  readonly position: Position;
  readonly previous: string;
  readonly data: number;
}

const text = ({ epoch, offset, tag }: Position): string => `${epoch}.${offset}.${tag}`;

/** A client that checks everything it is told, and remembers where it is. */
class Checker {
  readonly connection: LiveConnection;
  /** The last position it heard of; kept when it leaves, to come back with. */
  at: Position | undefined;
  gaps = 0;
  /** What was wrong; an encoder that throws would be taken for one that has no word for it. */
  readonly problems: unknown[] = [];
  readonly #engine: Engine;
  readonly #log: ReadonlyMap<string, Published>;
  #isIn = false;
  /** Where it has been since it was subscribed. */
  #passed: string[] = [];

  constructor(engine: Engine, log: ReadonlyMap<string, Published>) {
    this.#engine = engine;
    this.#log = log;
    const wire = new FakeWire();
    const encoder: Encoder = { encode: (delivery) => (this.#note(() => this.#hear(delivery)), undefined) };
    this.connection = engine.admit({ dialect: "checker", handshake: handshake(), encoder, wire });
    void engine.connect(this.connection, undefined, () => undefined);
  }

  get isIn(): boolean {
    return this.#isIn;
  }

  async subscribe(since?: Position): Promise<void> {
    try {
      await andThen(this.#engine.join(this.connection, "kept", since), ({ position, recovered, start }) => {
        expect(recovered === undefined).toBe(since === undefined);
        if (since === undefined) this.at = position!;
        else if (recovered) this.at = since;
        // Otherwise a gap has to come, and begins where it was.
        else this.at = since;
        this.#passed = [text(this.at)];
        const before = this.gaps;
        this.#isIn = true;
        start();
        if (recovered === false) expect(this.gaps).toBeGreaterThan(before);
        // Unless it is where it is: what was held meanwhile comes at once.
        expect(this.#passed).toContain(text(position!));
      });
    } catch (error) {
      const { code = "" } = error as { code?: string };
      if (!["already-subscribed", "closed", "broker-unavailable"].includes(code)) this.problems.push(error);
    }
  }

  unsubscribe(): void {
    this.#isIn = false;
    this.#engine.leave(this.connection, "kept");
  }

  #note(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.problems.push(error);
    }
  }

  #hear(delivery: Delivery): void {
    expect(this.#isIn).toBe(true);
    if (delivery.kind === "gap") {
      expect(text(delivery.from!)).toBe(text(this.at!));
      this.at = delivery.to;
      this.#passed.push(text(this.at));
      this.gaps += 1;
      return;
    }
    if (delivery.kind !== "publication") throw new Error(`nobody asked for ${delivery.kind}`);
    const { position, data } = delivery.publication;
    const published = this.#log.get(text(position!));
    expect(published?.data).toBe(data);
    expect(published?.previous).toBe(text(this.at!));
    this.at = position!;
    this.#passed.push(text(this.at));
  }
}

async function play(schedule: readonly Step[], size: number): Promise<readonly Checker[]> {
  const clock = new ManualClock();
  const broker = new FaultyBroker(clock);
  const history = { size, ttlMs: 600_000 };
  const { engine } = world({ broker, clock, channels: { kept: { history } } });
  const log = new Map<string, Published>();
  const clients = [0, 1, 2].map(() => new Checker(engine, log));
  for (const client of clients) await client.subscribe();
  let lastNumber = 0;

  const publish = async (fate: Fate): Promise<void> => {
    broker.fate = fate;
    const data = (lastNumber += 1);
    const previous = text(broker.peek("kept", { limit: 0 }).top);
    // Recorded before it is handed out: whoever hears it looks it up.
    broker.whenAppended = (position) => void log.set(text(position), { position, previous, data });
    await engine.publish(engine.compose({ channel: "kept", event: "n", data }));
  };

  for (const step of schedule) {
    switch (step.kind) {
      case "publish":
        for (let count = 0; count < step.count; count += 1) await publish(step.fate);
        break;
      case "subscribe":
        void clients[step.who]!.subscribe();
        break;
      case "come back":
        if (!clients[step.who]!.isIn) void clients[step.who]!.subscribe(clients[step.who]!.at);
        break;
      case "lie": {
        const { at } = clients[step.who]!;
        if (at && !clients[step.who]!.isIn) void clients[step.who]!.subscribe({ ...at, tag: "lie" });
        break;
      }
      case "unsubscribe":
        clients[step.who]!.unsubscribe();
        break;
      case "release":
        broker.release(step.order);
        break;
      case "repeat":
        broker.repeat("kept", step.offset);
        break;
      case "reads":
        broker.reads = step.reads;
        break;
      case "finish":
        await broker.finishReads(step.isThere, step.count);
        break;
      case "wait":
        clock.advance(step.ms);
        break;
      case "interrupt":
        broker.interrupt();
        clock.advance(0);
        break;
      case "lose history":
        broker.loseHistory();
        break;
    }
    await turn();
  }
  // The broker recovers, and within one period everyone is where the history is.
  broker.reads = "at once";
  while (broker.reading > 0) await broker.finishReads();
  clock.advance(5_000);
  await turn();
  for (const client of clients) for (const problem of client.problems) throw problem;
  const { top } = broker.peek("kept", { limit: 0 });
  for (const client of clients) if (client.isIn) expect(text(client.at!)).toBe(text(top));
  for (const client of clients) engine.disconnect(client.connection, { code: 1000, reason: "" });
  expect(engine.stats()).toMatchObject({ connections: 0, channels: 0, subscriptions: 0 });
  expect(clock.timers).toBe(0);
  return clients;
}

describe("no silent hole", () => {
  it("whatever happens, what a client hears goes on step by step, or a gap comes first", async () => {
    const steps = fc.array(fc.oneof(...harmless, ...harmful), { maxLength: 100, size: "max" });
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 10 }), async (schedule, size) => {
        await play(schedule, size);
      }),
      { numRuns: 400 },
    );
  });

  it("nobody is told a gap as long as the history has everything", async () => {
    const steps = fc.array(fc.oneof(...harmless), { maxLength: 100, size: "max" });
    await fc.assert(
      fc.asyncProperty(steps, async (schedule) => {
        const clients = await play(schedule, 10_000);
        expect(clients.map(({ gaps }) => gaps)).toEqual([0, 0, 0]);
      }),
      { numRuns: 400 },
    );
  });
});
