import { parseArgs } from "node:util";
import { simulatePresence } from "./presence/simulate.ts";
import { describeFailure, describePresenceFailure, describeShrunk } from "./report.ts";
import { shrink } from "./shrink.ts";
import { simulate } from "./simulate.ts";

const help = `usage: node test/simulation/run.ts [options]

  --seeds N        so many seeds (60)
  --from N         the first of them (1)
  --minutes M      no longer than this
  --every N        each N-th seed is run twice, and must go the same way (20)
  --only 3,17,20   only these entries of the seed's schedule; "-": none
  --trace          prints everything that happens
  --keep-going     after a failure, without making it smaller
  --presence       the world of presence: 200 users who come and go
`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "60" },
    from: { type: "string", default: "1" },
    minutes: { type: "string", default: "Infinity" },
    every: { type: "string", default: "20" },
    only: { type: "string" },
    trace: { type: "boolean", default: false },
    "keep-going": { type: "boolean", default: false },
    presence: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const print = (text: string): void => void process.stdout.write(`${text}\n`);

async function run(): Promise<number> {
  const first = Number(values.from);
  const start = performance.now();
  const only = values.only
    ?.split(",")
    .filter((word) => /^\d+$/.test(word))
    .map(Number);
  const options = { ...(only && { only }), ...(values.trace && { print }) };
  let seeds = 0;
  let failures = 0;
  let events = 0;
  let heard = 0;
  let gaps = 0;
  for (let seed = first; seed < first + Number(values.seeds); seed += 1) {
    if (performance.now() - start > Number(values.minutes) * 60_000) break;
    const outcome = await simulate(seed, options);
    seeds += 1;
    events += outcome.events;
    heard += outcome.heard;
    gaps += outcome.gaps;
    if (outcome.failure !== undefined) {
      failures += 1;
      if (values["keep-going"]) print(`seed ${seed}: ${outcome.failure}`);
      else {
        print(only ? describeFailure(outcome) : describeShrunk(await shrink(outcome, 60_000)));
        break;
      }
    } else if (seed % Number(values.every) === 0 && !only && (await simulate(seed)).hash !== outcome.hash) {
      print(`seed ${seed} went two ways`);
      failures += 1;
    }
  }
  const seconds = (performance.now() - start) / 1_000;
  print(
    `${seeds} seeds, ${failures} failures, ${events} events, ${heard} heard, ${gaps} gaps, ${seconds.toFixed(1)} s`,
  );
  return failures;
}

async function runPresence(): Promise<number> {
  const first = Number(values.from);
  const start = performance.now();
  let seeds = 0;
  let failures = 0;
  let moves = 0;
  for (let seed = first; seed < first + Number(values.seeds); seed += 1) {
    if (performance.now() - start > Number(values.minutes) * 60_000) break;
    const outcome = await simulatePresence(seed, values.trace ? print : undefined);
    seeds += 1;
    moves += outcome.moves;
    if (outcome.failure !== undefined) {
      failures += 1;
      print(describePresenceFailure(outcome));
      if (!values["keep-going"]) break;
    } else if (seed % Number(values.every) === 0 && (await simulatePresence(seed)).hash !== outcome.hash) {
      print(`seed ${seed} went two ways`);
      failures += 1;
    }
  }
  const seconds = (performance.now() - start) / 1_000;
  print(`${seeds} seeds, ${failures} failures, ${moves} comings and goings told, ${seconds.toFixed(1)} s`);
  return failures;
}

if (values.help) print(help);
else if ((await (values.presence ? runPresence() : run())) > 0) process.exitCode = 1;
