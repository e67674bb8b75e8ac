import { getHeapStatistics } from "node:v8";

/** What the process uses. */
export interface ProcessReading {
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly heapLimitBytes: number;
  readonly externalBytes: number;
  readonly cpuSeconds: number;
  readonly uptimeSeconds: number;
}

export function readProcess(): ProcessReading {
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    residentBytes: rss,
    heapUsedBytes: heapUsed,
    heapTotalBytes: heapTotal,
    heapLimitBytes: getHeapStatistics().heap_size_limit,
    externalBytes: external,
    cpuSeconds: (user + system) / 1_000_000,
    uptimeSeconds: process.uptime(),
  };
}
