import { find, type Cell } from "./results.ts";
import type { Workload } from "./workloads.ts";

/** Three figures that count. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "";
  if (value >= 1_000) return Math.round(value).toLocaleString("en");
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(value >= 1 ? 2 : 3);
}

/** "8.2×": so many times Carillon's cost. */
export function times(ratio: number): string {
  return `${ratio >= 100 ? ratio.toFixed(0) : ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(2)}×`;
}

/** The servers' costs, in Markdown: absolute, and beside Carillon's in the same run. A star: limited by the generator. */
export function comparison(cells: readonly Cell[], servers: readonly string[], workloads: readonly Workload[]): string {
  const columns = workloads.filter(
    ({ name, base, persona }) => !base && !persona && cells.some(({ workload }) => workload === name),
  );
  const head = ["server", ...columns.map(({ name, unit }) => `${name}, ${unit}`)];
  const rows = servers.map((server) => [server, ...columns.map(({ name }) => costBesideCarillon(cells, name, server))]);
  return markdown([head, ...rows]);
}

function costBesideCarillon(cells: readonly Cell[], workload: string, server: string): string {
  const cell = find(cells, workload, server);
  if (!cell) return "";
  const own = find(cells, workload, "carillon");
  const cost = `${figure(cell.median)}${cell.isLimited ? "*" : ""}`;
  return own && own !== cell ? `${cost} (${times(cell.median / own.median)})` : cost;
}

/** What becomes of Carillon's cost when the work grows or changes. */
export function growth(cells: readonly Cell[], workloads: readonly Workload[]): string {
  const rows = workloads.flatMap(({ name, title, base }) => {
    const cell = find(cells, name, "carillon");
    const before = base === undefined ? undefined : find(cells, base, "carillon");
    if (!cell || !before) return [];
    return [
      [
        name,
        title,
        `${figure(cell.median)}${cell.isLimited ? "*" : ""}`,
        `${times(cell.median / before.median)} ${base}`,
      ],
    ];
  });
  return rows.length === 0 ? "" : markdown([["workload", "", "µs", "beside"], ...rows]);
}

/** A table whose columns stand straight. */
export function markdown(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, column) => text.padEnd(widths[column]!)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  const [head, ...body] = rows.map(line);
  return [head, rule, ...body].join("\n");
}
