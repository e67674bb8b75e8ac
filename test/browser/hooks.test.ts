import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { build, type Rolldown } from "vite";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createServer, type Server } from "../../src/index.ts";
import { sharedChromium } from "../setup/chromium.ts";
import type { Widget } from "./hooks/page.ts";

const browser = sharedChromium();

interface Scene {
  readonly server: Server;
  /** Who asked for which channel, in order. */
  readonly asked: string[];
  /** What the pages complained about. */
  readonly complaints: string[];
  visit(user: string): Promise<Visitor>;
}

interface Visitor {
  show(widgets: readonly Widget[]): Promise<void>;
  press(id: string): Promise<void>;
  /** Waits until a component shows this. */
  sees(id: string, text: string): Promise<void>;
  close(): Promise<void>;
}

describe.each([
  ["React", "react-page.ts", false],
  // Which runs every effect twice.
  ["React in StrictMode", "react-page.ts", true],
  ["Vue", "vue-page.ts", false],
])("the hooks of %s", (_, file, isStrict) => {
  let code: string;
  beforeAll(async () => {
    code = await bundle(file);
  });

  async function scene(): Promise<Scene> {
    let endpoint = "";
    const site = createHttpServer((request, response) => {
      const isScript = request.url === "/page.js";
      response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html");
      response.end(
        isScript
          ? code
          : `<!doctype html><link rel="icon" href="data:,"><body><script>endpoint = "${endpoint}"</script><script type="module" src="/page.js"></script>`,
      );
    });
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    const asked: string[] = [];
    const complaints: string[] = [];
    const server = createServer({
      origins: [address],
      authenticate: ({ token }) => (token ? { userId: token } : undefined),
      channels: {
        "room-*": {
          presence: true,
          whispers: true,
          authorize({ action, channel, connection }) {
            if (action === "subscribe") asked.push(`${connection.userId} ${channel}`);
            return channel !== "room-secret";
          },
        },
      },
      logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    });
    const { port } = await server.listen({ host: "127.0.0.1" });
    endpoint = `http://127.0.0.1:${port}/carillon`;
    const contexts: (() => Promise<void>)[] = [];
    onTestFinished(async () => {
      for (const close of contexts) await close();
      await server.close({ timeoutMs: 1_000 });
      site.close();
      site.closeAllConnections();
    });
    return {
      server,
      asked,
      complaints,
      async visit(user) {
        const context = await browser().newContext();
        contexts.push(() => context.close());
        const page = await context.newPage();
        page.on("pageerror", (error) => complaints.push(String(error)));
        page.on("console", (message) => {
          if (["error", "warning"].includes(message.type())) complaints.push(message.text());
        });
        await page.goto(`${address}/?user=${user}`);
        return visitor(page, isStrict, () => context.close());
      },
    };
  }

  const chat = (id: string, channel = "room-1"): Widget => ({ kind: "chat", id, channel });
  const people = (id: string, channel = "room-1"): Widget => ({ kind: "people", id, channel });
  const typing = (id: string, channel = "room-1"): Widget => ({ kind: "typing", id, channel });
  const state: Widget = { kind: "state", id: "state", channel: "" };
  const members = (server: Server, channel = "room-1"): readonly string[] =>
    server.channel(channel).members.map(({ user }) => user);
  const becomes = async (read: () => unknown, value: unknown): Promise<void> => {
    await expect.poll(read, { timeout: 10_000 }).toEqual(value);
  };

  test("hear what is published, with the handlers of the latest render", async () => {
    const { visit, asked, complaints } = await scene();
    const ada = await visit("ada");
    await ada.show([chat("a"), people("p")]);
    await ada.sees("p", "ada");
    for (let n = 0; n < 3; n += 1) {
      await ada.press("a");
      await ada.sees("a", `lines ${Array.from({ length: n + 1 }, (_, index) => `a${index}`).join(",")}`);
    }
    expect(asked).toEqual(["ada room-1"]);
    expect(complaints).toEqual([]);
  });

  test("share one subscription, and the last one that is unmounted ends it", async () => {
    const { visit, server, asked } = await scene();
    const ada = await visit("ada");
    await ada.show([chat("a"), chat("b"), people("p")]);
    await ada.sees("p", "ada");
    await ada.press("a");
    await ada.sees("b", "lines a0");
    await ada.show([chat("b")]);
    await ada.press("b");
    await ada.sees("b", "lines a0,b1");
    expect(members(server)).toEqual(["ada"]);
    await ada.show([]);
    await becomes(() => members(server), []);
    await ada.show([people("p")]);
    await ada.sees("p", "ada");
    expect(asked).toEqual(["ada room-1", "ada room-1"]);
  });

  test("keep the subscription where one component takes the place of another", async () => {
    const { visit, server, asked } = await scene();
    const ada = await visit("ada");
    await ada.show([people("p")]);
    await ada.sees("p", "ada");
    await ada.show([people("q")]);
    await ada.sees("q", "ada");
    await ada.show([people("q"), chat("c", "room-2")]);
    await becomes(() => members(server, "room-2"), ["ada"]);
    expect(asked).toEqual(["ada room-1", "ada room-2"]);
  });

  test("follow the name of their channel", async () => {
    const { visit, server } = await scene();
    const ada = await visit("ada");
    await ada.show([chat("a", "room-1"), people("p", "room-1")]);
    await ada.sees("p", "ada");
    await ada.show([chat("a", "room-2"), people("p", "room-2")]);
    await becomes(() => [members(server, "room-1"), members(server, "room-2")], [[], ["ada"]]);
    await ada.sees("p", "ada");
    await server.channel("room-1").publish("said", { text: "there" });
    await server.channel("room-2").publish("said", { text: "here" });
    await ada.sees("a", "lines here");
  });

  test("show who is there, and who comes and goes", async () => {
    const { visit } = await scene();
    const ada = await visit("ada");
    await ada.show([people("p")]);
    const bob = await visit("bob");
    await bob.show([people("p")]);
    await ada.sees("p", "ada,bob");
    await bob.sees("p", "ada,bob");
    await bob.show([]);
    await ada.sees("p", "ada");
  });

  test("whisper to the others, and not to themselves", async () => {
    const { visit } = await scene();
    const [ada, bob] = [await visit("ada"), await visit("bob")];
    await ada.show([typing("t"), people("p")]);
    await bob.show([typing("t"), people("p")]);
    await ada.sees("p", "ada,bob");
    await bob.sees("p", "ada,bob");
    await ada.press("t");
    await bob.sees("t", "t/ada ");
    await bob.press("t");
    await ada.sees("t", "t/bob ");
  });

  test("come back after the connection was lost", async () => {
    const { visit, server } = await scene();
    const ada = await visit("ada");
    await ada.show([chat("a"), people("p"), state]);
    await ada.sees("p", "ada");
    await ada.sees("state", "open 0");
    await server.disconnectUser("ada", 4510);
    await ada.sees("state", "open 1");
    await ada.sees("p", "ada");
    await server.channel("room-1").publish("said", { text: "again" });
    await ada.sees("a", "lines again");
  });

  test("say why they are not subscribed", async () => {
    const { visit } = await scene();
    const ada = await visit("ada");
    await ada.show([chat("a", "room-secret")]);
    await ada.sees("a", "error forbidden");
    await ada.show([chat("a", "room-1")]);
    await ada.sees("a", "lines ");
  });
});

function visitor(page: Page, isStrict: boolean, close: () => Promise<void>): Visitor {
  return {
    show: (widgets) =>
      page.evaluate(([shown, strict]) => window.page.show(shown, strict), [widgets, isStrict] as const),
    press: (id) => page.evaluate((pressed) => window.page.press(pressed), id),
    async sees(id, text) {
      await expect.poll(() => page.locator(`#${id}`).textContent(), { timeout: 10_000 }).toBe(text);
    },
    close,
  };
}

async function bundle(file: string): Promise<string> {
  const entry = fileURLToPath(new URL(`hooks/${file}`, import.meta.url));
  const outputs = await build({
    configFile: false,
    logLevel: "silent",
    mode: "development",
    define: {
      // StrictMode does nothing in production.
      "process.env.NODE_ENV": '"development"',
      // Vue asks its bundler for these.
      __VUE_OPTIONS_API__: "true",
      __VUE_PROD_DEVTOOLS__: "false",
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
    },
    build: { write: false, minify: false, lib: { entry, formats: ["es"], fileName: "page" } },
  });
  return (outputs as Rolldown.RolldownOutput[])[0]!.output[0].code;
}
