import type { Health } from "../server/health.ts";
import type { ServerStats } from "../server/stats.ts";
import type { ProcessReading } from "./process.ts";

/** What metrics are read from, all of it at one moment. */
export interface Reading {
  readonly stats: ServerStats;
  readonly health: Health;
  readonly process: ProcessReading;
}

/** One metric: what it is, and where it is read. */
export interface Metric {
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly read: (reading: Reading) => number;
}

/** For every one of `server.stats()`: name, type and meaning. One that is missing here does not compile. */
const ofStats: { readonly [Name in keyof ServerStats]: readonly [name: string, type: Metric["type"], help: string] } = {
  connections: ["carillon_connections", "gauge", "Connections that are open."],
  suspended: ["carillon_connections_suspended", "gauge", "Open connections whose client is away and may come back."],
  channels: ["carillon_channels", "gauge", "Channels with someone in them on this node."],
  subscriptions: ["carillon_subscriptions", "gauge", "Subscriptions that are live."],
  connected: ["carillon_connections_opened_total", "counter", "Connections that were opened."],
  refused: ["carillon_connections_refused_total", "counter", "Connection attempts that were refused."],
  turnedAway: ["carillon_clients_turned_away_total", "counter", "Clients turned away at the door, being too many."],
  paused: ["carillon_clients_paused_total", "counter", "Times that a client sent too fast, and had to wait."],
  resumed: ["carillon_connections_resumed_total", "counter", "Connections that came back."],
  slow: ["carillon_connections_slow_total", "counter", "Connections ended because too much waited for them."],
  tooFast: ["carillon_connections_too_fast_total", "counter", "Connections ended because they kept sending too fast."],
  published: ["carillon_publications_total", "counter", "Publications that the broker accepted from this node."],
  repeated: [
    "carillon_publications_repeated_total",
    "counter",
    "Publications with an id that had been published already.",
  ],
  duplicates: [
    "carillon_publications_duplicate_total",
    "counter",
    "Publications that the broker handed out once more.",
  ],
  recovered: [
    "carillon_publications_recovered_total",
    "counter",
    "Publications replayed to clients who had missed them.",
  ],
  gaps: ["carillon_gaps_total", "counter", "Gaps that clients were told of."],
  whispered: ["carillon_whispers_total", "counter", "Whispers accepted from clients."],
  whispersRefused: ["carillon_whispers_refused_total", "counter", "Whispers refused because they came too fast."],
  throttled: [
    "carillon_throttled_total",
    "counter",
    "Publications and whispers of clients refused because too much was sent in their channel.",
  ],
  delivered: ["carillon_deliveries_total", "counter", "Packets handed to clients."],
  received: ["carillon_events_received_total", "counter", "Events that clients sent or requested."],
  dropped: ["carillon_messages_dropped_total", "counter", "Messages of clients that an interceptor dropped."],
  waitingBytes: ["carillon_waiting_bytes", "gauge", "Bytes that wait for clients who read too slowly."],
  failures: ["carillon_failures_total", "counter", "Failures reported to the error event."],
};

const ofServer: Readonly<Record<string, Metric>> = Object.fromEntries(
  (Object.keys(ofStats) as (keyof ServerStats)[]).map((key) => {
    const [name, type, help] = ofStats[key];
    return [name, { type, help, read: ({ stats }: Reading) => stats[key] }];
  }),
);

/** Every metric, by its name. */
export const metricTable: Readonly<Record<string, Metric>> = {
  ...ofServer,
  carillon_ready: gauge("Whether new clients should come here: 1 or 0.", ({ health }) =>
    bit(health.status === "ready"),
  ),
  carillon_broker_healthy: gauge("Whether the broker does what it is asked: 1 or 0.", ({ health }) =>
    bit(health.checks.broker),
  ),
  carillon_event_loop_delay_p99_seconds: gauge(
    "The event loop's p99 delay over the last ten seconds or more.",
    ({ health }) => health.eventLoopDelay.p99Ms / 1_000,
  ),
  carillon_event_loop_delay_max_seconds: gauge(
    "The event loop's longest delay in the last ten seconds or more.",
    ({ health }) => health.eventLoopDelay.maxMs / 1_000,
  ),
  carillon_process_resident_memory_bytes: gauge("Memory of the process.", ({ process }) => process.residentBytes),
  carillon_process_heap_used_bytes: gauge("JavaScript's heap in use.", ({ process }) => process.heapUsedBytes),
  carillon_process_heap_total_bytes: gauge(
    "JavaScript's heap as it was taken.",
    ({ process }) => process.heapTotalBytes,
  ),
  carillon_process_heap_limit_bytes: gauge(
    "The most that JavaScript's heap may take.",
    ({ process }) => process.heapLimitBytes,
  ),
  carillon_process_external_memory_bytes: gauge(
    "Memory of buffers, outside of the heap.",
    ({ process }) => process.externalBytes,
  ),
  carillon_process_cpu_seconds_total: {
    type: "counter",
    help: "CPU time that the process has used.",
    read: ({ process }) => process.cpuSeconds,
  },
  carillon_process_uptime_seconds: gauge(
    "How long the process has been running.",
    ({ process }) => process.uptimeSeconds,
  ),
};

function gauge(help: string, read: Metric["read"]): Metric {
  return { type: "gauge", help, read };
}

function bit(value: boolean): number {
  return value ? 1 : 0;
}
