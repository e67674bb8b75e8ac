import { inspect } from "node:util";
import type { Logger } from "../src/index.ts";

/** A secret that every client of every test carries: no log, no metric, no error and no answer may hold it. */
export const canary = "canary-7d1f0e9b";

/** The canary, and whatever else is a token by its form. */
const secret = new RegExp(`${canary}|\\beyJ[\\w-]+\\.eyJ[\\w-]+\\.[\\w-]*`);

/** What was found in this process since somebody looked. */
const leaks: string[] = [];

/** @returns what is around a secret in the text, if there is one */
export function secretIn(text: string): string | undefined {
  const at = text.search(secret);
  return at < 0 ? undefined : text.slice(Math.max(0, at - 100), at + 100);
}

/** Looks for secrets in what somebody can read. The test that is running fails for them once it is over. */
export function watch(place: string, text: string): void {
  const found = secretIn(text);
  if (found !== undefined) leaks.push(`${place}: ${found}`);
}

/** What was found, once. */
export function takeLeaks(): readonly string[] {
  return leaks.splice(0);
}

/** Prints nothing, and looks at everything that it is told. */
export const silent: Logger = { info: look, warn: look, error: look };

function look(facts: object, message: string): void {
  watch("a line of the log", `${message} ${inspect(facts, { depth: 8 })}`);
}
