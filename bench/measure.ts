import type { Measurement } from "./measurement.ts";
import { runGenerator } from "./generator.ts";
import type { Launch, Rival } from "./rivals.ts";
import { freePort } from "./free-port.ts";
import { startServer } from "./server-process.ts";
import type { Workload } from "./workloads.ts";

/** How long one run is. */
export interface Pace {
  readonly seconds: number;
  readonly warmup: number;
}

/** A server that is ready to be started. */
export interface Contestant {
  readonly rival: Rival;
  readonly launch: Launch;
}

/** Below this share of a core, neither side was busy: the machine was. */
const busyShare = 0.85;
const attempts = 3;

/**
 * One run of a workload on a freshly started server. A run in which nobody was busy is done again, twice at most; some
 * servers are never busy, and then the last run counts.
 *
 * @throws {Error} when the server does not start, or not everybody got everything
 */
export async function measure(
  generator: string,
  { rival, launch }: Contestant,
  workload: Workload,
  pace: Pace,
): Promise<Measurement> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const server = await startServer(port, await launch(port, workload.flags));
    try {
      const args = generatorArgs(rival, workload, pace);
      const found = await runGenerator(generator, ["--port", String(port), "--pids", String(server.pid), ...args]);
      const isDisturbed = workload.isSaturating && Math.max(found.serverShare, found.generatorShare) < busyShare;
      if (!isDisturbed || attempt === attempts) return found;
    } catch (error) {
      throw server.fault === undefined ? error : new Error(`the server ended: ${server.fault}`, { cause: error });
    } finally {
      await server.stop();
    }
  }
}

/** Which servers take part in a workload. */
export function takesPart({ name, compresses }: Rival, { persona, flags }: Workload): boolean {
  if (persona !== undefined && name !== "carillon") return false;
  return compresses || !flags.includes("--compress");
}

export function generatorArgs(rival: Rival, workload: Workload, { seconds, warmup }: Pace): readonly string[] {
  const asks = workload.name === "W5" && rival.hasRequests;
  return [
    ...["--persona", workload.persona ?? rival.persona],
    ...["--seconds", String(seconds), "--warmup", String(warmup)],
    ...workload.args,
    ...(asks ? ["--request"] : []),
  ];
}
