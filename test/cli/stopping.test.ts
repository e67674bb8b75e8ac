import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createClient } from "../../src/client/index.ts";
import { nodeWebSocket } from "../../src/client/node.ts";
import { file, start, type Running } from "./command.ts";

describe("stopping", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("%s ends it with 0, and clients are told to come back", async (signal) => {
    const { url, kill, ended, log } = await start();
    const client = createClient(`${url}carillon`, { transports: [nodeWebSocket()] });
    await client.connect();
    const lost = new Promise((resolve) => client.on("disconnect", resolve));
    kill(signal);
    expect(await lost).toMatchObject({ code: 4510, willReconnect: true });
    expect((await ended).code).toBe(0);
    expect(log.slice(-2)).toEqual([
      expect.objectContaining({ msg: "stopping", signal }),
      expect.objectContaining({ msg: "stopped" }),
    ]);
    await client.close();
  });

  test("it is not ready while it stops, alive all the same, and takes nobody else", async () => {
    const server = await start();
    const reluctant = await clientThatNeverCloses(server);
    server.kill("SIGTERM");
    await server.logged("stopping");
    const ready = await fetch(`${server.url}readyz`);
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { status: "stopping", checks: { accepting: false, eventLoop: true, broker: true } },
    ]);
    expect((await fetch(`${server.url}healthz`)).status).toBe(200);
    const late = new WebSocket(`${server.url.replace("http", "ws")}carillon`);
    const status = await new Promise((resolve) =>
      late.once("unexpected-response", (request, { statusCode }) => {
        request.destroy();
        resolve(statusCode);
      }),
    );
    expect(status).toBe(503);
    reluctant.terminate();
    expect((await server.ended).code).toBe(0);
  });

  test("a second signal ends it at once, with 1", async () => {
    const server = await start();
    const reluctant = await clientThatNeverCloses(server);
    server.kill("SIGTERM");
    await server.logged("stopping");
    server.kill("SIGTERM");
    expect((await server.ended).code).toBe(1);
    expect(server.log.at(-1)).toMatchObject({ msg: "stopping" });
    reluctant.terminate();
  });
});

describe("what nobody caught is logged, and the server ends in good order, with 1", () => {
  test.each([
    ["something was thrown that nobody caught", "setImmediate(() => { throw new Error('oh no'); })"],
    ["a promise was rejected and nobody handled it", "void Promise.reject(new Error('oh no'))"],
  ])("%s", async (message, code) => {
    const config = file(
      "carillon.config.mjs",
      `export default { setup: (server) => server.on("break", () => { ${code} }) };`,
    );
    const { url, ended, logged } = await start(["--config", config]);
    const client = createClient(`${url}carillon`, { transports: [nodeWebSocket()] });
    await client.connect();
    const lost = new Promise((resolve) => client.on("disconnect", resolve));
    client.send("break");
    expect(await logged(message)).toMatchObject({ level: "error", error: { message: "oh no" } });
    expect(await lost).toMatchObject({ code: 4510 });
    expect((await ended).code).toBe(1);
    await client.close();
  });
});

/** A client that is connected, and then reads nothing any more. */
async function clientThatNeverCloses({ url }: Running): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace("http", "ws")}carillon`);
  await new Promise((resolve) => socket.once("open", resolve));
  const welcomed = new Promise((resolve) => socket.once("message", resolve));
  socket.send('{"type":"connect"}');
  await welcomed;
  socket.pause();
  return socket;
}
