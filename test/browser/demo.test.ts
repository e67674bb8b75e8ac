import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { start } from "../cli/command.ts";
import { HttpProxy } from "../faults/proxy/http.ts";
import { TcpProxy } from "../faults/proxy/tcp.ts";
import { sharedChromium } from "../setup/chromium.ts";
import { faultlessPage, type FaultlessPageOptions } from "./faultless-page.ts";

vi.setConfig({ testTimeout: 60_000 });

const browser = sharedChromium();

describe("two people on the demo page", () => {
  test("see each other by name, and talk", async () => {
    const { url } = await start();
    const ada = await visit(url, "Ada");
    const bob = await visit(url, "Bob");
    await hears(ada, "Bob came in.");
    expect(await names(ada)).toEqual(["Ada you", "Bob"]);
    expect(await names(bob)).toEqual(["Ada", "Bob you"]);

    await say(ada, "Good morning");
    await hears(bob, "Ada", "Good morning");
    await hears(ada, "You", "Good morning");
    await say(bob, "Hello");
    await hears(ada, "Bob", "Hello");

    await bob.close();
    await hears(ada, "Bob left.");
    expect(await names(ada)).toEqual(["Ada you"]);
  });

  test("a reload comes back under the same name, into the channel of the address", async () => {
    const { url } = await start();
    const ada = await visit(url, "Ada");
    const bob = await visit(`${url}#presence-tower`, "Bob");
    await ada.getByLabel("Channel").fill("presence-tower");
    await ada.keyboard.press("Enter");
    await isHere(ada, "Bob");
    expect(ada.url()).toBe(`${url}#presence-tower`);

    await ada.reload();
    await isHere(ada, "Bob");
    expect(await ada.getByLabel("Your name").inputValue()).toBe("Ada");
    await say(ada, "I am back");
    await hears(bob, "Ada", "I am back");
  });

  test("carry on by themselves when the server is killed and comes back", async () => {
    const first = await start();
    const ada = await visit(first.url, "Ada");
    const bob = await visit(first.url, "Bob");
    await say(ada, "before");
    await hears(bob, "Ada", "before");

    mayBeOffline(ada);
    mayBeOffline(bob);
    first.kill("SIGKILL");
    await first.ended;
    await hears(ada, "The connection was lost.");
    await hears(bob, "The connection was lost.");
    await ada.getByText("trying again").waitFor();
    await say(ada, "written while the server was gone");
    await ada.locator(".unsent", { hasText: "while the server was gone" }).waitFor();

    await start(["--port", String(first.port)]);
    await hears(ada, "Back again, and still in the channel.");
    await hears(bob, "Back again, and still in the channel.");
    await hears(ada, "You", "written while the server was gone");
    expect(await ada.locator(".unsent").count()).toBe(0);
    await isHere(ada, "Bob");
    await isHere(bob, "Ada");
    await say(bob, "after");
    await hears(ada, "Bob", "after");
  });

  test("a connection that is dropped comes back, and keeps its channel", async () => {
    const { url } = await start();
    const ada = await visit(url, "Ada");
    const bob = await visit(url, "Bob");
    await ada.getByRole("button", { name: "Drop the connection" }).click();
    await hears(ada, "The connection was lost.");
    await hears(ada, "Back again, and still in the channel.");
    await say(bob, "Still there?");
    await hears(ada, "Bob", "Still there?");
  });

  test("understand each other when one of them switches to MessagePack", async () => {
    const { url } = await start();
    const ada = await visit(url, "Ada");
    const bob = await visit(url, "Bob");
    await ada.getByLabel("MessagePack").check();
    await ada.locator(".frame.received .binary").first().waitFor();
    await isConnected(ada);
    await say(ada, "in bytes");
    await hears(bob, "Ada", "in bytes");
    await say(bob, "in text");
    await hears(ada, "Bob", "in text");
    expect(await ada.locator(".frame.sent", { hasText: "publish" }).locator(".binary").count()).toBe(1);
    expect(await bob.locator(".frame .binary").count()).toBe(0);
    await ada.getByLabel("JSON").check();
    await say(ada, "in text again");
    await hears(bob, "Ada", "in text again");
  });

  test("can call themselves what they like, and it stays text", async () => {
    const { url } = await start();
    const name = "<img src=x onerror=alert(1)>";
    const ada = await visit(url, "Ada");
    const bob = await visit(url, "Bob");
    await ada.getByLabel("Your name").fill(name);
    await ada.keyboard.press("Enter");
    await isHere(bob, name);
    const text = `<img src=x onerror="alert(1)"> <script>alert(1)</script> &amp; **`;
    await say(ada, text);
    await hears(bob, name, text);
    for (const page of [ada, bob]) expect(await page.locator("img, #app script").count()).toBe(0);
  });

  test("are told when a channel is not for them, and may go elsewhere", async () => {
    const { url } = await start();
    const ada = await visit(url, "Ada");
    await ada.getByLabel("Channel").fill("private-diary");
    await ada.keyboard.press("Enter");
    await hears(ada, "private-diary: not allowed");
    await ada.getByLabel("Channel").fill("presence-lobby");
    await ada.keyboard.press("Enter");
    await isHere(ada, "Ada");
    await say(ada, "once");
    await hears(ada, "You", "once");
    expect(await ada.locator(".said").count()).toBe(1);
  });
});

describe("the page", () => {
  test("shows what goes over the wire, both ways", async () => {
    const { url } = await start();
    const ada = await visit(url, "Ada");
    await say(ada, "look");
    await hears(ada, "You", "look");
    await ada.locator(".frame.received", { hasText: "published" }).waitFor();
    const types = await ada.locator(".frame .type").allTextContents();
    expect(types).toEqual(["connect", "connected", "subscribe", "subscribed", "publish", "publication", "published"]);
    const sent = ada.locator(".frame.sent").last();
    const frame = await sent.locator(".json").textContent();
    expect(JSON.parse(frame!)).toMatchObject({ type: "publish", channel: "presence-lobby", data: { text: "look" } });
    expect(await sent.locator(".size").textContent()).toBe(`${frame!.length} B`);
    await ada.getByRole("button", { name: "Pretty" }).click();
    await expect.poll(() => sent.locator(".json").textContent()).toBe(JSON.stringify(JSON.parse(frame!), null, 2));
    await ada.getByRole("button", { name: "Clear" }).click();
    await expect.poll(() => ada.locator(".frame").count()).toBe(0);
  });

  test.each([320, 390, 820, 1280])("fits into a window that is %i pixels wide", async (width) => {
    const { url } = await start();
    const ada = await visit(url, "Ada", { width, height: 800 });
    await say(ada, "x".repeat(500));
    await hears(ada, "You", "x".repeat(500));
    await ada.getByText("The same in five lines of your own").click();
    expect(await ada.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  });

  test("can be used with the keyboard alone", async () => {
    const { url } = await start();
    const ada = await visit(url, "Ada");
    const order: string[] = [];
    for (let at = 0; at < 14; at += 1) {
      await ada.keyboard.press("Tab");
      order.push(await ada.evaluate(() => focusedName(document.activeElement)));
    }
    expect(order).toEqual([
      "Chat",
      "Languages",
      "JSON",
      "Drop the connection",
      "Your name",
      "Channel",
      "open it in a second window",
      "Ring the bells",
      "Messages",
      "Message",
      "Send",
      "Pretty",
      "Clear",
      "Frames",
    ]);
  });
});

describe("a page behind a bad network", () => {
  async function behindProxy(): Promise<{ url: string; port: number; proxy: HttpProxy; wire: TcpProxy }> {
    const { port } = await start();
    const proxy = await HttpProxy.start({ port });
    const wire = await TcpProxy.start({ port: proxy.port });
    onTestFinished(async () => {
      await wire.close();
      await proxy.close();
    });
    return { url: `http://127.0.0.1:${wire.port}/`, port, proxy, wire };
  }

  test("works over server-sent events where WebSockets are blocked", async () => {
    const { url, proxy } = await behindProxy();
    proxy.requests.on({ method: "UPGRADE" }, { kind: "strip-upgrade" });
    const ada = await visit(url, "Ada", undefined, mayBeOffline);
    const bob = await visit(url, "Bob", undefined, mayBeOffline);
    await ada.getByText("Connected over server-sent events", { exact: true }).waitFor();
    await say(ada, "Good morning");
    await hears(bob, "Ada", "Good morning");
    await say(bob, "Hello");
    await hears(ada, "Bob", "Hello");
    expect(await names(ada)).toEqual(["Ada you", "Bob"]);
  });

  test("works over long-polling where streams are held back as well, and moves up when it can", async () => {
    const { url, proxy } = await behindProxy();
    const blocked = proxy.requests.on({ method: "UPGRADE" }, { kind: "strip-upgrade" });
    const buffered = proxy.requests.on({ path: "/sse" }, { kind: "buffer", bytes: 1_000_000_000 });
    const ada = await visit(url, "Ada", undefined, mayBeOffline);
    await ada.getByText("Connected over long-polling", { exact: true }).waitFor();
    await say(ada, "over long-polling");
    await hears(ada, "You", "over long-polling");
    blocked.remove();
    buffered.remove();
    await isConnected(ada);
    await say(ada, "over a WebSocket");
    await hears(ada, "You", "over a WebSocket");
    expect(await ada.getByText("The connection was lost.").count()).toBe(0);
  });

  test("P3: misses nothing of what is said in ten seconds without a network: 100 messages, each once and in order", async () => {
    const { url, port, wire } = await behindProxy();
    const ada = await visit(url, "Ada", undefined, mayBeOffline);
    const client = createClient(`http://127.0.0.1:${port}/carillon?name=Bob`);
    onTestFinished(() => client.close());
    await client.connect();
    const channel = client.channel("presence-lobby");
    await channel.subscribe();
    await isHere(ada, "Bob");
    await wire.down();
    const sent: Promise<unknown>[] = [];
    for (let number = 1; number <= 100; number += 1) {
      sent.push(channel.publish("chat", { text: `number ${number}` }));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await ada.getByText("The connection was lost.").waitFor();
    await wire.up();
    await Promise.all(sent);
    await hears(ada, "Bob", "number 100");
    const said = await ada
      .locator(".lines")
      .getByText(/^number \d+$/)
      .allInnerTexts();
    expect(said).toEqual(Array.from({ length: 100 }, (_, index) => `number ${index + 1}`));
  });
});

describe("/carillon.js", () => {
  test("lets the five lines that the page shows run on another site, when --origins names it", async () => {
    const site = await emptySite();
    const { url } = await start(["--origins", site]);
    const bob = await visit(url, "Bob");
    await bob.getByText("The same in five lines of your own").click();
    const code = await bob.locator(".snippet pre").innerText();
    expect(code.split("\n")).toHaveLength(5);

    const elsewhere = await newPage();
    await elsewhere.goto(site);
    const printed = elsewhere.waitForEvent("console", (message) => message.text() === "hello from a script");
    await elsewhere.addScriptTag({ type: "module", content: code });
    await hears(bob, "Ada", "hello from a script");
    await printed;
  });
});

/** Opens the page as somebody, and makes sure that nothing on it goes wrong until the test ends. */
async function visit(
  url: string,
  name: string,
  viewport = { width: 1280, height: 800 },
  prepare: (page: Page) => void = () => undefined,
): Promise<Page> {
  const page = await newPage(viewport);
  prepare(page);
  await page.addInitScript((chosen) => {
    if (!sessionStorage.getItem("carillon.name")) sessionStorage.setItem("carillon.name", chosen);
    Object.assign(globalThis, {
      focusedName: (element: Element | null) =>
        element?.getAttribute("aria-label") ??
        (element as HTMLInputElement | null)?.labels?.[0]?.querySelector("span")?.textContent ??
        element?.textContent,
    });
  }, name);
  await page.goto(url);
  await isHere(page, name);
  return page;
}

function newPage(viewport?: FaultlessPageOptions["viewport"]): Promise<Page> {
  const isExpected = (fault: string, page: Page): boolean =>
    offline.has(page) && /^WebSocket connection to .* failed|^Failed to load resource/.test(fault);
  return faultlessPage(browser(), { viewport, isExpected });
}

/** Pages whose server is gone for a while. */
const offline = new WeakSet<Page>();

function mayBeOffline(page: Page): void {
  offline.add(page);
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.keyboard.press("Enter");
}

/** Waits for a notice, or for what somebody said; consecutive messages stand under one name. */
async function hears(page: Page, ...[author, text]: readonly string[]): Promise<void> {
  const lines = page.locator(".lines > li");
  if (text === undefined) return lines.getByText(author!, { exact: true }).first().waitFor();
  await lines
    .filter({ has: page.locator(".author").getByText(author!, { exact: true }) })
    .getByText(text, { exact: true })
    .waitFor();
}

async function isHere(page: Page, name: string): Promise<void> {
  await page.locator(".members .name").getByText(name, { exact: true }).waitFor();
}

async function isConnected(page: Page): Promise<void> {
  await page.getByText("Connected", { exact: true }).waitFor();
}

async function names(page: Page): Promise<readonly string[]> {
  const members = await page.locator(".members li").allInnerTexts();
  return members.map((text) => text.replaceAll(/\s+/g, " ").trim());
}

async function emptySite(): Promise<string> {
  const site: HttpServer = createServer((request, response) => {
    response.writeHead(200, { "Content-Type": "text/html" });
    response.end(request.url === "/" ? `<!doctype html><link rel="icon" href="data:,">` : "");
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    site.closeAllConnections();
    site.close();
  });
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
}

/** Put into the page by {@link visit}. */
declare function focusedName(element: Element | null): string;
