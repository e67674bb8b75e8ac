import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { demos, liveUpdates } from "../../examples/go-rtc-lib/demos.ts";

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
    const env = { ...process.env, PORT: String(port), NODE_OPTIONS: "" };
    const child = spawn(process.execPath, [main, name], { env, stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void child.kill());
    const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    expect(line).toBe(`${name}: http://127.0.0.1:${port}`);
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

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
