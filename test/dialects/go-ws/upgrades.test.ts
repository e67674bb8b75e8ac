import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import {
  ConnectionError,
  RateLimitError,
  type GoWsError,
  type UpgradeMiddleware,
  type UpgradeRefusal,
} from "../../../src/dialects/go-ws/index.ts";
import { CarillonError } from "../../../src/index.ts";
import { handshake } from "../../server/raw-client.ts";
import { eventually, silent, Speaker, start, stopAll } from "./support.ts";

afterEach(stopAll);

const http = (url: string): string => url.replace("ws:", "http:");

describe("go-ws: upgrades", () => {
  test("the answer has what an upgrade needs and nothing of ours", async () => {
    const { url, hub } = await start();
    const { status, headers, socket } = await handshake(http(url));
    expect(status).toBe(101);
    expect(headers["sec-websocket-extensions"]).toBeUndefined();
    expect(headers["sec-websocket-protocol"]).toBeUndefined();
    socket!.destroy();
    await eventually(() => hub.clients.size === 0);
  });

  test.each([
    ["no upgrade", { headers: { Upgrade: undefined, Connection: undefined } }, 400, "Bad Request\n"],
    ["another version", { headers: { "Sec-WebSocket-Version": "12" } }, 400, "Bad Request\n"],
    ["a bad key", { headers: { "Sec-WebSocket-Key": "abc" } }, 400, "Bad Request\n"],
    ["another method", { method: "POST" }, 405, "Method Not Allowed\n"],
  ])("GWS-38 %s is refused as the original does, and the application is told", async (_name, wrong, status, body) => {
    const errors: GoWsError[] = [];
    const { url } = await start({ errorHandler: (error) => errors.push(error) });
    const answer = await handshake(http(url), wrong);
    expect(answer).toMatchObject({ status, body });
    expect(answer.headers).toMatchObject({ "sec-websocket-version": "13", "x-content-type-options": "nosniff" });
    expect(errors).toEqual([expect.any(ConnectionError)]);
    expect(errors[0]).toMatchObject({ status });
  });

  test("GWS-19 GWS-38 as many as maxConnections come in, the next is refused with 503, and comes in after a close", async () => {
    const errors: GoWsError[] = [];
    const { connect, url, hub } = await start({ maxConnections: 2, errorHandler: (error) => errors.push(error) });
    const ada = await connect();
    await connect();
    expect((await handshake(http(url))).status).toBe(503);
    expect(errors).toEqual([expect.any(ConnectionError)]);
    ada.socket.close();
    await eventually(() => hub.clients.size === 1);
    const bob = await connect();
    await bob.settled();
    expect(hub.clients.size).toBe(2);
  });

  test("GWS-19 as many as maxConnectionsPerIp come in from one address, and the next is refused with 429", async () => {
    const errors: GoWsError[] = [];
    const { connect, url, hub } = await start(
      { maxConnectionsPerIp: 2, errorHandler: (error) => errors.push(error) },
      { trustProxy: 1 },
    );
    const from = (ip: string): { headers: Record<string, string> } => ({ headers: { "X-Forwarded-For": ip } });
    const ada = await connect("", from("192.0.2.1"));
    await connect("", from("192.0.2.1"));
    expect((await handshake(http(url), from("192.0.2.1"))).status).toBe(429);
    expect(errors).toEqual([expect.any(ConnectionError)]);
    await connect("", from("192.0.2.2"));
    ada.socket.close();
    await eventually(() => hub.clients.size === 2);
    await connect("", from("192.0.2.1"));
  });

  test("GWS-19 addresses of one /64 of IPv6 count as one", async () => {
    const { connect, url } = await start({ maxConnectionsPerIp: 2 }, { trustProxy: 1 });
    const from = (ip: string): { headers: Record<string, string> } => ({ headers: { "X-Forwarded-For": ip } });
    await connect("", from("2001:db8:1:2::1"));
    await connect("", from("2001:0db8:1:2:ffff::9"));
    expect((await handshake(http(url), from("2001:db8:1:2::3"))).status).toBe(429);
    await connect("", from("2001:db8:1:3::1"));
  });

  test("GWS-19 this machine's own addresses are counted where a number is given, and not by default", async () => {
    const few = await start({ maxConnectionsPerIp: 1 });
    const ada = await few.connect();
    expect((await handshake(http(few.url))).status).toBe(429);
    ada.socket.close();
    await eventually(() => few.hub.clients.size === 0);
    await few.connect();
    const many = await start({}, { admission: { handshakesPerSecond: Infinity } });
    await Promise.all(Array.from({ length: 101 }, () => many.connect()));
    await eventually(() => many.hub.clients.size === 101);
  });

  test("GWS-19 who comes while others are being thought about does not come in beyond the limit", async () => {
    const letIn: (() => void)[] = [];
    const { connect, hub } = await start({
      maxConnections: 1,
      middleware: [
        async (_handshake, next) => {
          await new Promise<void>((resolve) => void letIn.push(resolve));
          return next();
        },
      ],
    });
    const both = Promise.all([connect(), connect()]);
    await eventually(() => letIn.length === 2);
    for (const one of letIn) one();
    const speakers = await both;
    expect(await Promise.race(speakers.map(({ closed }) => closed))).toMatchObject({ code: 4503 });
    expect(hub.stats()).toMatchObject({ totalConnections: 1, activeConnections: 1, errors: 1 });
  });

  test("GWS-23 the first middleware wraps the second", async () => {
    const order: string[] = [];
    const around =
      (name: string): UpgradeMiddleware =>
      async (_handshake, next) => {
        order.push(`${name} before`);
        const refusal = await next();
        order.push(`${name} after ${refusal?.status}`);
        return refusal;
      };
    const { connect } = await start({ middleware: [around("m1"), around("m2")] });
    await (await connect()).settled();
    expect(order).toEqual(["m1 before", "m2 before", "m2 after undefined", "m1 after undefined"]);
  });

  test.each<readonly [string, UpgradeMiddleware, number]>([
    ["returns a refusal", () => ({ status: 418, message: "short and stout" }), 418],
    ["returns without calling next", () => undefined, 403],
    ["refuses after next", async (_handshake, next) => (await next()) ?? { status: 402, message: "pay" }, 402],
    [
      "throws unauthorized",
      () => {
        throw new CarillonError("unauthorized");
      },
      401,
    ],
    ["rejects with rate-limited", () => Promise.reject(new CarillonError("rate-limited")), 429],
  ])("GWS-23 GWS-38 middleware that %s prevents the upgrade", async (_name, middleware, status) => {
    const errors: GoWsError[] = [];
    const { url, hub, failures } = await start({
      middleware: [middleware],
      errorHandler: (error) => errors.push(error),
    });
    expect((await handshake(http(url))).status).toBe(status);
    expect(errors).toHaveLength(1);
    expect(hub.stats()).toMatchObject({ totalConnections: 0, errors: 1 });
    expect(failures).toEqual([]);
  });

  test("GWS-23 middleware that forgets what next returned lets nobody in who was refused", async () => {
    const { connect, url } = await start({
      maxConnections: 1,
      middleware: [
        async (_handshake, next) => {
          await next();
          return undefined;
        },
      ],
    });
    await connect();
    expect((await handshake(http(url))).status).toBe(403);
  });

  test("GWS-38 middleware that breaks is answered with 500, and reported", async () => {
    const broken = new Error("broken");
    const { url, failures } = await start({ middleware: [() => Promise.reject(broken)] });
    expect((await handshake(http(url))).status).toBe(500);
    expect(failures).toEqual([broken]);
  });

  test("GWS-39 middleware that limits the rate answers 429, and the application is told a rate error", async () => {
    const errors: GoWsError[] = [];
    let count = 0;
    const { connect, url } = await start({
      middleware: [
        (_handshake, next) =>
          (count += 1) > 1 ? { status: 429, message: "slow down", headers: { "Retry-After": "1" } } : next(),
      ],
      errorHandler: (error) => errors.push(error),
    });
    await connect();
    expect(await handshake(http(url))).toMatchObject({ status: 429, headers: { "retry-after": "1" } });
    expect(errors).toEqual([expect.any(RateLimitError)]);
  });

  test("GWS-41 the user-id function sees what a framework knew of the request", async () => {
    const { server, hub } = await start({ getUserId: ({ locals }) => locals["user"] as string });
    const framework = createHttpServer();
    framework.on("upgrade", (request, socket, head) => {
      server.upgrade(request, socket, head, { user: "u9" });
    });
    framework.listen(0, "127.0.0.1");
    await once(framework, "listening");
    const { port } = framework.address() as AddressInfo;
    const ada = new Speaker(`ws://127.0.0.1:${port}/ws`);
    await once(ada.socket, "open");
    await ada.settled();
    expect([...hub.clients.values()].map(({ userId }) => userId)).toEqual(["u9"]);
    framework.close();
  });

  test.each<[string, unknown]>([
    ["true", true],
    ["null", null],
    ["no status", { message: "m" }],
    ["a status that is none", { status: 399, message: "m" }],
    ["a status beyond all", { status: 600, message: "m" }],
    ["no message", { status: 403 }],
    ["a header that ends early", { status: 403, message: "m", headers: { "X-A": "b\r\nX-C: d" } }],
  ])("GWS-23 middleware that returns %s refuses with 500, and the application is told", async (_, returned) => {
    const { url, failures } = await start({ middleware: [() => returned as UpgradeRefusal] });
    const { status, headers } = await handshake(http(url));
    expect([status, headers["x-c"]]).toEqual([500, undefined]);
    expect(failures).toEqual([expect.objectContaining({ message: expect.stringContaining("status from 400 to 599") })]);
  });

  test("GWS-37 with origins others get 403", async () => {
    const { url } = await start({ origins: ["https://app.example.com"] });
    const from = (Origin: string): { headers: Record<string, string> } => ({ headers: { Origin } });
    expect((await handshake(http(url), from("https://evil.example.com"))).status).toBe(403);
    const { status, socket } = await handshake(http(url), from("https://app.example.com"));
    expect(status).toBe(101);
    socket!.destroy();
  });

  test("GWS-37 without any all pass, with one warning", async () => {
    const warnings: string[] = [];
    const { url } = await start({}, { logger: { ...silent, warn: (_facts, message) => warnings.push(message) } });
    for (const Origin of ["https://a.example.com", "https://b.example.com"]) {
      const { status, socket } = await handshake(http(url), { headers: { Origin } });
      expect(status).toBe(101);
      socket!.destroy();
    }
    expect(warnings).toEqual([expect.stringContaining("go-ws")]);
  });
});
