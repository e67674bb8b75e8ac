import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { watch } from "../canary.ts";

/** The command as it is installed: the compiler's output. */
export const main: string = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

type Environment = Readonly<Record<string, string>>;

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A server that is listening. */
export interface Running {
  readonly url: string;
  readonly port: number;
  /** Everything it has logged so far. */
  readonly log: readonly LogEntry[];
  readonly stderr: () => string;
  kill(signal: NodeJS.Signals): void;
  /** Waits for an entry, whether it was logged already or not. */
  logged(message: string): Promise<LogEntry>;
  readonly ended: Promise<Ended>;
}

export interface LogEntry {
  readonly level: string;
  readonly msg: string;
  readonly [fact: string]: unknown;
}

/** Runs the command to its end. */
export function run(args: readonly string[], env: Environment = {}, cwd?: string): Promise<Ended> {
  return ended(spawnCommand(args, env, cwd));
}

/** Starts a server on a free port, unless the arguments say otherwise, and ends it with the test. */
export async function start(args: readonly string[] = [], env: Environment = {}): Promise<Running> {
  const server = await startFor(args, env);
  onTestFinished(async () => {
    server.kill("SIGKILL");
    await server.ended;
  });
  return server;
}

/** As {@link start}, for more than one test: whoever calls it ends it. */
export async function startFor(args: readonly string[] = [], env: Environment = {}): Promise<Running> {
  const child = spawnCommand(["serve", ...args], { CARILLON_PORT: "0", ...env });
  const log: LogEntry[] = [];
  const listeners = new Set<() => void>();
  let rest = "";
  let stderr = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) log.push(JSON.parse(line) as LogEntry);
    for (const look of listeners) look();
  });
  const end = ended(child);
  const logged = (message: string): Promise<LogEntry> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const entry = log.find(({ msg }) => msg === message);
        if (!entry) return;
        listeners.delete(look);
        resolve(entry);
      };
      listeners.add(look);
      look();
      void end.then(({ code }) => reject(new Error(`it ended with ${code} before it logged "${message}": ${stderr}`)));
    });
  const { url } = (await logged("listening")) as LogEntry & { readonly url: string };
  const kill = (signal: NodeJS.Signals): void => void child.kill(signal);
  return { url, port: Number(new URL(url).port), log, stderr: () => stderr, kill, logged, ended: end };
}

/** Writes files into a folder that goes away with the test. @returns the folder's path */
export function folder(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), "carillon-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

/** Writes one file. @returns its path */
export function file(name: string, text: string): string {
  return join(folder({ [name]: text }), name);
}

function spawnCommand(args: readonly string[], env: Environment, cwd: string = dirname(main)): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("CARILLON_") && name !== "PORT");
  return spawn(process.execPath, [main, ...args], {
    cwd,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function ended(child: ChildProcess): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout!.on("data", (text: Buffer) => (stdout += text.toString()));
  child.stderr!.on("data", (text: Buffer) => (stderr += text.toString()));
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on("data", (text: Buffer) => watch("printed by the command", text.toString()));
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}
