import { execFile } from "node:child_process";
import type { Measurement } from "./measurement.ts";
import { pinned } from "./server-process.ts";

/** Longer than any run: nothing is left behind. */
const timeoutMs = 120_000;

/** Runs the generator once, on core 1. @throws {Error} with what it says is wrong */
export function runGenerator(program: string, args: readonly string[]): Promise<Measurement> {
  const command = pinned(1, { program, args });
  return new Promise((resolve, reject) => {
    execFile(command.program, command.args, { timeout: timeoutMs, killSignal: "SIGKILL" }, (error, stdout, stderr) => {
      const complaint = stderr
        .trim()
        .split("\n")[0]
        ?.replace(/^generator: /, "");
      if (error) reject(new Error(complaint || faultOf(stdout) || "the generator was stopped"));
      else resolve(JSON.parse(stdout) as Measurement);
    });
  });
}

function faultOf(stdout: string): string | undefined {
  if (!stdout.startsWith("{")) return undefined;
  const { total, errors, inflatedWrong } = JSON.parse(stdout) as Measurement;
  if (errors > 0) return `${errors} errors from the server`;
  if (inflatedWrong) return "what was compressed does not inflate to what was published";
  if (!total || total.complete) return undefined;
  return `incomplete: ${total.deliveries} deliveries of ${total.publications} publications`;
}
