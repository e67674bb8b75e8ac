import { createServer as createHttpServer } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { exposition } from "../../src/metrics/exposition.ts";
import { metrics, metricsContentType, metricsHandler } from "../../src/metrics/index.ts";
import { metricTable } from "../../src/metrics/table.ts";
import { listen } from "../../src/server/http-server.ts";
import { createTestServer, type TestServer } from "../../src/testing/index.ts";
import { readPage, tableAfter, plain } from "../documentation/pages.ts";
import { parseExposition } from "./parse-exposition.ts";

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

type Events = Record<string, unknown>;

function made(): TestServer<Events, Events> {
  const made = createTestServer();
  closers.push(made.close);
  return made;
}

describe("metrics", () => {
  test("are what Prometheus can read: each with its help and its type, once", () => {
    const { server } = made();
    const parsed = parseExposition(metrics(server));
    const actual = [...parsed].map(([name, { type, help }]) => [name, type, help]);
    expect(actual).toEqual(Object.entries(metricTable).map(([name, { type, help }]) => [name, type, help]));
  });

  test("count what the server counts", async () => {
    const { server, client } = made();
    const ada = client();
    const room = ada.channel("room");
    await room.subscribe();
    await room.publish("hi", 1);
    await room.publish("hi", 2);
    const valueOf = valuesOf(metrics(server));
    expect(valueOf("carillon_connections")).toBe(1);
    expect(valueOf("carillon_connections_opened_total")).toBe(1);
    expect(valueOf("carillon_channels")).toBe(1);
    expect(valueOf("carillon_subscriptions")).toBe(1);
    expect(valueOf("carillon_publications_total")).toBe(2);
    expect(valueOf("carillon_failures_total")).toBe(0);
    await ada.close();
    expect(valuesOf(metrics(server))("carillon_connections_opened_total")).toBe(1);
  });

  test("tell every number of server.stats(), under a name of its own", () => {
    const { server } = made();
    const stats = server.stats();
    const keys = Object.keys(stats);
    const numbered = Object.fromEntries(
      keys.map((key, index) => [key, 1_000_000_007 + index]),
    ) as unknown as typeof stats;
    const values = [...parseExposition(metrics({ stats: () => numbered, health: () => server.health() })).values()];
    const missing = keys.filter(
      (_, index) => values.filter(({ value }) => value === 1_000_000_007 + index).length !== 1,
    );
    expect(missing).toEqual([]);
  });

  test("tell of the process, and of a server that stops", async () => {
    const { server, close } = made();
    await Promise.resolve();
    const before = valuesOf(metrics(server));
    expect(before("carillon_ready")).toBe(1);
    expect(before("carillon_broker_healthy")).toBe(1);
    expect(before("carillon_process_resident_memory_bytes")).toBeGreaterThan(1_000_000);
    expect(before("carillon_process_heap_limit_bytes")).toBeGreaterThan(before("carillon_process_heap_used_bytes"));
    expect(before("carillon_process_cpu_seconds_total")).toBeGreaterThan(0);
    await close();
    expect(valuesOf(metrics(server))("carillon_ready")).toBe(0);
  });

  test("are served as text of their version, and never kept", async () => {
    const { server } = made();
    const httpServer = createHttpServer(metricsHandler(server));
    const { url } = await listen(httpServer, { host: "127.0.0.1" });
    closers.push(() => new Promise((resolve) => httpServer.close(() => resolve())));
    const response = await fetch(url, { headers: { connection: "close" } });
    expect(response.headers.get("content-type")).toBe(metricsContentType);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(parseExposition(await response.text()).size).toBe(Object.keys(metricTable).length);
  });
});

describe("the table of metrics", () => {
  test.each(Object.entries(metricTable))("%s follows Prometheus' conventions", (name, { type, help }) => {
    expect(name).toMatch(/^carillon_[a-z0-9]+(_[a-z0-9]+)*$/);
    expect(name.endsWith("_total")).toBe(type === "counter");
    expect(name).not.toMatch(/_(ms|milliseconds|kb|mb)(_|$)/);
    expect(help).toMatch(/\.$|: 1 or 0\.$/);
  });

  test("is what docs/reference/metrics.md says", () => {
    const rows = tableAfter(readPage("docs/reference/metrics.md"), "| metric |");
    const actual = Object.entries(metricTable).map(([name, { type, help }]) => [name, type, help]);
    expect(rows.map(([name, ...rest]) => [plain(name), ...rest])).toEqual(actual);
  });
});

describe("the text format", () => {
  test.each([
    [0, "0"],
    [0.25, "0.25"],
    [1e21, "1e+21"],
    [1e-7, "1e-7"],
    [Infinity, "+Inf"],
    [-Infinity, "-Inf"],
    [NaN, "NaN"],
  ])("writes %d as %s", (value, text) => {
    const written = exposition([{ name: "a", type: "gauge", help: "A.", value }]);
    expect(written).toBe(`# HELP a A.\n# TYPE a gauge\na ${text}\n`);
    expect(parseExposition(written).get("a")?.value).toBe(value);
  });

  test("escapes what would end a line", () => {
    const written = exposition([{ name: "a", type: "counter", help: "one\\two\nthree", value: 1 }]);
    expect(written.split("\n")[0]).toBe("# HELP a one\\\\two\\nthree");
  });
});

function valuesOf(text: string): (name: string) => number {
  const parsed = parseExposition(text);
  return (name) => parsed.get(name)!.value;
}
