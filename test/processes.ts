import { spawn, type ChildProcessByStdio } from "node:child_process";
import { delimiter, dirname } from "node:path";
import type { Readable } from "node:stream";
import { watch } from "./canary.ts";

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** A program that is running; what it prints, on both streams, is kept. */
export interface Running {
  readonly output: string;
  readonly pid: number;
  /** Resolves when the output holds the text, and rejects with the output when the program ends before. */
  prints(text: string | RegExp): Promise<void>;
  ended(): Promise<Ended>;
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts a program in a process group of its own; `node` and `npm` mean the Node that runs the tests. */
export function start(command: string, args: readonly string[], { cwd, env }: RunOptions): Running {
  const path = [dirname(process.execPath), process.env["PATH"]].join(delimiter);
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(command, args, {
    cwd,
    detached: true,
    env: { ...process.env, NO_COLOR: "1", ...env, PATH: path },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const heard = new Set<() => void>();
  let output = "";
  let end: Ended | undefined;
  const tell = (): void => heard.forEach((look) => look());
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      watch(`printed by ${command}`, text);
      tell();
    });
  }
  const finish = (code: number | null): void => {
    end ??= { code, output };
    tell();
  };
  child.on("close", finish);
  child.on("error", (error) => {
    output += String(error);
    finish(null);
  });

  function until<Result>(look: () => Result | undefined, failed: () => Error): Promise<Result> {
    return new Promise((resolve, reject) => {
      const again = (): void => {
        const found = look();
        if (found === undefined && !end) return;
        heard.delete(again);
        if (found === undefined) reject(failed());
        else resolve(found);
      };
      heard.add(again);
      again();
    });
  }

  const died = (): Error => new Error(`${command} ${args.join(" ")} ended with ${end?.code} and printed:\n${output}`);
  return {
    get output() {
      return output;
    },
    pid: child.pid ?? 0,
    async prints(text) {
      await until(() => (typeof text === "string" ? output.includes(text) : text.test(output)) || undefined, died);
    },
    ended: () => until(() => end, died),
    async stop() {
      if (end || child.pid === undefined) return;
      process.kill(-child.pid, "SIGTERM");
      await until(() => end, died);
    },
  };
}

/** Runs a program to its end. @throws {Error} with what it printed, unless it ends with 0 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { code, output } = await start(command, args, options).ended();
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code} and printed:\n${output}`);
  return output;
}
