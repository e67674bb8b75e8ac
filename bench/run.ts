/*
 * npm run bench: measures Carillon beside its rivals, on this machine, in one go. See README.md here.
 */
import { rmSync } from "node:fs";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beAlone } from "./alone.ts";
import { chart } from "./chart.ts";
import { describe, judge, type Verdict } from "./guards.ts";
import { machine } from "./machine.ts";
import { measure, takesPart, type Contestant } from "./measure.ts";
import type { Measurement } from "./measurement.ts";
import { help, readOptions, UsageError, type Options } from "./options.ts";
import { cellOf, keptOf, type Cell } from "./results.ts";
import { rivals } from "./rivals.ts";
import { comparison, figure, growth } from "./table.ts";
import { Tools } from "./tools.ts";
import { Unavailable } from "./unavailable.ts";
import { workloads as allWorkloads, type Workload } from "./workloads.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Everything that one `npm run bench` knows. */
interface Session {
  readonly options: Options;
  readonly workloads: readonly Workload[];
  readonly contestants: readonly Contestant[];
  readonly generator: string;
  readonly node: string;
  readonly runs: Map<string, Measurement[]>;
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") say(help);
  else process.exitCode = await bench(options);
} catch (error) {
  if (!(error instanceof UsageError || error instanceof Unavailable)) throw error;
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 2;
}

async function bench(options: Options): Promise<number> {
  await beAlone();
  const folder = await mkdtemp(join(tmpdir(), "carillon-bench-"));
  // Servers and generator go by themselves when this process does.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      rmSync(folder, { recursive: true, force: true });
      process.exit(1);
    });
  }
  try {
    const session = await prepare(options, new Tools(folder));
    for (const workload of session.workloads) await measureAll(session, workload);
    let verdicts = options.quick ? verdictsOf(session) : [];
    if (verdicts.some(({ holds }) => !holds)) verdicts = await again(session, verdicts);
    report(session, verdicts);
    if (!options.quick) await save(session);
    return verdicts.every(({ holds }) => holds) ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @throws {Unavailable} without a C compiler or Carillon itself */
async function prepare(options: Options, tools: Tools): Promise<Session> {
  const generator = await tools.compile("generator/generator.c");
  const node = await tools.node(options.node);
  const contestants: Contestant[] = [];
  for (const rival of rivals.filter(({ name }) => options.rivals.includes(name))) {
    try {
      contestants.push({ rival, launch: await rival.prepare(tools, node) });
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      say(`${rival.name} stays out: ${error.message}`);
    }
  }
  const workloads = allWorkloads.filter(({ name }) => options.workloads.includes(name));
  return { options, workloads, contestants, generator, node, runs: new Map() };
}

/** Run by run and, within a run, server by server, so that the machine's moods are shared. */
async function measureAll(session: Session, workload: Workload): Promise<void> {
  const out = new Set<string>();
  for (let run = 1; run <= session.options.runs; run += 1) {
    for (const contestant of session.contestants) {
      const { rival } = contestant;
      if (!takesPart(rival, workload) || out.has(rival.name)) continue;
      const done = await measureOnce(session, workload, contestant, `${run}/${session.options.runs}`);
      if (!done) out.add(rival.name);
    }
  }
}

/** @returns whether there is a figure; without one the server is left out of this workload */
async function measureOnce(
  session: Session,
  workload: Workload,
  contestant: Contestant,
  run: string,
): Promise<boolean> {
  const { name } = contestant.rival;
  const start = `${workload.name.padEnd(9)} ${name.padEnd(10)} ${run}  `;
  try {
    const measurement = await measure(session.generator, contestant, workload, session.options);
    const key = keyOf(workload.name, name);
    session.runs.set(key, [...(session.runs.get(key) ?? []), measurement]);
    const limited = measurement.limited ? "  (limited by the generator)" : "";
    say(`${start}${figure(workload.value(measurement)).padStart(7)} ${workload.unit}${limited}`);
    return true;
  } catch (error) {
    say(`${start}      –  ${(error as Error).message}`);
    return false;
  }
}

/** A guard that fails is measured twice more, because a single run on a shared machine proves little. */
async function again(session: Session, verdicts: readonly Verdict[]): Promise<readonly Verdict[]> {
  for (const { guard } of verdicts.filter(({ holds }) => !holds)) {
    const concerned = session.workloads.filter(({ name }) => name === guard.workload || name === guard.beside);
    for (const run of ["again", "again"]) {
      for (const workload of concerned) {
        for (const contestant of session.contestants) {
          const { name } = contestant.rival;
          if (name === "carillon" || name === guard.rival) await measureOnce(session, workload, contestant, run);
        }
      }
    }
  }
  return verdictsOf(session);
}

function cells({ workloads, contestants, runs }: Session): readonly Cell[] {
  return workloads.flatMap((workload) =>
    contestants.flatMap(({ rival }) => {
      const found = runs.get(keyOf(workload.name, rival.name));
      return found ? [cellOf(workload, rival.name, found)] : [];
    }),
  );
}

function verdictsOf(session: Session): readonly Verdict[] {
  return judge(cells(session), session.options.workloads, servers(session));
}

function keyOf(workload: string, server: string): string {
  return `${workload} ${server}`;
}

function servers({ contestants }: Session): readonly string[] {
  return contestants.map(({ rival }) => rival.name);
}

function report(session: Session, verdicts: readonly Verdict[]): void {
  const { workloads } = session;
  say(`\n${comparison(cells(session), servers(session), workloads)}`);
  say("\nLower is better; (×) is beside Carillon in the same run; * the generator was the limit.\n");
  for (const { name, title } of workloads) say(`${name.padEnd(9)} ${title}`);
  const ownGrowth = growth(cells(session), workloads);
  if (ownGrowth) say(`\n${ownGrowth}`);
  if (verdicts.length > 0) say(`\n${verdicts.map(describe).join("\n")}`);
}

/** Keeps the results of a complete run under its date, others as `partial`, which git ignores. */
async function save(session: Session): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  const folder = join(import.meta.dirname, "results");
  const file = join(folder, session.options.isComplete ? date : "partial");
  const { runs, seconds, warmup } = session.options;
  const found = cells(session);
  const facts = {
    date,
    machine: machine(session.node),
    runs,
    seconds,
    warmup,
    payloadBytes: 128,
    cells: found.map(keptOf),
  };
  await mkdir(folder, { recursive: true });
  await writeFile(`${file}.json`, `${JSON.stringify(facts, undefined, 2)}\n`);
  const charted = session.workloads.filter(({ name }) => name === "W16" || name === "W1").reverse();
  if (charted.length > 0) await writeFile(`${file}.svg`, chart(found, servers(session), charted));
  say(`\nkept in bench/results/${session.options.isComplete ? date : "partial"}.json and .svg`);
}
