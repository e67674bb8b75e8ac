import { once } from "node:events";
import { createServer } from "node:net";
import { Unavailable } from "./unavailable.ts";

/**
 * Makes sure that this is the only benchmark on the machine, until the process ends: two of them share the same two cores.
 *
 * @throws {Unavailable} when there is another
 */
export async function beAlone(): Promise<void> {
  // A name of Linux's abstract namespace: it is no file, and goes with the process.
  const lock = createServer().listen("\0carillon-bench");
  lock.unref();
  try {
    await once(lock, "listening");
  } catch {
    throw new Unavailable("another benchmark runs on this machine; they would measure each other");
  }
}
