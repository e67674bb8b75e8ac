import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { hunt, inParallel, type Found } from "./hunt.ts";
import { mutants, type Mutant } from "./mutants.ts";

/** A bug that needs more seeds is as good as not found. */
const maxSeeds = 200;

const help = `usage: node test/simulation/gate.ts [options]

Searches every planted bug afresh, and says how many seeds it takes.

  --only words     those with these words in their names
  --record         writes the seeds into mutants.ts
`;

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    record: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const print = (text: string): void => void process.stdout.write(`${text}\n`);

async function search(mutant: Mutant): Promise<Found | undefined> {
  const found = await hunt(mutant, 1, maxSeeds);
  const seed = found ? String(found.seed) : "none";
  print(`${seed.padStart(4)}  ${mutant.name.padEnd(66)}  ${found?.failure.slice(0, 100) ?? ""}`);
  return found;
}

function record(seeds: readonly (readonly [name: string, seed: number])[]): void {
  const file = new URL("mutants.ts", import.meta.url);
  let source = readFileSync(file, "utf8");
  for (const [name, seed] of seeds) {
    const start = source.indexOf(`name: ${JSON.stringify(name)}`);
    source = source.slice(0, start) + source.slice(start).replace(/seed: \d+/, `seed: ${seed}`);
  }
  writeFileSync(file, source);
}

if (values.help) print(help);
else {
  const chosen = mutants.filter(({ name }) => name.includes(values.only));
  const found = await inParallel(chosen, availableParallelism(), search);
  const seeds = chosen.flatMap(({ name }, index) => (found[index] ? [[name, found[index].seed] as const] : []));
  if (values.record) record(seeds);
  print(`${chosen.length} planted bugs, ${chosen.length - seeds.length} not found within ${maxSeeds} seeds`);
  if (seeds.length < chosen.length) process.exitCode = 1;
}
