import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { SeededRandom } from "../simulation/world/random.ts";
import { mutant } from "./mutate.ts";
import { must, type Target } from "./target.ts";

/** A single input may take no longer. */
export const maxMs = 50;

/** How much the heap may grow between a quarter of the way and its end. */
export const maxGrowthBytes: number = 32 * 1024 * 1024;

/** An input that did what none may do. */
export interface Finding {
  readonly kind: "crash" | "hang";
  readonly target: string;
  readonly seed: number;
  readonly execution: number;
  readonly input: Uint8Array;
  readonly what: string;
}

/** How much of one target is run. */
export interface Budget {
  readonly seed: number;
  readonly executions: number;
  /** Ends it before, in ms of `performance.now()`. Default: never. */
  readonly until?: number;
}

/** What came of one target. */
export interface Outcome {
  readonly target: string;
  readonly executions: number;
  readonly findings: readonly Finding[];
  /** The longest execution, in ms. */
  readonly slowestMs: number;
}

/** Findings are alike; more of them say nothing new. */
const maxFindings = 5;

/** A pause of the collector is not the input's fault. */
const confirmations = 4;

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Feeds mutants to one target; the same ones for the same seed. */
export async function campaign(target: Target, { seed, executions, until = Infinity }: Budget): Promise<Outcome> {
  const { name, corpus, maxBytes = 8_192 } = target;
  const random = new SeededRandom(`${name}/${seed}`);
  const material = { corpus, words: (target.words ?? []).map((word) => new Uint8Array(Buffer.from(word, "latin1"))) };
  const findings: Finding[] = [];
  let slowestMs = 0;
  let done = 0;
  while (done < executions && findings.length < maxFindings && performance.now() < until) {
    // What is valid comes first: a target that refuses all its corpus looks at nothing.
    const input = done < corpus.length ? corpus[done]! : mutant(random, material, maxBytes);
    const { ms, what } = await execute(target, input);
    done += 1;
    slowestMs = Math.max(slowestMs, ms);
    const at = { target: name, seed, execution: done, input };
    if (what !== undefined) findings.push({ kind: "crash", ...at, what });
    else if (ms > maxMs) {
      const again = await fastest(target, input);
      if (again > maxMs) findings.push({ kind: "hang", ...at, what: `${again.toFixed(0)} ms` });
    }
    // Others have their turn, and what was forgotten to be caught is heard of.
    if (done % 256 === 0) await turn();
  }
  return { target: name, executions: done, findings, slowestMs };
}

/** Runs one input. */
export async function execute(
  target: Target,
  input: Uint8Array,
): Promise<{ readonly ms: number; readonly what: string | undefined }> {
  let what: string | undefined;
  const uncaught = (error: unknown): void => {
    what ??= `uncaught: ${describe(error)}`;
  };
  const start = performance.now();
  try {
    // A copy, because a parser may keep or change what it is given.
    const running = target.run(input.slice());
    if (running) {
      process.on("uncaughtException", uncaught).on("unhandledRejection", uncaught);
      await running;
      await turn();
    }
    checkPrototypes();
  } catch (error) {
    what ??= describe(error);
  } finally {
    process.off("uncaughtException", uncaught).off("unhandledRejection", uncaught);
  }
  return { ms: performance.now() - start, what };
}

/** The best time of a few, and of the processor: a process that waits for its turn does not hang. */
export async function fastest(target: Target, input: Uint8Array): Promise<number> {
  let best = Infinity;
  for (let run = 0; run < confirmations && best > maxMs; run += 1) {
    const before = process.cpuUsage();
    const { ms } = await execute(target, input);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, ms, (user + system) / 1_000);
  }
  return best;
}

/** Bytes of the heap and beside it that are in use after a collection. */
export async function usedBytes(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let round = 0; round < 3; round += 1) {
    collect();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function checkPrototypes(): void {
  must(Object.keys(Object.prototype).length === 0, "Object.prototype was changed");
  must(Object.keys(Array.prototype).length === 0, "Array.prototype was changed");
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stack = (error.stack ?? error.message).split("\n").slice(0, 5).join("\n");
  return error.cause === undefined ? stack : `${stack}\ncaused by ${describe(error.cause)}`;
}
