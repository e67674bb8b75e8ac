import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { turn } from "../transports/http/serve.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes that are in use, within the heap and beside it, once what nobody needs was collected. */
export async function usedBytes(): Promise<number> {
  // What one collection lets go of may be all that held something else.
  for (let round = 0; round < 3; round += 1) {
    await turn();
    collect();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
