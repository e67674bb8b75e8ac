import { parseArgs } from "node:util";
import { campaign, execute, maxGrowthBytes, usedBytes, type Finding } from "./campaign.ts";
import { targets } from "./targets.ts";

const help = `usage: npm run fuzz -- [options]

  --seconds N      so long (60)
  --seed S         the first seed (1); each round through the targets takes the next one
  --target T       only this one: ${targets.map(({ name }) => name).join(", ")}
  --input B        runs this one input of --target, in base64
`;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
    target: { type: "string" },
    input: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

/** A target's share of a round, in ms: short, so that all of them are seen at each quarter of the way. */
const shareMs = 1_000;

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const print = (text: string): void => void process.stdout.write(`${text}\n`);

function report({ kind, target, seed, execution, what, input }: Finding): void {
  print(`${kind} in ${target}, seed ${seed}, execution ${execution}: ${what}`);
  print(`  npm run fuzz -- --target ${target} --input ${Buffer.from(input).toString("base64")}`);
}

/** @returns whether nothing was found */
async function run(): Promise<boolean> {
  const chosen = targets.filter(({ name }) => values.target === undefined || name === values.target);
  if (chosen.length === 0) {
    print(help);
    return false;
  }
  if (values.input !== undefined) {
    const { ms, what } = await execute(chosen[0]!, new Uint8Array(Buffer.from(values.input, "base64")));
    print(`${ms.toFixed(1)} ms; ${what ?? "nothing happened"}`);
    return what === undefined;
  }
  const start = performance.now();
  const end = start + Number(values.seconds) * 1_000;
  const quarter = start + (end - start) / 4;
  const totals = new Map(chosen.map(({ name }) => [name, { executions: 0, slowestMs: 0 }]));
  let [crashes, hangs] = [0, 0];
  let early: number | undefined;
  for (let seed = Number(values.seed); performance.now() < end; seed += 1) {
    for (const target of chosen) {
      const until = Math.min(end, performance.now() + shareMs);
      const { findings, executions, slowestMs } = await campaign(target, { seed, executions: Infinity, until });
      const total = totals.get(target.name)!;
      total.executions += executions;
      total.slowestMs = Math.max(total.slowestMs, slowestMs);
      // The others of a round are mostly the same once more.
      findings.slice(0, 1).forEach(report);
      crashes += findings.filter(({ kind }) => kind === "crash").length;
      hangs += findings.filter(({ kind }) => kind === "hang").length;
      if (early === undefined && performance.now() >= quarter) early = await usedBytes();
    }
  }
  const late = await usedBytes();
  const growth = late - (early ?? late);
  for (const [name, { executions, slowestMs }] of totals) {
    print(`${name.padEnd(24)} ${String(executions).padStart(10)} executions, the slowest ${slowestMs.toFixed(1)} ms`);
  }
  const sum = [...totals.values()].reduce((all, { executions }) => all + executions, 0);
  const seconds = ((performance.now() - start) / 1_000).toFixed(1);
  print(
    `${sum} executions in ${seconds} s, ${crashes} uncaught, ${hangs} hangs over 50 ms, ` +
      `heap ${mebibytes(early ?? late)} at a quarter and ${mebibytes(late)} at the end`,
  );
  if (growth > maxGrowthBytes) print(`the heap grew by ${mebibytes(growth)}`);
  return crashes + hangs === 0 && growth <= maxGrowthBytes;
}

if (values.help) print(help);
else if (!(await run())) process.exitCode = 1;
