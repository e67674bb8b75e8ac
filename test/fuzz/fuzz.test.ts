import { describe, expect, test } from "vitest";
import { campaign, execute, fastest, maxMs } from "./campaign.ts";
import { knownCrashes } from "./crashes.ts";
import { joinFrames, splitFrames } from "./frames.ts";
import { must, texts, type Target } from "./target.ts";
import { targets } from "./targets.ts";
import { answersTo, framesFor, http, webSocket } from "./targets/http.ts";

const seed = 1;

describe("fuzzing", () => {
  test.each(targets)("$name: nothing is uncaught, and nothing takes longer than 50 ms", async (target) => {
    const { findings, executions } = await campaign(target, { seed, executions: target.executions ?? 2_000 });
    const found = findings.map(({ input, ...finding }) => ({
      ...finding,
      input: Buffer.from(input).toString("base64"),
    }));
    expect(found).toEqual([]);
    expect(executions).toBeGreaterThan(target.corpus.length);
  });

  test("targets have names of their own", () => {
    expect(new Set(targets.map(({ name }) => name)).size).toBe(targets.length);
  });
});

describe("what is valid is understood, so that what was changed a little gets far", () => {
  test.each(http.corpus.map((input) => [Buffer.from(input).toString("latin1").split("\r\n")[0], input] as const))(
    "%s",
    async (_, input) => {
      const answers = await answersTo(input);
      expect(answers).toMatch(/^HTTP\/1\.1 200 OK/);
      // 426 is what an endpoint says to who comes without a WebSocket.
      expect(answers).not.toMatch(/HTTP\/1\.1 (?:4(?!26)|5)/);
    },
  );

  test.each(webSocket.corpus.map((input, index) => [index, input] as const))("frames %d", async (_, input) => {
    expect(await framesFor(input)).toContain('"type":"connected"');
  });
});

describe("what once did harm does none", () => {
  test.each(knownCrashes())("$name", async ({ target: name, input }) => {
    const target = targets.find((one) => one.name === name);
    expect(await execute(target!, input)).toMatchObject({ what: undefined });
    expect(await fastest(target!, input)).toBeLessThanOrEqual(maxMs);
  });
});

describe("a campaign", () => {
  const sample = (run: Target["run"]): Target => ({ name: "sample", corpus: texts("abc 123", "def 456"), run });

  test("finds what throws, and the same at the same execution", async () => {
    const target = sample((input) => must(!input.includes(0xff), "no 0xff"));
    const [once, again] = [
      await campaign(target, { seed, executions: 2_000 }),
      await campaign(target, { seed, executions: 2_000 }),
    ];
    expect(once.findings[0]).toMatchObject({
      kind: "crash",
      target: "sample",
      seed,
      what: expect.stringContaining("no 0xff"),
    });
    expect(again.findings).toEqual(once.findings);
    expect((await campaign(target, { seed: 2, executions: 2_000 })).findings[0]).not.toEqual(once.findings[0]);
    expect(await execute(target, once.findings[0]!.input)).toMatchObject({ what: expect.stringContaining("no 0xff") });
  });

  test("finds what rejects, and what nobody waits for", async () => {
    const rejects = sample(() => Promise.reject(new Error("rejected")));
    expect((await execute(rejects, Uint8Array.of())).what).toContain("rejected");
    const forgotten = sample(async () => {
      void Promise.reject(new Error("forgotten"));
      await undefined;
    });
    expect((await execute(forgotten, Uint8Array.of())).what).toContain("uncaught: Error: forgotten");
  });

  test("finds a changed prototype", async () => {
    const target = sample(() => void Object.assign(Object.prototype, { polluted: true }));
    try {
      expect((await execute(target, Uint8Array.of())).what).toContain("Object.prototype was changed");
    } finally {
      delete (Object.prototype as { polluted?: boolean }).polluted;
    }
  });

  test("finds what takes too long, but not what did so once", async () => {
    const work = (): void => {
      const before = process.cpuUsage();
      while (process.cpuUsage(before).user < (maxMs + 10) * 1_000);
    };
    expect((await campaign(sample(work), { seed, executions: 1 })).findings).toMatchObject([{ kind: "hang" }]);
    let runs = 0;
    const once = sample(() => void ((runs += 1) === 1 && work()));
    const outcome = await campaign(once, { seed, executions: 1 });
    expect(outcome.findings).toEqual([]);
    expect(outcome.slowestMs).toBeGreaterThan(maxMs);
  });

  test("runs its corpus first, as it is", async () => {
    const seen: string[] = [];
    const target = sample((input) => void seen.push(Buffer.from(input).toString()));
    await campaign(target, { seed, executions: 50 });
    expect(seen.slice(0, 2)).toEqual(["abc 123", "def 456"]);
    expect(new Set(seen).size).toBeGreaterThan(30);
  });
});

test("frames that were joined come apart again", () => {
  const frames = [[], [1, 2, 3], Array.from({ length: 300 }, (_, index) => index & 0xff)].map((bytes) =>
    Uint8Array.from(bytes),
  );
  expect(splitFrames(joinFrames(frames))).toEqual(frames);
});
