import { find, type Cell } from "./results.ts";
import { figure, times } from "./table.ts";
import type { Workload } from "./workloads.ts";

const width = 760;
const barLeft = 110;
const barRight = 560;
const rowHeight = 26;
const panelHead = 44;

const style = `
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 } .note { fill: #656d76; font-size: 12px }
  .bar { fill: #afb8c1 } .own { fill: #0a6cbd }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .note { fill: #8d96a0 } .bar { fill: #545d68 } .own { fill: #4aa3f0 }
  }`;

/** The CPU per delivery as bars, one panel for each workload, the cheapest server on top. */
export function chart(cells: readonly Cell[], servers: readonly string[], workloads: readonly Workload[]): string {
  const panels: string[] = [];
  let top = 8;
  for (const workload of workloads) {
    const shown = servers
      .flatMap((server) => find(cells, workload.name, server) ?? [])
      .toSorted((a, b) => a.median - b.median);
    if (shown.length === 0) continue;
    panels.push(panel(workload, shown, top));
    top += panelHead + shown.length * rowHeight + 16;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" width="${width}" height="${top}" role="img">`,
    `<title>CPU per delivery, by server</title>`,
    `<style>${style}\n</style>`,
    ...panels,
    "</svg>\n",
  ].join("\n");
}

function panel({ name, title }: Workload, cells: readonly Cell[], top: number): string {
  const most = Math.max(...cells.map(({ median }) => median));
  const own = cells.find(({ server }) => server === "carillon");
  const rows = cells.map(({ server, median }, index) => {
    const y = top + panelHead + index * rowHeight;
    const length = Math.max(1, ((barRight - barLeft) * median) / most);
    const isOwn = server === "carillon";
    const beside = own && !isOwn ? `, ${times(median / own.median)}` : "";
    return [
      `<text x="${barLeft - 8}" y="${y + 14}" text-anchor="end"${isOwn ? ' class="title"' : ""}>${escape(server)}</text>`,
      `<rect x="${barLeft}" y="${y}" width="${length.toFixed(1)}" height="18" rx="2" class="${isOwn ? "own" : "bar"}"/>`,
      `<text x="${(barLeft + length + 8).toFixed(1)}" y="${y + 14}">${figure(median)} µs${beside}</text>`,
    ].join("\n");
  });
  return [
    `<text x="8" y="${top + 14}" class="title">${escape(name)}: ${escape(title)}</text>`,
    `<text x="8" y="${top + 32}" class="note">server CPU per delivery, shorter is better; × beside Carillon in the same run</text>`,
    ...rows,
  ].join("\n");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
