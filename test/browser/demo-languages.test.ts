import type { Page } from "playwright-core";
import { describe, expect, test, vi } from "vitest";
import { start } from "../cli/command.ts";
import { sharedChromium } from "../setup/chromium.ts";
import { faultlessPage, type FaultlessPageOptions } from "./faultless-page.ts";

vi.setConfig({ testTimeout: 60_000 });

const owner = "rtbroadcaster, owner";
const guest = "rtbroadcaster, guest";
const talkers = ["native", "socket.go", "go-ws", "ao-concepts", "go-rtc-lib"];

const browser = sharedChromium();

describe("the page of languages", () => {
  test("what is said in each language is heard in every other one, with the bytes that each one gets", async () => {
    const { url } = await start();
    const page = await open(`${url}languages`);
    const everyone = [owner, ...talkers, guest];
    for (const name of everyone) await isIn(page, name);
    const room = (await page.locator(".about .room").textContent())!;
    expect(room).toMatch(/^[\da-f-]{36}$/);

    for (const speaker of [owner, ...talkers]) {
      await say(page, speaker, `this is ${speaker}`);
      // To its own guests alone an owner's word goes, and not back to itself.
      const hearers = everyone.filter((name) => name !== speaker || speaker !== owner);
      for (const hearer of hearers) await hears(page, hearer, `this is ${speaker}`);
    }
    for (const hearer of everyone) {
      const words = await heardBy(page, hearer);
      const expected = [owner, ...talkers].filter((name) => name !== hearer || hearer !== owner);
      expect([hearer, words.filter((text) => text.startsWith("this is"))]).toEqual([
        hearer,
        expected.map((name) => `this is ${name}`),
      ]);
    }

    const text = "this is go-ws";
    expect(await bytes(page, "native", text)).toMatchObject({ type: "publication", channel: room, data: { text } });
    expect(await bytes(page, "socket.go", text)).toEqual({ event: "chat", data: { text } });
    expect(await bytes(page, "ao-concepts", text)).toEqual({ e: "chat", p: { text } });
    expect(await bytes(page, "go-rtc-lib", text)).toEqual({ from: expect.any(String) as string, message: { text } });
    expect(await bytes(page, guest, text)).toEqual({
      uuid: room,
      status: { value: 3, text: "connected" },
      funcKey: "chat",
      funcParams: [JSON.stringify({ text })],
      stateMessage: false,
    });
    expect(await bytes(page, "go-ws", "this is native")).toMatchObject({
      type: "message",
      channel_name: room,
      event: "chat",
      message: { text: "this is native" },
    });
  });

  test("a second window joins the room, where nobody but its owner is the owner", async () => {
    const { url } = await start();
    const first = await open(`${url}languages`);
    for (const name of [owner, ...talkers, guest]) await isIn(first, name);
    const link = first.getByRole("link", { name: "Join it from a second window" });
    const second = await open(new URL((await link.getAttribute("href"))!, url).href);
    for (const name of [...talkers, guest]) await isIn(second, name);
    expect(await pane(second, owner).count()).toBe(0);
    await say(first, owner, "from the first");
    for (const name of [...talkers, guest]) await hears(second, name, "from the first");
    await say(second, "socket.go", "from the second");
    for (const name of [owner, ...talkers, guest]) await hears(first, name, "from the second");
  });

  test("starts again in a new room", async () => {
    const { url } = await start();
    const page = await open(`${url}languages`);
    await isIn(page, guest);
    const room = await page.locator(".about .room").textContent();
    await page.getByRole("button", { name: "Start again" }).click();
    await expect.poll(() => page.locator(".about .room").textContent()).toMatch(/^[\da-f-]{36}$/);
    await isIn(page, guest);
    expect(await page.locator(".about .room").textContent()).not.toBe(room);
    await say(page, "native", "anew");
    await hears(page, guest, "anew");
    expect((await heardBy(page, guest)).at(-1)).toBe("anew");
  });

  test("does without the languages that the server does not speak", async () => {
    const { url } = await start(["--dialects", "native,go-ws"]);
    const page = await open(`${url}languages`, undefined, (fault) => fault.startsWith("WebSocket connection to"));
    await isIn(page, "go-ws");
    await say(page, "native", "only the two of us");
    await hears(page, "go-ws", "only the two of us");
    for (const name of [owner, guest, "socket.go", "ao-concepts", "go-rtc-lib"]) await isNow(page, name, "closed");
    const said = page.getByRole("status");
    expect(await said.textContent()).toBe(
      `Not connected: ${[owner, "socket.go", "ao-concepts", "go-rtc-lib", guest].join("; ")}.`,
    );
  });

  test("says that the server has gone, and starts again with the next one", async () => {
    const first = await start();
    const page = await open(`${first.url}languages`, undefined, (fault) => fault.startsWith("WebSocket connection to"));
    await isIn(page, guest);
    expect(await page.getByRole("status").count()).toBe(0);
    first.kill("SIGKILL");
    await page.getByRole("status").getByText("Start again when the server is back").waitFor();
    await start(["--port", String(first.port)]);
    await page.getByRole("button", { name: "Start again" }).click();
    await isIn(page, guest);
    expect(await page.getByRole("status").count()).toBe(0);
  });

  test("text stays text", async () => {
    const { url } = await start();
    const page = await open(`${url}languages`);
    const text = `<img src=x onerror="alert(1)"> {"text":1}`;
    for (const name of [owner, ...talkers, guest]) await isIn(page, name);
    await say(page, "socket.go", text);
    for (const name of [owner, ...talkers, guest]) await hears(page, name, text);
    expect(await page.locator("img").count()).toBe(0);
  });

  test.each([320, 390, 820, 1100, 1280])("fits into a window that is %i pixels wide", async (width) => {
    const { url } = await start();
    const page = await open(`${url}languages`, { width, height: 800 });
    await isIn(page, guest);
    await say(page, "go-ws", "x".repeat(200));
    await hears(page, guest, "x".repeat(200));
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  });

  test("is one click away from the chat, and back", async () => {
    const { url } = await start();
    const page = await open(url);
    await page.getByRole("link", { name: "Languages" }).click();
    await isIn(page, guest);
    await page.getByRole("link", { name: "Chat" }).click();
    await page.getByLabel("Message", { exact: true }).waitFor();
  });
});

/** Opens a page, and makes sure that nothing on it goes wrong until the test ends. */
async function open(
  url: string,
  viewport?: FaultlessPageOptions["viewport"],
  isExpected?: FaultlessPageOptions["isExpected"],
): Promise<Page> {
  const page = await faultlessPage(browser(), { viewport, isExpected });
  await page.goto(url);
  return page;
}

function pane(page: Page, name: string): ReturnType<Page["getByRole"]> {
  return page.getByRole("region", { name, exact: true });
}

/** Not every language answers to whoever enters; whoever hears itself is in. */
async function isIn(page: Page, name: string): Promise<void> {
  await isNow(page, name, "connected");
  if (name === owner || name === guest) {
    await pane(page, name).locator(".frame.received").getByText('"connected"').first().waitFor();
    return;
  }
  await say(page, name, `${name} is here`);
  await hears(page, name, `${name} is here`);
}

async function isNow(page: Page, name: string, state: string): Promise<void> {
  await pane(page, name).locator(".bar .unseen", { hasText: state }).waitFor({ state: "attached" });
}

async function heardBy(page: Page, name: string): Promise<readonly string[]> {
  return pane(page, name).locator(".frame.received .words").allTextContents();
}

async function say(page: Page, name: string, text: string): Promise<void> {
  await page.getByLabel(`Say something in ${name}`, { exact: true }).fill(text);
  await page.keyboard.press("Enter");
}

async function hears(page: Page, name: string, text: string): Promise<void> {
  await pane(page, name).locator(".frame.received .words").getByText(text, { exact: true }).waitFor();
}

/** The frame that told a text, as it came over the wire. */
async function bytes(page: Page, name: string, text: string): Promise<unknown> {
  const frame = pane(page, name).locator(".frame.received", {
    has: page.locator(".words").getByText(text, { exact: true }),
  });
  return JSON.parse((await frame.locator(".json").textContent())!);
}
