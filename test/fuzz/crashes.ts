import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("crashes/", import.meta.url);

/** An input that once did harm. */
export interface Crash {
  readonly name: string;
  readonly target: string;
  readonly input: Uint8Array;
}

/** All of them: `crashes/<target>.<what it was>.base64`, one input in each. */
export function knownCrashes(): readonly Crash[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".base64"))
    .toSorted()
    .map((name) => ({
      name,
      target: name.split(".")[0]!,
      input: new Uint8Array(Buffer.from(readFileSync(new URL(name, folder), "utf8"), "base64")),
    }));
}
