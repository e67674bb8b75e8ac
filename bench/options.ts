import { parseArgs } from "node:util";
import { quickRivals, rivals } from "./rivals.ts";
import { quickWorkloads, workloads } from "./workloads.ts";

/** What is to be measured, and how long. */
export interface Options {
  readonly quick: boolean;
  readonly workloads: readonly string[];
  readonly rivals: readonly string[];
  readonly runs: number;
  readonly seconds: number;
  readonly warmup: number;
  /** Node's major version for the servers that run on Node; otherwise the one that runs this. */
  readonly node: string | undefined;
  /** Everything was asked for, so the results may be kept. */
  readonly isComplete: boolean;
}

/** The command line was wrong. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const help: string = `usage: npm run bench -- [options]

  --quick             two minutes: four servers, short runs, and the guards; exit code 1 when one fails
  --only W16,W1       these workloads (${workloads.map(({ name }) => name).join(", ")})
  --rivals ws,bun     Carillon and these (${rivals.map(({ name }) => name).join(", ")})
  --runs N            of each, medians count (3; quick: 1)
  --seconds N         that are measured in one run (3; quick: 1)
  --node 22|24|26     for the servers on Node (the Node that runs this)
`;

/** @throws {UsageError} */
export function readOptions(words: readonly string[]): Options | "help" {
  const { values } = parsed(words);
  if (values.help) return "help";
  const quick = values.quick ?? false;
  const everyRival = rivals.map(({ name }) => name);
  const everyWorkload = workloads.map(({ name }) => name);
  const chosen = names("--rivals", values.rivals, everyRival);
  const only = names("--only", values.only, everyWorkload);
  return {
    quick,
    workloads: only ?? (quick ? quickWorkloads : everyWorkload),
    rivals: chosen ? [...new Set(["carillon", ...chosen])] : quick ? quickRivals : everyRival,
    runs: number("--runs", values.runs, quick ? 1 : 3, 1, 99),
    seconds: number("--seconds", values.seconds, quick ? 1 : 3, 0.5, 60),
    warmup: quick ? 0.5 : 1,
    node: values.node,
    isComplete: !quick && only === undefined && chosen === undefined,
  };
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        quick: { type: "boolean" },
        only: { type: "string" },
        rivals: { type: "string" },
        runs: { type: "string" },
        seconds: { type: "string" },
        node: { type: "string" },
        help: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function names(option: string, given: string | undefined, known: readonly string[]): readonly string[] | undefined {
  if (given === undefined) return undefined;
  const found = given.split(",").map((word) => {
    const name = known.find((candidate) => candidate.toLowerCase() === word.trim().toLowerCase());
    if (name === undefined) throw new UsageError(`${option}: there is no "${word}"; there are ${known.join(", ")}`);
    return name;
  });
  return known.filter((name) => found.includes(name));
}

function number(option: string, given: string | undefined, otherwise: number, least: number, most: number): number {
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (given.trim() !== "" && value >= least && value <= most) return value;
  throw new UsageError(`${option}: "${given}" is not a number from ${least} to ${most}`);
}
