import { describeEntry } from "./schedule.ts";
import type { Shrunk } from "./shrink.ts";
import type { PresenceOutcome } from "./presence/simulate.ts";
import type { Outcome } from "./simulate.ts";

/** What a person needs to see a failure again. */
export function describeFailure({ seed, failure, tail, schedule }: Outcome): string {
  return [
    `seed ${seed}: ${failure}`,
    `its schedule has ${schedule.length} entries; the last of its trace:`,
    ...tail.map((line) => `  ${line}`),
    "",
  ].join("\n");
}

export function describePresenceFailure({ seed, failure, tail }: PresenceOutcome): string {
  return [
    `seed ${seed}: ${failure}`,
    "the last of its trace:",
    ...tail.map((line) => `  ${line}`),
    `node test/simulation/run.ts --presence --from ${seed} --seeds 1 --trace`,
    "",
  ].join("\n");
}

export function describeShrunk({ outcome, only, tries }: Shrunk): string {
  const entries = only.slice(0, 40).map((index) => `  ${describeEntry(outcome.schedule[index]!)}`);
  return [
    describeFailure(outcome),
    `needed of its schedule, after ${tries} tries:`,
    ...entries,
    `node test/simulation/run.ts --from ${outcome.seed} --seeds 1 --only ${only.join(",") || "-"} --trace`,
    "",
  ].join("\n");
}
