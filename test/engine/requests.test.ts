import { describe, expect, it } from "vitest";
import { Requests } from "../../src/engine/requests.ts";
import { CarillonError } from "../../src/errors/carillon-error.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { codeOf } from "./support.ts";

function desk(limit = 256): {
  clock: ManualClock;
  requests: Requests;
  refs: number[];
  ask: (timeoutMs?: number) => Promise<unknown>;
} {
  const clock = new ManualClock();
  const requests = new Requests(clock, limit);
  const refs: number[] = [];
  return { clock, requests, refs, ask: (timeoutMs = 1_000) => requests.open(timeoutMs, (ref) => refs.push(ref)) };
}

describe("Requests", () => {
  it("are numbered from 1, and answered in any order", async () => {
    const { requests, refs, ask } = desk();
    const answers = [ask(), ask(), ask()];
    expect(refs).toEqual([1, 2, 3]);
    requests.resolve(3, "c");
    requests.resolve(1, "a");
    requests.resolve(2, undefined);
    expect(await Promise.all(answers)).toEqual(["a", undefined, "c"]);
  });

  it("time out at their time and not before; an answer after that is ignored", async () => {
    const { clock, requests, ask } = desk();
    const answer = ask(1_000);
    let ended = false;
    void answer.catch(() => (ended = true));
    clock.advance(999);
    await Promise.resolve();
    expect(ended).toBe(false);
    clock.advance(1);
    expect(await codeOf(() => answer)).toBe("timeout");
    requests.resolve(1, "late");
    expect(clock.timers).toBe(0);
  });

  it("N18: an answer that nobody waits for is ignored: unknown, a second one, a number never used", async () => {
    const { clock, requests, ask } = desk();
    const answer = ask();
    requests.resolve(2, "unknown");
    requests.resolve(2 ** 53, "unknown");
    requests.reject(0, new CarillonError("internal"));
    requests.resolve(1, "first");
    requests.resolve(1, "second");
    requests.reject(1, new CarillonError("internal"));
    expect(await answer).toBe("first");
    expect(clock.timers).toBe(0);
  });

  it("fail all together when the connection is gone, and leave no timer", async () => {
    const { clock, requests, ask } = desk();
    const answers = [ask(), ask()];
    requests.rejectAll(new CarillonError("connection-closed"));
    expect(await Promise.all(answers.map((answer) => codeOf(() => answer)))).toEqual([
      "connection-closed",
      "connection-closed",
    ]);
    expect(clock.timers).toBe(0);
  });

  it("N19, L12: 256 may wait, the 257th is refused, and one that ends makes room", async () => {
    const { requests, refs, ask } = desk(256);
    const answers = Array.from({ length: 256 }, () => ask());
    expect(await codeOf(() => ask())).toBe("limit-exceeded");
    expect(refs).toHaveLength(256);
    requests.resolve(7, "done");
    answers.push(ask());
    expect(refs.at(-1)).toBe(257);
    requests.rejectAll(new CarillonError("connection-closed"));
    await Promise.allSettled(answers);
  });

  it.each<[string, (parts: { clock: ManualClock; requests: Requests }) => void]>([
    ["the answer", ({ requests }) => requests.resolve(1, "done")],
    ["its failure", ({ requests }) => requests.reject(1, new CarillonError("no-handler"))],
    ["the time-out", ({ clock }) => clock.advance(1_000)],
    ["the end of the connection", ({ requests }) => requests.rejectAll(new CarillonError("connection-closed"))],
  ])("L12: %s makes room, and leaves no timer", async (_, end) => {
    const { clock, requests, ask } = desk(1);
    const asked = ask();
    expect(await codeOf(() => ask())).toBe("limit-exceeded");
    end({ clock, requests });
    await Promise.allSettled([asked]);
    expect(clock.timers).toBe(0);
    const next = ask();
    expect(clock.timers).toBe(1);
    requests.resolve(2, "next");
    expect(await next).toBe("next");
  });
});
