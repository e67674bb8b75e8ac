import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { describe, expect, onTestFinished, test } from "vitest";
import { createServer, type Server } from "../../src/index.ts";
import { sharedChromium } from "../setup/chromium.ts";

const browser = sharedChromium();

const cookie = "session=ada";

/** A server that knows its users by a cookie, and a page of another site in a browser that has it. */
async function scene(
  origins: (site: string) => readonly string[],
): Promise<{ server: Server; url: string; page: Page }> {
  const site = createHttpServer((_, response) =>
    response.writeHead(200, { "Content-Type": "text/html" }).end(`<!doctype html><link rel="icon" href="data:,">`),
  );
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  const server = createServer({
    origins: [...origins(address)],
    authenticate: ({ headers }) => (headers.get("cookie") === cookie ? { userId: "ada" } : undefined),
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  const { port } = await server.listen({ host: "127.0.0.1" });
  const url = `http://127.0.0.1:${port}/carillon`;
  const context = await browser().newContext();
  await context.addCookies([{ name: "session", value: "ada", url }]);
  const page = await context.newPage();
  await page.goto(address);
  onTestFinished(async () => {
    await context.close();
    await server.close({ timeoutMs: 1_000 });
    site.close();
    site.closeAllConnections();
  });
  return { server, url, page };
}

/** What the page gets when it tries, as any script would. */
function attempts(page: Page, url: string): Promise<Readonly<Record<string, string>>> {
  return page.evaluate(async (endpoint) => {
    const webSocket = new Promise<string>((resolve) => {
      const socket = new WebSocket(endpoint.replace("http", "ws"));
      socket.addEventListener("open", () => socket.send('{"type":"connect"}'));
      socket.addEventListener("message", ({ data }) => resolve(JSON.parse(String(data)).user));
      socket.addEventListener("close", () => resolve("refused"));
    });
    const open = async (): Promise<string> => {
      const answer = await fetch(`${endpoint}/open`, {
        method: "POST",
        credentials: "include",
        headers: { "content-type": "application/json" },
        body: '{"type":"connect"}',
      });
      return (await answer.json()).link as string;
    };
    const refused = (): string => "refused";
    const polling = open()
      .then((link) => fetch(`${endpoint}/poll?link=${link}&after=0`, { credentials: "include" }))
      .then((answer) => answer.json())
      .then(([welcome]) => welcome.user as string)
      .catch(refused);
    const events = open()
      .catch(refused)
      .then(
        (link) =>
          new Promise<string>((resolve) => {
            const stream = new EventSource(`${endpoint}/sse?link=${link}`, { withCredentials: true });
            stream.addEventListener("message", ({ data }) => resolve(JSON.parse(String(data)).user));
            stream.addEventListener("error", () => resolve("refused"));
          }),
      );
    return { webSocket: await webSocket, polling: await polling, events: await events };
  }, url);
}

describe("a page of another site, in a browser with a valid cookie (H19, LP25)", () => {
  test("is refused on all three transports, and nobody was let in", async () => {
    const { server, url, page } = await scene(() => []);
    expect(await attempts(page, url)).toEqual({ webSocket: "refused", polling: "refused", events: "refused" });
    expect(server.stats()).toMatchObject({ connected: 0, connections: 0 });
  });

  test("is let in on all three when its origin is named", async () => {
    const { url, page } = await scene((site) => [site]);
    expect(await attempts(page, url)).toEqual({ webSocket: "ada", polling: "ada", events: "ada" });
  });
});
