#!/usr/bin/env node
// Nothing here, or imported from here, may be newer than the oldest Node that should be told that it is too old.
import { nodeRefusal } from "./node-version.ts";

const refusal = nodeRefusal(process.versions.node);
if (refusal === undefined) {
  const { run } = await import("./run.ts");
  await run(process.argv.slice(2));
} else {
  console.error(refusal);
  process.exitCode = 1;
}
