import type { Reporter, TestModule } from "vitest/node";
import { groups, rowOf, rowsOf } from "./catalogue.ts";
import { elsewhere, outOfScope } from "./scope.ts";

/** Prints, after a run that tried hostile inputs, how many rows each group has and what came of them. */
export default class HostileTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules
      .filter(({ moduleId, project }) => moduleId.includes("/test/hostile/") && project.name === "source")
      .flatMap((module) => [...module.children.allTests()])
      .map((test) => ({ id: rowOf(test.name), isAsExpected: test.result().state === "passed" }))
      .filter(({ id }) => id !== undefined);
    if (tests.length === 0) return;
    const lines = Object.entries(groups).map(([group, { about }]) => {
      const ids = rowsOf(group);
      const own = tests.filter(({ id }) => ids.includes(id!));
      const counts = [
        ids.length,
        new Set(own.map(({ id }) => id)).size,
        ids.filter((id) => id in elsewhere).length,
        ids.filter((id) => id in outOfScope).length,
        own.length,
        own.filter(({ isAsExpected }) => isAsExpected).length,
      ];
      return `  ${group.padEnd(4)}${counts.map((count) => String(count).padStart(10)).join("")}  ${about}`;
    });
    const titles = ["rows", "here", "elsewhere", "out", "inputs", "expected"];
    const head = `  ${"".padEnd(4)}${titles.map((title) => title.padStart(10)).join("")}`;
    const reasons = Object.entries(outOfScope).map(([id, reason]) => `  ${id.padEnd(5)} ${reason}`);
    process.stdout.write(["", " Hostile inputs", head, ...lines, "", " Out of scope", ...reasons, "", ""].join("\n"));
  }
}
