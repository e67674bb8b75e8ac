import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Health } from "../server/health.ts";
import type { ServerStats } from "../server/stats.ts";
import { exposition } from "./exposition.ts";
import { readProcess } from "./process.ts";
import { metricTable } from "./table.ts";

/** What is measured; every server fits. */
export interface Measured {
  stats(): ServerStats;
  health(): Health;
}

/** The `Content-Type` of {@link metrics}. */
export const metricsContentType = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Everything that Prometheus may know of a server and its process, as text.
 *
 * No metric has labels, so that their number never grows with channels or users.
 *
 * @example
 * ```ts
 * const server = createServer();
 * console.log(metrics(server));
 * ```
 */
export function metrics(server: Measured): string {
  const reading = { stats: server.stats(), health: server.health(), process: readProcess() };
  return exposition(
    Object.entries(metricTable).map(([name, { type, help, read }]) => ({ name, type, help, value: read(reading) })),
  );
}

/** Answers with {@link metrics}. Whoever can reach it reads them, so put it where only your monitoring can. */
export function metricsHandler(server: Measured): RequestListener {
  return (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { "Content-Type": metricsContentType, "Cache-Control": "no-store" }).end(metrics(server));
  };
}
