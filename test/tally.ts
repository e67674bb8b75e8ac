import { appendFileSync } from "node:fs";
import type { SerializedError } from "vitest";
import type { Reporter, TestModule } from "vitest/node";

/**
 * Appends one line, `passed failed`, to the file that the environment variable `TEST_TALLY` names; without it, nothing.
 *
 * Several runs may so be added up. A file that could not be loaded and an error outside of any test are failures too.
 */
export default class Tally implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const file = process.env["TEST_TALLY"];
    if (!file) return;
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const passed = tests.filter((test) => test.result().state === "passed").length;
    const failed = tests.filter((test) => test.result().state === "failed").length;
    const broken = suites.filter((suite) => suite.errors().length > 0).length;
    appendFileSync(file, `${passed} ${failed + broken + unhandled.length}\n`);
  }
}
