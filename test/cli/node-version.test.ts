import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { parse } from "acorn";
import { describe, expect, test } from "vitest";
import { nodeRefusal } from "../../src/cli/node-version.ts";
import { main } from "./command.ts";

describe("the oldest Node", () => {
  test.each(["22.12.0", "22.23.3", "23.0.0", "24.21.0", "100.0.0"])("%s is new enough", (version) => {
    expect(nodeRefusal(version)).toBeUndefined();
  });

  test.each(["22.11.0", "22.9.0", "21.99.0", "20.20.2", "18.0.0", "9.0.0"])("%s is refused in one line", (version) => {
    expect(nodeRefusal(version)).toBe(`carillon needs Node 22.12 or newer; this is ${version}`);
  });

  test("what runs before the version is known can be read by old ones", () => {
    for (const name of ["main.js", "node-version.js"]) {
      const code = readFileSync(new URL(name, `file://${main}`), "utf8");
      expect(() => parse(code, { ecmaVersion: 2022, sourceType: "module", allowHashBang: true })).not.toThrow();
    }
  });

  const old = oldNode();
  test.skipIf(old === undefined)("an old Node that is installed is told so, with exit code 1", () => {
    const { status, stdout, stderr } = spawnSync(old!.path, [main, "serve"], { encoding: "utf8" });
    expect(stderr).toBe(`carillon needs Node 22.12 or newer; this is ${old!.version}\n`);
    expect(stdout).toBe("");
    expect(status).toBe(1);
  });
});

/** The system's own Node, when it is one that has to be refused. */
function oldNode(): { readonly path: string; readonly version: string } | undefined {
  const path = "/usr/bin/node";
  try {
    const version = execFileSync(path, ["--version"], { encoding: "utf8" }).trim().slice(1);
    return Number(version.split(".")[0]) < 22 ? { path, version } : undefined;
  } catch {
    return undefined;
  }
}
