import { describe, expect, test } from "vitest";
import { check, type CheckOptions, type Verdict } from "./checker.ts";
import type { PublisherEntry, SubscriberEntry } from "./logs.ts";
import { payload } from "./payload.ts";
import { differences, isFlawless, lineOf } from "./report.ts";

const channel = "c";
const history = { size: 10, ttlMs: 1_000 };

/** `e.1` and so on; the tag goes with the offset. */
function at(offset: number, epoch = "e", tag = `t${offset}`): string {
  return `${epoch}.${offset}.${tag}`;
}

interface Heard {
  readonly pub?: number;
  readonly position?: string;
  readonly who?: string;
  readonly id?: string;
  readonly data?: unknown;
}

/** A made-up run of one channel: one line of time, on which every step takes 1 ms. */
class Story {
  readonly #publishers = new Map<number, PublisherEntry[]>();
  readonly #subscribers = new Map<string, SubscriberEntry[]>();
  #now = 0;
  #offset = 0;

  wait(ms: number): this {
    this.#now += ms;
    return this;
  }

  /** Publishes `pub`'s number `seq`, stored at the next place. */
  publish(seq: number, { pub = 1, position = at((this.#offset += 1)) } = {}): this {
    this.attempt(seq, pub);
    return this.#publisher(pub, { kind: "acked", at: this.#tick(), seq, id: `m${pub}-${seq}`, position });
  }

  publishes(from: number, to: number): this {
    for (let seq = from; seq <= to; seq += 1) this.publish(seq);
    return this;
  }

  attempt(seq: number, pub = 1): this {
    return this.#publisher(pub, { kind: "attempt", at: this.#tick(), seq, channel });
  }

  refused(seq: number): this {
    return this.#publisher(1, { kind: "refused", at: this.#tick(), seq, code: "forbidden" });
  }

  subscribed(position: string | undefined = at(this.#offset), who = "a"): this {
    return this.#subscriber(who, { kind: "subscribed", at: this.#tick(), channel, ...(position && { position }) });
  }

  unsubscribed(who = "a"): this {
    return this.#subscriber(who, { kind: "unsubscribed", at: this.#tick(), channel });
  }

  heard(seq: number, { pub = 1, position = at(seq), who = "a", ...more }: Heard = {}): this {
    const { id = `m${pub}-${seq}`, data = payload(pub, seq, channel) } = more;
    return this.#subscriber(who, { kind: "delivered", at: this.#tick(), channel, data, id, position });
  }

  heards(from: number, to: number): this {
    for (let seq = from; seq <= to; seq += 1) this.heard(seq);
    return this;
  }

  gap(from: string | undefined, to: string | undefined, reason = "expired", who = "a"): this {
    const range = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
    return this.#subscriber(who, { kind: "gap", at: this.#tick(), channel, reason, ...range });
  }

  check(options: CheckOptions = { history }): Verdict {
    return check({ publishers: this.#publishers, subscribers: this.#subscribers }, options);
  }

  #tick(): number {
    this.#now += 1;
    return this.#now;
  }

  #publisher(pub: number, entry: PublisherEntry): this {
    this.#publishers.set(pub, [...(this.#publishers.get(pub) ?? []), entry]);
    return this;
  }

  #subscriber(who: string, entry: SubscriberEntry): this {
    this.#subscribers.set(who, [...(this.#subscribers.get(who) ?? []), entry]);
    return this;
  }
}

const clean = { lost: [], duplicated: [], reordered: [], phantom: [], needlessGaps: [] };

describe("a run in which nothing went wrong", () => {
  test("is flawless, and its counts and times are right", () => {
    const verdict = new Story().subscribed().publish(1).heard(1).publish(2).wait(7).heard(2).check();
    expect(verdict).toMatchObject({ ...clean, published: 2, acked: 2, indeterminate: 0, delivered: 2, gaps: [] });
    expect(verdict.latencyMs).toEqual({ p50: 2, p99: 9, max: 9 });
    expect(verdict.longestBlackoutMs).toBe(9);
    expect(isFlawless(verdict)).toBe(true);
  });

  test("every latency is told, with whose it is and when it was published", () => {
    const story = new Story().subscribed().subscribed(at(0), "b").publish(1).heard(1).wait(50).heard(1, { who: "b" });
    const verdict = story.check();
    expect(verdict.latencies).toEqual([
      { subscriber: "a", at: 3, ms: 2 },
      { subscriber: "b", at: 3, ms: 53 },
    ]);
    expect(verdict).toMatchObject({ longestBlackoutMs: 53, latencyMs: { p50: 2, max: 53 } });
  });

  test("what came before the subscription, or after its end, is not missing", () => {
    const story = new Story().publish(1).subscribed().publish(2).heard(2).unsubscribed().publish(3);
    expect(story.check()).toMatchObject({ ...clean, delivered: 1 });
  });

  test("a publication that was tried before the subscription and stored after it is due", () => {
    const story = new Story().attempt(1).subscribed(at(0)).publish(1);
    expect(story.check().lost).toEqual(["a c: 1/1 at 1"]);
  });

  test("an answer to what was never tried is a mistake in the log itself", () => {
    expect(() => new Story().refused(1).check()).toThrow("never tried");
  });
});

describe("what may be missing", () => {
  test("an attempt without an answer, and a refused one, are never lost", () => {
    const verdict = new Story().subscribed().attempt(1).attempt(2).refused(2).check();
    expect(verdict).toMatchObject({ ...clean, published: 2, acked: 0, refused: 1, indeterminate: 1 });
  });

  test("an attempt without an answer may be heard", () => {
    expect(new Story().subscribed().attempt(1).heard(1).check()).toMatchObject({ ...clean, delivered: 1 });
  });

  test("what a gap speaks of that came before anything newer", () => {
    const story = new Story().subscribed().publishes(1, 20).heard(1).gap(at(1), at(18)).heards(19, 20);
    const verdict = story.check();
    expect(verdict).toMatchObject({ ...clean, delivered: 3 });
    expect(verdict.gaps).toEqual(["a c: expired e.1.t1 to e.18.t18"]);
  });

  test("what went with an epoch, up to the gap's end in the next one", () => {
    const story = new Story().subscribed().publishes(1, 3).heard(1);
    story.publish(4, { position: at(1, "f") }).publish(5, { position: at(2, "f") });
    story.gap(at(1), at(1, "f"), "reset").heard(5, { position: at(2, "f") });
    expect(story.check({ history, brokerLost: true })).toMatchObject({ ...clean, delivered: 2 });
  });

  test("what was under way when a client without history tells a gap", () => {
    const story = new Story().subscribed("").publishes(1, 2).heard(1).gap(undefined, undefined, "no-history");
    story.publish(3).heard(3);
    expect(story.check({})).toMatchObject({ ...clean, delivered: 2 });
  });
});

describe("lost", () => {
  test("acked and never heard, at the end or in the middle", () => {
    const story = new Story().subscribed().publishes(1, 3).heard(1).heard(3).publish(4);
    expect(story.check().lost).toEqual(["a c: 1/2 at 2", "a c: 1/4 at 4"]);
  });

  test("for each subscriber by itself", () => {
    const story = new Story().subscribed().subscribed(at(0), "b").publish(1).heard(1);
    expect(story.check().lost).toEqual(["b c: 1/1 at 1"]);
  });

  test("outside of what the gap speaks of, on either side", () => {
    const story = new Story().subscribed().publishes(1, 20).gap(at(1), at(18)).heard(20);
    expect(story.check().lost).toEqual(["a c: 1/1 at 1", "a c: 1/19 at 19"]);
  });

  test("when the gap comes after something newer", () => {
    const story = new Story().subscribed().publishes(1, 20).heard(1).heard(20).gap(at(1), at(19));
    expect(story.check().lost.length).toBe(18);
  });

  test("when the gap was told to another subscriber", () => {
    const story = new Story().subscribed().subscribed(at(0), "b").publish(1).gap(at(0), at(1), "expired", "b").heard(1);
    expect(story.check({}).lost).toEqual([]);
    story.publish(2).gap(at(1), at(2), "expired", "b");
    expect(story.check({}).lost).toEqual(["a c: 1/2 at 2"]);
  });

  test("after the gap of a client without history, and before it where something newer was heard", () => {
    const story = new Story().subscribed("").publishes(1, 3).heard(1).heard(3);
    story.gap(undefined, undefined, "no-history").publish(4);
    expect(story.check({}).lost).toEqual(["a c: 1/2 at 2", "a c: 1/4 at 4"]);
  });

  test("inside a subscription that was given up, where something newer was heard in it", () => {
    const story = new Story().subscribed().publishes(1, 3).heard(1).heard(3).unsubscribed();
    expect(story.check().lost).toEqual(["a c: 1/2 at 2"]);
  });
});

describe("duplicated", () => {
  test("the same publication twice", () => {
    expect(new Story().subscribed().publish(1).heards(1, 1).heard(1).check()).toMatchObject({
      delivered: 1,
      duplicated: ["a c: 1/1 at e.1.t1"],
    });
  });

  test("the same payload under two ids and places, as a publisher that tries again makes them", () => {
    const story = new Story()
      .subscribed()
      .attempt(1)
      .heard(1)
      .heard(1, { id: "other", position: at(2) });
    expect(story.check().duplicated).toEqual(["a c: 1/1 at e.2.t2"]);
  });

  test("two publications at one place, or with one id", () => {
    const place = new Story()
      .subscribed()
      .attempt(1)
      .attempt(2)
      .heard(1)
      .heard(2, { position: at(1) });
    expect(place.check().duplicated.length).toBe(1);
    const id = new Story().subscribed().attempt(1).attempt(2).heard(1).heard(2, { id: "m1-1" });
    expect(id.check().duplicated.length).toBe(1);
  });
});

describe("reordered", () => {
  test("a smaller offset after a larger one", () => {
    const story = new Story()
      .subscribed()
      .publish(1, { pub: 1 })
      .publish(1, { pub: 2, position: at(2) });
    story.heard(1, { pub: 2, position: at(2) }).heard(1);
    expect(story.check()).toMatchObject({ ...clean, delivered: 2, reordered: ["a c: 1/1 at e.1.t1"] });
  });

  test("one publisher's later one before its earlier one, whatever the offsets say", () => {
    const story = new Story().subscribed().publish(2).publish(1);
    story.heard(2, { position: at(1) }).heard(1, { position: at(2) });
    expect(story.check().reordered).toEqual(["a c: 1/1 at e.2.t2"]);
  });

  test("two subscribers that found different publications at one place", () => {
    const story = new Story().subscribed().subscribed(at(0), "b").attempt(1).attempt(2).heard(1);
    story.heard(2, { who: "b", position: at(1) });
    expect(story.check().reordered).toEqual(["b c e.1: m1-2, and elsewhere m1-1"]);
  });

  test("offsets may start again in another epoch", () => {
    const story = new Story()
      .subscribed()
      .publishes(1, 2)
      .heards(1, 2)
      .publish(3, { position: at(1, "f") });
    story.gap(at(2), at(0, "f"), "reset").heard(3, { position: at(1, "f") });
    expect(story.check({ history, brokerLost: true })).toMatchObject({ ...clean, delivered: 3 });
  });
});

describe("phantom", () => {
  test.each<[string, object]>([
    ["never tried", { data: payload(1, 9, channel) }],
    ["with another sum", { data: { ...payload(1, 1, channel), sum: "wrong" } }],
    ["changed on its way", { data: { ...payload(1, 1, channel), pad: "more" } }],
    ["of another channel", { data: payload(1, 1, "d") }],
    ["no payload at all", { data: null }],
    ["with another tag than its publisher was told", { position: at(1, "e", "wrong") }],
    ["at another place than its publisher was told", { position: at(2) }],
    ["with another id than its publisher was told", { id: "wrong" }],
  ])("%s", (_, more) => {
    const verdict = new Story().subscribed().publish(1).heard(1, more).check();
    expect(verdict.phantom.length).toBe(1);
    expect(verdict).toMatchObject({ delivered: 0, lost: ["a c: 1/1 at 1"] });
  });
});

describe("needless gaps", () => {
  const gapAfter = (published: number, missed: number, waitMs = 0, options: CheckOptions = { history }): Verdict => {
    const story = new Story()
      .subscribed()
      .publishes(1, published - missed)
      .heards(1, published - missed);
    story.publishes(published - missed + 1, published).wait(waitMs);
    return story.gap(at(published - missed), at(published)).check(options);
  };

  test("history held as many: at the size it is needless, one past it is not", () => {
    expect(gapAfter(12, 10).needlessGaps.length).toBe(1);
    expect(gapAfter(12, 11).needlessGaps).toEqual([]);
  });

  test("so many are recovered: at the limit it is needless, one past it is not", () => {
    expect(gapAfter(12, 5, 0, { history, recoveredPublications: 5 }).needlessGaps.length).toBe(1);
    expect(gapAfter(12, 6, 0, { history, recoveredPublications: 5 }).needlessGaps).toEqual([]);
  });

  test("the oldest had not expired; when it may have, the gap was needed", () => {
    expect(gapAfter(5, 1, 997).needlessGaps.length).toBe(1);
    expect(gapAfter(5, 1, 998).needlessGaps).toEqual([]);
  });

  test("a gap of nothing is needless", () => {
    expect(gapAfter(5, 0).needlessGaps.length).toBe(1);
  });

  test("a new epoch is needless unless the broker was lost on purpose, or all of the old one had expired", () => {
    const reset = (waitMs: number): Story =>
      new Story().subscribed().publishes(1, 2).heard(1).wait(waitMs).gap(at(1), at(0, "f"), "reset");
    expect(reset(996).check().needlessGaps.length).toBe(1);
    expect(reset(997).check().needlessGaps.length).toBe(0);
    const story = reset(0);
    expect(story.check({ history, brokerLost: true }).needlessGaps).toEqual([]);
  });

  test("without history there is no needless gap", () => {
    expect(gapAfter(5, 1, 0, {}).needlessGaps).toEqual([]);
  });
});

describe("the report", () => {
  const verdict = new Story().subscribed().publishes(1, 2).heards(1, 2).attempt(3).check();
  const counts = { published: 2, delivered: 2, gaps: 0 };

  test("the server's counts equal the actors'; what nobody knows of may be one more", () => {
    expect(differences(verdict, counts)).toEqual([]);
    expect(differences(verdict, { ...counts, published: 3 })).toEqual([]);
  });

  test.each([
    [{ published: 1 }, "published: the server counted 1, the actors 2 to 3"],
    [{ published: 4 }, "published: the server counted 4, the actors 2 to 3"],
    [{ delivered: 1 }, "delivered: the server counted 1, the actors 2"],
    [{ delivered: 3 }, "delivered: the server counted 3, the actors 2"],
    [{ gaps: 1 }, "gaps: the server counted 1, the actors 0"],
  ])("a difference is told: %o", (more, line) => {
    expect(differences(verdict, { ...counts, ...more })).toEqual([line]);
  });

  test("a gap that the server told is one of its deliveries; what the client told by itself is none", () => {
    const told = new Story().subscribed().publish(1).gap(at(0), at(1)).check();
    expect(differences(told, { published: 1, delivered: 1, gaps: 1 })).toEqual([]);
    const own = new Story().subscribed("").publish(1).gap(undefined, undefined, "no-history").check({});
    expect(differences(own, { published: 1, delivered: 0, gaps: 0 })).toEqual([]);
  });

  test("where sessions ended, the server may have delivered more, and not less", () => {
    expect(differences(verdict, { ...counts, delivered: 3 }, { sessionsEnded: true })).toEqual([]);
    expect(differences(verdict, { ...counts, delivered: 1 }, { sessionsEnded: true })).toEqual([
      "delivered: the server counted 1, the actors 2 or more",
    ]);
  });

  test("is one line", () => {
    expect(lineOf("F00", verdict, [])).toBe(
      "F00: 3 published, 2 acked, 1 indeterminate, 2 delivered, 0 lost, 0 duplicated, 0 reordered, 0 phantom, 0 gaps, " +
        "0 needless gaps, blackout 4.0 ms, p50 3.0 ms, p99 4.0 ms, max 4.0 ms, counts agree with the server's",
    );
    expect(lineOf("F00", verdict, ["gaps: differ"])).toContain("max 4.0 ms, gaps: differ");
  });

  test("any flaw makes a run one that has failed", () => {
    for (const flaw of ["lost", "duplicated", "reordered", "phantom", "needlessGaps"]) {
      expect(isFlawless({ ...verdict, [flaw]: ["one"] })).toBe(false);
    }
    expect(isFlawless({ ...verdict, gaps: ["told"] })).toBe(true);
  });
});
