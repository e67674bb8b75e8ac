import { mutants } from "./mutants.ts";
import { plant } from "./mutation.ts";

/**
 * A process of its own for one planted bug: its name, the first seed and how many. Says the seed that found it, and why.
 *
 * It is planted before anything of the source is imported.
 */
const [name, from = "1", seeds = "1"] = process.argv.slice(2);
const mutant = mutants.find((candidate) => candidate.name === name);
if (!mutant) throw new Error(`there is no mutant "${name}"`);
plant([mutant]);

const simulate =
  mutant.world === "presence"
    ? (await import("./presence/simulate.ts")).simulatePresence
    : (await import("./simulate.ts")).simulate;
for (let seed = Number(from); seed < Number(from) + Number(seeds); seed += 1) {
  const { failure } = await simulate(seed);
  if (failure === undefined) continue;
  process.stdout.write(JSON.stringify({ seed, failure: failure.split("\n", 1)[0] }));
  break;
}
