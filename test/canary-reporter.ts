import type { SerializedError, UserConsoleLog } from "vitest";
import type { Reporter, TestModule } from "vitest/node";
import { secretIn } from "./canary.ts";

/** Fails a run in which a secret was printed, or is in an error. */
export default class CanaryReporter implements Reporter {
  readonly #leaks: string[] = [];

  onUserConsoleLog({ content }: UserConsoleLog): void {
    this.#look("printed", content);
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const failures = modules
      .flatMap((module) => [module, ...module.children.allSuites(), ...module.children.allTests()])
      .flatMap((task) => (task.type === "test" ? (task.result().errors ?? []) : task.errors()));
    for (const { message, stack = "" } of [...failures, ...unhandled])
      this.#look("in an error", `${message}\n${stack}`);
    if (this.#leaks.length === 0) return;
    process.stdout.write(["", " Secrets were found", ...this.#leaks.map((leak) => `  ${leak}`), "", ""].join("\n"));
    process.exitCode = 1;
  }

  #look(place: string, text: string): void {
    const found = secretIn(text);
    if (found !== undefined) this.#leaks.push(`${place}: ${found}`);
  }
}
