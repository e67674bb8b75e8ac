import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { freePort } from "../../bench/free-port.ts";
import { demos, liveUpdates } from "../../examples/go-rtc-lib/demos.ts";
import { start } from "../processes.ts";

const pages = Object.keys(demos).map((name) => [name] as const);

describe("examples/go-rtc-lib", () => {
  test("live updates come by themselves", async () => {
    const { server } = liveUpdates(5, () => 1);
    const { port } = await server.listen({ host: "127.0.0.1" });
    onTestFinished(() => server.close({ timeoutMs: 100 }));
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
    const [first] = (await once(socket, "message")) as [Buffer];
    const { price, watching } = JSON.parse(first.toString()) as { price: number; watching: number };
    const [second] = (await once(socket, "message")) as [Buffer];
    expect([watching, JSON.parse(second.toString())]).toEqual([1, { price: price + 0.5, watching: 1 }]);
    socket.close();
  });

  test.each(pages)("%s: one command serves the page and what it connects to", async (name) => {
    const port = await freePort();
    const main = fileURLToPath(new URL("../../examples/go-rtc-lib/main.ts", import.meta.url));
    const env = { PORT: String(port), NODE_OPTIONS: "" };
    const running = start("node", [main, name], { cwd: process.cwd(), env });
    onTestFinished(() => running.stop());
    await running.prints(`${name}: http://127.0.0.1:${port}\n`);
    const page = await fetch(`http://127.0.0.1:${port}/`);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("<h1>") as string]);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { origin: `http://127.0.0.1:${port}` });
    const heard = once(socket, "message");
    await once(socket, "open");
    socket.send('{"action":"message","message":"<b>"}');
    expect(String((await heard)[0])).toMatch(/<b>|price/);
    socket.close();
  });

  test.each(pages)("%s: the page writes nothing of others as HTML", (name) => {
    const page = readFileSync(new URL(`../../examples/go-rtc-lib/pages/${name}.html`, import.meta.url), "utf8");
    expect(page).toContain("textContent");
    expect(page).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write/);
  });
});
