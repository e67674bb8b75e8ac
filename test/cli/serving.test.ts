import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createClient } from "../../src/client/index.ts";
import { nodeWebSocket } from "../../src/client/node.ts";
import { file, run, start } from "./command.ts";

describe("options, when the server runs", () => {
  test("--port, --host and --no-demo", async () => {
    const first = await start();
    first.kill("SIGTERM");
    await first.ended;
    const { url } = await start(["--port", String(first.port), "--host", "localhost", "--no-demo"]);
    expect(url).toBe(`http://localhost:${first.port}/`);
    const page = await fetch(url);
    expect(page.status).toBe(404);
    expect(await page.text()).toBe(
      "There is nothing here. This Carillon server has its SDK at /carillon.js, its WebSocket endpoints at /carillon, /socket, /ws, /broadcast, /broadcasting, /ao and /rtc, and its health at /healthz and /readyz.\n",
    );
    expect((await fetch(`${url}languages`)).status).toBe(404);
    expect((await fetch(`${url}carillon.js`)).status).toBe(200);
  });

  test("a flag wins over the environment, and that over the config file", async () => {
    const config = file("carillon.config.mjs", `export default { host: "192.0.2.1", demo: false, port: 1 }`);
    const { url } = await start(["--host", "127.0.0.1"], { CARILLON_CONFIG: config, CARILLON_HOST: "192.0.2.2" });
    expect((await fetch(url)).status).toBe(404);
  });

  test("--max-message-bytes closes with 1009 what is larger", async () => {
    const { url } = await start(["--max-message-bytes", "100"]);
    const socket = new WebSocket(`${url.replace("http", "ws")}carillon`);
    await new Promise((resolve) => socket.once("open", resolve));
    const code = new Promise((resolve) => socket.once("close", resolve));
    socket.send("x".repeat(101));
    expect(await code).toBe(1009);
  });

  test("--origins lets pages of other sites in, and only those", async () => {
    const { url } = await start(["--origins", "https://one.example, https://two.example"]);
    const statuses = await Promise.all(
      [undefined, url.slice(0, -1), "https://one.example", "https://two.example", "https://three.example"].map(
        (origin) => statusOf(`${url.replace("http", "ws")}carillon`, origin),
      ),
    );
    expect(statuses).toEqual([101, 101, 101, 101, 403]);
  });

  test("--log-level debug tells who comes and goes", async () => {
    const { url, logged } = await start(["--log-level", "debug"]);
    const client = createClient(`${url}carillon?name=Ada`, { transports: [nodeWebSocket()] });
    await client.connect();
    expect(await logged("connected")).toMatchObject({ level: "debug", dialect: "native", ip: "127.0.0.1" });
    await client.close();
    expect(await logged("disconnected")).toMatchObject({ level: "debug", code: 1000 });
  });

  test("--log-level silent says nothing at all", async () => {
    const config = file(
      "carillon.config.mjs",
      `export default { setup: () => setImmediate(() => process.kill(process.pid, "SIGTERM")) }`,
    );
    expect(await run(["--port", "0", "--log-level", "silent", "--config", config])).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
  });
});

describe("visitors, when nobody is asked who they are", () => {
  test("have the name they chose, and are anonymous", async () => {
    const { url } = await start();
    const ada = createClient(`${url}carillon?name=Ada`, { transports: [nodeWebSocket()] });
    const lobby = ada.channel("presence-lobby");
    await lobby.subscribe();
    expect(lobby.presence.members).toEqual([
      { user: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-4/) as string, info: { name: "Ada" } },
    ]);
    expect(ada.state).not.toHaveProperty("user", expect.anything());
    await ada.close();
  });

  test("may not enter private channels", async () => {
    const { url } = await start();
    const ada = createClient(`${url}carillon`, { transports: [nodeWebSocket()] });
    await expect(ada.channel("private-diary").subscribe()).rejects.toMatchObject({ code: "forbidden" });
    await ada.close();
  });
});

/** What the server answers to an upgrade: 101, or the refusal's status. */
function statusOf(url: string, origin: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { ...(origin !== undefined && { origin }) });
    socket.once("open", () => {
      socket.close();
      resolve(101);
    });
    socket.once("unexpected-response", (request, { statusCode }) => {
      request.destroy();
      resolve(statusCode ?? 0);
    });
    socket.once("error", reject);
  });
}
