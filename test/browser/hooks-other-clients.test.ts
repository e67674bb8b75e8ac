import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { goWs } from "../../src/dialects/go-ws/index.ts";
import { rtbroadcaster } from "../../src/dialects/rtbroadcaster/index.ts";
import { socketGo } from "../../src/dialects/socket-go/index.ts";
import { createServer } from "../../src/index.ts";
import { bundle } from "../client/bundling.ts";
import { sharedChromium } from "../setup/chromium.ts";

const browser = sharedChromium();
let code: string;

beforeAll(async () => {
  code = await bundle(new URL("hooks/other-clients-page.ts", import.meta.url));
});

test.each([
  ["socket-go", { text: "hi" }],
  ["polling", { text: "hi" }],
  ["go-ws", { text: "hi" }],
  ["rtbroadcaster", ["hi"]],
])("a page talks over %s", async (name, heard) => {
  const chat = socketGo();
  chat.on("say", (socket, data) => socket.send("echo", data));
  const server = createServer({
    endpoints: { "/socket": chat, "/ws": goWs(), "/broadcast": rtbroadcaster() },
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  // On the server's own host, because polling says nothing to pages of others.
  const site = createHttpServer((request, response) => {
    if (request.url !== "/") return;
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
    response.end(
      `<!doctype html><link rel="icon" href="data:,"><script>endpoint = location.origin</script><script>${code}</script>`,
    );
  });
  server.attach(site);
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  const page = await browser().newPage();
  onTestFinished(async () => {
    await page.close();
    await server.close({ timeoutMs: 1_000 });
    site.close();
    site.closeAllConnections();
  });
  await page.goto(address);
  expect(await page.evaluate((talked) => (window as never as Talking).talk(talked), name)).toEqual(heard);
});

interface Talking {
  talk(name: string): Promise<unknown>;
}
