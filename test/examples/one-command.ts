import { readFileSync } from "node:fs";
import { expect, onTestFinished } from "vitest";
import { freePort } from "../../bench/free-port.ts";
import { start } from "../processes.ts";

const root = new URL("../../", import.meta.url);

/** Runs an example as its one command does. @returns where it serves */
export async function startExample(system: string): Promise<string> {
  const port = await freePort();
  const { scripts } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const [program, ...words] = scripts[`example:${system}`]!.split(" ").slice(1);
  const running = start(program!, words, { cwd: root.pathname, env: { PORT: String(port), NODE_OPTIONS: "" } });
  onTestFinished(() => running.stop());
  const url = `http://127.0.0.1:${port}`;
  await running.prints(url);
  return url;
}

/** Its page is served, and takes what others write for text. */
export async function expectPage(url: string): Promise<void> {
  const answer = await fetch(url);
  const page = await answer.text();
  expect(answer.status).toBe(200);
  expect(page).toContain("<h1>");
  expect(page).toContain("textContent");
  expect(page).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write/);
  expect((await fetch(`${url}/other`)).status).toBe(404);
}
