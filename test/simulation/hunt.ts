import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Mutant } from "./mutants.ts";

/** How a planted bug was found. */
export interface Found {
  readonly seed: number;
  readonly failure: string;
}

const program = fileURLToPath(new URL("mutant-run.ts", import.meta.url));

/** A bug that lets the world stand still is found, too. */
const timeoutMs = 120_000;

/** Looks for a planted bug in a process of its own. @returns `undefined` when none of the seeds finds it */
export async function hunt({ name }: Mutant, from: number, seeds: number): Promise<Found | undefined> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, name, String(from), String(seeds)], {
    timeout: timeoutMs,
  });
  return stdout === "" ? undefined : (JSON.parse(stdout) as Found);
}

/** Runs so many at a time. @returns the results in the order of the items */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  lanes: number,
  run: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const entries = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of entries) results[index] = await run(item);
  };
  await Promise.all(Array.from({ length: lanes }, work));
  return results;
}
