import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import { start } from "../cli/command.ts";
import { launchChromium, sharedChromium } from "../setup/chromium.ts";

vi.setConfig({ testTimeout: 60_000 });

const browser = sharedChromium();

/** The address in the README's code. */
const written = "wss://localhost:8080/ws";

describe("go-ws: the client of the README", () => {
  test("GWS-2: handles messages, presence, whispers and errors", async () => {
    const { url } = await start();
    await handlesEverything(await open(browser(), url, "go-ws", aimedAt(url)), url);
  });

  test("GWS-29: word for word, over wss with a test certificate", async () => {
    const { cert, key, ca, fingerprint } = testCertificate();
    const { url, port } = await start(["--tls-cert", cert, "--tls-key", key, "--host", "localhost"]);
    // The page says port 8080, which may be somebody else's; nothing but this certificate is trusted.
    const secure = await launchChromium([
      `--host-resolver-rules=MAP localhost:8080 localhost:${port}`,
      `--ignore-certificate-errors-spki-list=${fingerprint}`,
    ]);
    onTestFinished(() => secure.close());
    const page = await open(secure, "https://localhost:8080/", "go-ws");
    await handlesEverything(page, url, ca);
  });

  test("is told when the connection is closed", async () => {
    const server = await start();
    const page = await open(browser(), server.url, "go-ws", aimedAt(server.url));
    await page.says("Presence update: [Object]");
    server.kill("SIGTERM");
    await page.says("Connection closed");
  });

  test("whispers, both ways, and not to itself", async () => {
    const { url } = await start();
    const [ada, bob] = [await openWhispers(url), await openWhispers(url)];
    const other = await goWsClient(url, ["chat-room-1"]);
    await ada.page.click("#type");
    await bob.says("typing true chat-room-1");
    expect(await other.next(({ type }) => type === "whisper")).toMatchObject({ event: "typing" });
    other.send({ action: "whisper", channel: "chat-room-1", event: "read", data: {} });
    await ada.says("read chat-room-1");
    expect(ada.said).not.toContain("typing true chat-room-1");
  });
});

describe("rtbroadcaster: the messages of the README", () => {
  test("make a room, join it, broadcast an action and a state, and close it", async () => {
    const { url } = await start();
    const owner = await open(browser(), url, "rtbroadcaster");
    const uuid = await owner.connected();
    expect(uuid).toMatch(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/);
    const guest = await open(browser(), url, "rtbroadcaster", undefined, `?uuid=${uuid}`);
    expect(await guest.connected()).toBe(uuid);

    await owner.run(`send("action")`);
    await guest.says("myKey param1,param2,param3 false");
    await owner.run(`send("state")`);
    await guest.says("myKey param1,param2,param3 true");
    const late = await open(browser(), url, "rtbroadcaster", undefined, `?uuid=${uuid}`);
    await late.says("myKey param1,param2,param3 true");
    expect(late.said).toEqual([`connected ${uuid}`, "myKey param1,param2,param3 true"]);

    await owner.run(`send("close")`);
    for (const page of [owner, guest, late]) {
      await page.says("closed 1000");
      expect(page.said.slice(-2)).toEqual([`not connected ${uuid}`, "closed 1000"]);
    }
    expect(owner.said).toEqual([`connected ${uuid}`, `not connected ${uuid}`, "closed 1000"]);
  });

  test("join no room that does not exist, and broadcast nothing from a guest", async () => {
    const { url } = await start();
    const unknown = "f63ca67e-69bb-4a16-a71f-86a87acbe0b5";
    const lost = await open(browser(), url, "rtbroadcaster", undefined, `?uuid=${unknown}`);
    await lost.says(`not connected ${unknown}`);

    const owner = await open(browser(), url, "rtbroadcaster");
    const uuid = await owner.connected();
    const guest = await open(browser(), url, "rtbroadcaster", undefined, `?uuid=${uuid}`);
    const other = await open(browser(), url, "rtbroadcaster", undefined, `?uuid=${uuid}`);
    for (const page of [guest, other]) await page.connected();
    await guest.run(`send("action")`);
    // Answered after what was sent before it.
    await guest.run(`send("join")`);
    await guest.connected(2);
    await owner.run(`send("state")`);
    await other.says("myKey param1,param2,param3 true");
    expect(other.said).toEqual([`connected ${uuid}`, "myKey param1,param2,param3 true"]);
  });
});

describe("socket.go: the conventions of its examples", () => {
  test("rooms and chat, and a room that is none", async () => {
    const { url } = await start();
    const [ada, bob] = [await open(browser(), url, "socket-go"), await open(browser(), url, "socket-go")];
    for (const page of [ada, bob]) {
      await page.says("open");
      await page.run(`join("room-name")`);
      await page.says("joined room-name");
    }
    await ada.run(`chat("room-name", "Hello, server!")`);
    for (const page of [ada, bob]) await page.says("chat room-name Al Hello, server!");
    await ada.run(`emit("join", 5)`);
    await ada.says("error Invalid room name");
    await bob.run(`leave("room-name")`);
    // Nobody hears it any more.
    await bob.run(`chat("room-name", "from outside")`);
    await bob.run(`emit("join", 5)`);
    await bob.says("error Invalid room name");
    await ada.run(`chat("room-name", "still here")`);
    await ada.says("chat room-name Al still here");
    for (const page of [ada, bob]) expect(page.said.join("\n")).not.toContain("from outside");
    expect(bob.said).not.toContain("chat room-name Al still here");
  });

  test("a ping every 20 seconds changes nothing", async () => {
    const { url } = await start();
    const page = await open(browser(), url, "socket-go", undefined, "", (opened) => opened.clock.install());
    await page.says("open");
    await page.run(`join("room-name")`);
    await page.says("joined room-name");
    await page.page.clock.runFor(60_500);
    await page.run(`chat("room-name", "still here")`);
    await page.says("chat room-name Al still here");
    expect(page.sent.filter((frame) => frame.startsWith('{"event":"ping"'))).toHaveLength(3);
    expect(page.said).toEqual(["open", "joined room-name", "chat room-name Al still here"]);
  });

  test("comes back after a second, into its rooms, when the server is killed and started again", async () => {
    const first = await start();
    const page = await open(browser(), first.url, "socket-go");
    await page.says("open");
    await page.run(`join("room-name")`);
    await page.says("joined room-name");
    first.kill("SIGKILL");
    await first.ended;
    await start(["--port", String(first.port)]);
    await page.says("joined room-name", 2);
    expect(page.said[2]).toBe("closed 1006");
  });
});

/** What the README's client prints for each kind of message, and that it prints nothing else. */
async function handlesEverything(page: OpenPage, url: string, ca?: Buffer): Promise<void> {
  await page.says("Presence update: [Object]");
  const other = await goWsClient(url, ["presence-room-1", "my-channel"], ca);
  await page.says("Presence update: [Object, Object]");
  other.send({ action: "broadcast", channel: "my-channel", data: "hello" });
  await page.says("New message: hello");
  other.send({ action: "whisper", channel: "my-channel", event: "typing", data: { isTyping: true } });
  await page.matches(/^Whisper from [\da-f-]{36}, event: typing, channel: my-channel$/);
  await page.says("Whisper data: {event: typing, isTyping: true}");
  await page.run(`socket.send(JSON.stringify({ action: "subscribe", channel: "private-room-1" }))`);
  await page.says("Error: unauthorized");
  other.close();
  await page.says("Presence update: [Object]", 2);
}

async function openWhispers(url: string): Promise<OpenPage> {
  const page = await open(browser(), url, "go-ws-whispers", aimedAt(url));
  // It is subscribed when it is told that it may not whisper elsewhere, which it asks after it.
  await page.page.waitForFunction("socket.readyState === 1");
  const refused = page.received((frame) => frame.includes('"channel":"elsewhere"'));
  await page.run(`socket.send(JSON.stringify({ action: "whisper", channel: "elsewhere", event: "typing", data: {} }))`);
  await refused;
  return page;
}

interface OpenPage {
  readonly page: Page;
  /** What it has printed. */
  readonly said: readonly string[];
  /** The frames it has sent. */
  readonly sent: readonly string[];
  says(text: string, times?: number): Promise<void>;
  matches(pattern: RegExp): Promise<void>;
  received(fits: (frame: string) => boolean): Promise<void>;
  /** Code that runs in the page's own scope. */
  run(code: string): Promise<unknown>;
  /** Waits until it says that it is connected. @returns to what */
  connected(times?: number): Promise<string>;
}

/** Replaces the address that is written in a page, and nothing else. */
function aimedAt(url: string): (html: string) => string {
  return (html) => html.replace(written, `${url.replace("http", "ws")}ws`);
}

/** Opens a page of `pages/` as one of the server's own. */
async function open(
  opener: Browser,
  url: string,
  name: string,
  change: (html: string) => string = (html) => html,
  search = "",
  prepare: (page: Page) => unknown = () => undefined,
): Promise<OpenPage> {
  // The browser does not know that the page is this machine's own.
  const context = await opener.newContext({ permissions: ["local-network-access"] });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const said: string[] = [];
  const sent: string[] = [];
  const heard: string[] = [];
  const faults: string[] = [];
  page.on("console", (message) => {
    // What the browser itself says of a server that is away is not the page's.
    if (message.type() === "log" || message.text().startsWith("Error: ")) said.push(message.text());
  });
  page.on("pageerror", ({ message }) => faults.push(message));
  page.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => sent.push(String(payload)));
    socket.on("framereceived", ({ payload }) => heard.push(String(payload)));
  });
  onTestFinished(() => expect(faults).toEqual([]));
  await prepare(page);
  const html = readFileSync(new URL(`pages/${name}.html`, import.meta.url), "utf8");
  const address = `${url}pages/${name}.html${search}`;
  await page.route(address, (route) => route.fulfill({ contentType: "text/html", body: change(html) }));
  await page.goto(address);

  const times = (text: string): number => said.filter((line) => line === text).length;
  return {
    page,
    said,
    sent,
    says: async (text, count = 1) => {
      await expect.poll(() => (times(text) >= count ? text : said), { timeout: 10_000 }).toBe(text);
    },
    matches: async (pattern) => {
      await expect.poll(() => said.find((line) => pattern.test(line)) ?? said, { timeout: 10_000 }).toMatch(pattern);
    },
    received: async (fits) => {
      await expect.poll(() => heard.some(fits), { timeout: 10_000 }).toBe(true);
    },
    run: (code) => page.evaluate(code),
    connected: async (count = 1) => {
      const all = (): readonly string[] => said.filter((line) => line.startsWith("connected "));
      await expect.poll(() => all().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
      return all()[0]!.slice("connected ".length);
    },
  };
}

interface GoWsClient {
  send(message: object): void;
  next(fits: (message: Readonly<Record<string, unknown>>) => boolean): Promise<unknown>;
  close(): void;
}

/** Another client, who is in these channels when this resolves. */
async function goWsClient(url: string, channels: readonly string[], ca?: Buffer): Promise<GoWsClient> {
  const socket = new WebSocket(`${url.replace("http", "ws")}ws`, { ...(ca && { ca }) });
  onTestFinished(() => socket.terminate());
  const messages: Readonly<Record<string, unknown>>[] = [];
  socket.on("message", (data) => {
    messages.push(JSON.parse((data as Buffer).toString()) as Readonly<Record<string, unknown>>);
  });
  const client: GoWsClient = {
    send: (message) => socket.send(JSON.stringify(message)),
    next: async (fits) => {
      await expect.poll(() => messages.some(fits), { timeout: 10_000 }).toBe(true);
      return messages.find(fits);
    },
    close: () => socket.close(),
  };
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  for (const channel of channels) client.send({ action: "subscribe", channel });
  client.send({ action: "subscribe", channel: "private-end" });
  await client.next(({ type }) => type === "error");
  return client;
}

/** A certificate for localhost that nobody else has. */
function testCertificate(): { cert: string; key: string; ca: Buffer; fingerprint: string } {
  const folder = mkdtempSync(join(tmpdir(), "carillon-wss-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  execFileSync("openssl", [...made, ...names, "-keyout", key, "-out", cert], { stdio: "pipe" });
  const ca = readFileSync(cert);
  const { publicKey } = new X509Certificate(ca);
  const spki = publicKey.export({ type: "spki", format: "der" });
  return { cert, key, ca, fingerprint: createHash("sha256").update(spki).digest("base64") };
}
