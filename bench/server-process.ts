import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { onPath } from "./tools.ts";

/** A program and its arguments. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A server that answers on its port. */
export interface ServerProcess {
  readonly pid: number;
  readonly port: number;
  /** What it printed last, if it has ended by itself. */
  readonly fault: string | undefined;
  stop(): Promise<void>;
}

const startTimeoutMs = 15_000;

/** The command on one core where `taskset` is, and gone with this process where `setpriv` is. */
export function pinned(core: number, { program, args }: Command): { program: string; args: readonly string[] } {
  const prefix: string[] = [];
  if (onPath("setpriv")) prefix.push("setpriv", "--pdeathsig", "KILL");
  if (onPath("taskset") && availableParallelism() > 1) prefix.push("taskset", "-c", String(core));
  const [first = program, ...rest] = [...prefix, program, ...args];
  return { program: first, args: rest };
}

/** Starts a server on core 0 and waits for its port. @throws {Error} with what it printed, when it ends before that */
export async function startServer(port: number, command: Command): Promise<ServerProcess> {
  const { program, args } = pinned(0, command);
  const env = { ...process.env, ...command.env };
  const child = spawn(program, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  let printed = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    printed = (printed + text).slice(-2_000);
  });
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", (error) => {
      printed += String(error);
      resolve();
    });
  });
  let isOver = false;
  void ended.then(() => (isOver = true));
  const stop = async (): Promise<void> => {
    if (child.pid !== undefined) child.kill("SIGTERM");
    if (await Promise.race([ended.then(() => true), sleep(2_000, false)])) return;
    child.kill("SIGKILL");
    await ended;
  };
  const deadline = Date.now() + startTimeoutMs;
  while (!(await answers(port))) {
    if (!isOver && Date.now() < deadline) {
      await sleep(50);
      continue;
    }
    await stop();
    throw new Error(lastLine(printed) || "it did not start");
  }
  return {
    pid: child.pid!,
    port,
    stop,
    get fault() {
      return isOver ? lastLine(printed) || "it ended" : undefined;
    },
  };
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Of an error that Node prints, the line that says what it is. */
function lastLine(printed: string): string {
  const lines = printed.trim().split("\n");
  return (lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? "").slice(0, 200);
}
