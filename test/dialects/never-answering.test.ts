import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { goWs } from "../../src/dialects/go-ws/index.ts";
import { native } from "../../src/dialects/native/dialect.ts";
import { socketGo } from "../../src/dialects/socket-go/index.ts";
import { createServer, type Server, type ServerOptions } from "../../src/index.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { silent } from "../canary.ts";
import { languages } from "../hostile/languages.ts";
import { LinkClient } from "../transports/http/link-client.ts";

const clock = new ManualClock();
let asked: Promise<void>;
/** What the hook says after all. */
let answerLate: () => void = () => undefined;
let server: Server;

afterEach(() => server.close({ timeoutMs: 200 }));

/** Asked once, it answers when it is far too late. */
function slowHook<Answer>(answer: Answer): () => Promise<Answer> {
  let isAsked: () => void = () => undefined;
  asked = new Promise((resolve) => (isAsked = resolve));
  return () => {
    isAsked();
    return new Promise((resolve) => (answerLate = () => resolve(answer)));
  };
}

async function start(options: ServerOptions, use?: () => Promise<void>): Promise<string> {
  server = createServer({ logger: silent, clock, ...options });
  if (use) server.use((_, next) => use().then(next));
  const { port } = await server.listen({ host: "127.0.0.1" });
  return `127.0.0.1:${port}`;
}

/** Resolves when everything that was sent to it so far has come. */
async function roundTrip(socket: WebSocket): Promise<void> {
  socket.ping();
  await once(socket, "pong");
}

async function nobodyIsIn(): Promise<void> {
  answerLate();
  await new Promise(setImmediate);
  expect(server.stats()).toMatchObject({ connections: 0 });
}

describe.each(languages)("A15 a client of $name whom the application never answers", ({ path, make, greeting }) => {
  test.each(["authenticate", "middleware"])("has 10 s: %s", async (hook) => {
    const endpoints = { [`/${path}`]: make() };
    const address =
      hook === "authenticate"
        ? await start({ endpoints, authenticate: slowHook({ userId: "ann" }) })
        : await start({ endpoints }, slowHook(undefined));
    const socket = new WebSocket(`ws://${address}/${path}`);
    socket.on("open", () => greeting !== undefined && socket.send(greeting));
    const closed = once(socket, "close");
    await Promise.all([once(socket, "open"), asked]);
    clock.advance(9_999);
    await roundTrip(socket);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    clock.advance(1);
    await closed;
    await nobodyIsIn();
  });
});

test("a client that middleware has let in stays, however long that takes over what it does afterwards", async () => {
  server = createServer({
    logger: silent,
    clock,
    endpoints: { "/ws": goWs({ pingIntervalMs: 60_000, pongTimeoutMs: 60_001 }) },
  });
  server.use(async (_, next) => {
    await next();
    await slowHook(undefined)();
  });
  const { port } = await server.listen({ host: "127.0.0.1" });
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  await once(socket, "open");
  clock.advance(10_000);
  await roundTrip(socket);
  expect(server.stats()).toMatchObject({ connections: 1 });
});

describe("A15 an attempt over HTTP that the application never answers", () => {
  test("is answered with 503 after 10 s: go-ws's middleware at the upgrade", async () => {
    const errors: unknown[] = [];
    const middleware = slowHook(undefined);
    const hub = goWs({
      middleware: [(_, next) => middleware().then(next)],
      errorHandler: (error) => errors.push(error),
    });
    const address = await start({ endpoints: { "/ws": hub } });
    const socket = new WebSocket(`ws://${address}/ws`);
    let status: number | undefined;
    socket.on("unexpected-response", (_, response) => {
      status = response.statusCode;
      response.resume().on("end", () => socket.emit("answered"));
    });
    const answered = once(socket, "answered");
    await asked;
    clock.advance(9_999);
    await new Promise(setImmediate);
    expect(errors).toEqual([]);
    clock.advance(1);
    await answered;
    expect(status).toBe(503);
    expect(errors).toEqual([expect.objectContaining({ status: 503 })]);
    await nobodyIsIn();
  });

  test("leaves no timer when it is answered in time", async () => {
    const hub = goWs({ middleware: [() => Promise.resolve({ status: 403, message: "no" })] });
    const address = await start({ endpoints: { "/ws": hub } });
    const before = clock.timers;
    const [error] = (await once(new WebSocket(`ws://${address}/ws`), "error")) as [Error];
    expect(error.message).toContain("403");
    expect(clock.timers).toBe(before);
  });

  test("is answered with 503 when the server stops meanwhile, and the late answer changes nothing", async () => {
    const middleware = slowHook(undefined);
    const address = await start({ endpoints: { "/ws": goWs({ middleware: [(_, next) => middleware().then(next)] }) } });
    const answered = once(new WebSocket(`ws://${address}/ws`), "error");
    await asked;
    await server.close();
    expect(String(await answered)).toContain("503");
    await nobodyIsIn();
  });

  test.each(["authenticate", "middleware"])(
    "is answered with 503 after 10 s: socket.go's polling, %s",
    async (hook) => {
      const endpoints = { "/socket": socketGo() };
      const address =
        hook === "authenticate"
          ? await start({ endpoints, authenticate: slowHook({ userId: "ann" }) })
          : await start({ endpoints }, slowHook(undefined));
      const answered = fetch(`http://${address}/socket/connect`, { method: "POST" });
      await asked;
      clock.advance(10_000);
      expect((await answered).status).toBe(503);
      await nobodyIsIn();
    },
  );

  test.each(["authenticate", "middleware"])("is told so after 10 s: a native link, %s", async (hook) => {
    const endpoints = { "/carillon": native() };
    const address =
      hook === "authenticate"
        ? await start({ endpoints, authenticate: slowHook({ userId: "ann" }) })
        : await start({ endpoints }, slowHook(undefined));
    const link = await LinkClient.open(`http://${address}/carillon`, '{"type":"connect"}');
    const polled = link.poll(0);
    await asked;
    clock.advance(10_000);
    expect(await polled).toMatchObject({ status: 410, body: expect.stringContaining("4504") as string });
    await nobodyIsIn();
  });
});
