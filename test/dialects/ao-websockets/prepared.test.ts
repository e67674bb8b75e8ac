import { describe, expect, onTestFinished, test } from "vitest";
import { aoWebsockets, AoMockSocket, type AoWebsockets } from "../../../src/dialects/ao-websockets/index.ts";
import { createServer, type Server } from "../../../src/index.ts";
import { turn, until } from "./support.ts";

function mounted(): { readonly ao: AoWebsockets; readonly server: Server } {
  const ao = aoWebsockets();
  const server = createServer({ endpoints: { "/ao": ao } });
  onTestFinished(() => server.close());
  ao.subscribe("echo", ({ event, payload, connection }) => connection.sendMessage({ event, payload }));
  return { ao, server };
}

describe("connect()", () => {
  test("runs a prepared connection until its client is gone", async () => {
    const { ao } = mounted();
    ao.subscribe("who", ({ connection }) =>
      connection.sendMessage({ event: "you", payload: connection.locals("user") }),
    );
    const gone: string[] = [];
    ao.onConnectionClose(({ id }) => gone.push(id));
    const socket = new AoMockSocket();
    socket.locals["user"] = { name: "ada" };
    socket.say('{"e":"echo","p":{"n":1}}');
    const ended = ao.connect(socket);
    await until(() => socket.written.length === 1);
    expect(ao.countConnections()).toBe(1);
    socket.say('{"e":"who"}');
    await until(() => socket.written.length === 2);
    socket.hangUp();
    await ended;
    expect(socket.written).toEqual(['{"e":"echo","p":{"n":1}}\n', '{"e":"you","p":{"name":"ada"}}\n']);
    expect([gone.length, ao.countConnections()]).toEqual([1, 0]);
  });

  test("closes it for what is no message", async () => {
    const { ao } = mounted();
    const socket = new AoMockSocket();
    socket.say("{bad", '{"e":"echo"}');
    await ao.connect(socket);
    expect(socket.closing).toEqual({ code: 1_007, reason: "the message is not JSON" });
    expect(socket.written).toEqual([]);
  });

  test("hears nothing behind what is no message, whatever it waited for", async () => {
    const { ao, server } = mounted();
    const { promise, resolve } = Promise.withResolvers<boolean>();
    server.intercept(() => promise);
    const heard: string[] = [];
    ao.subscribe("*", ({ event }) => heard.push(event));
    const socket = new AoMockSocket();
    socket.say('{"e":"first"}', "{bad", '{"e":"behind"}');
    const ended = ao.connect(socket);
    for (let n = 0; n < 10; n += 1) await turn();
    resolve(true);
    await ended;
    await turn();
    expect([heard, socket.closing?.code]).toEqual([["first"], 1_007]);
  });

  test("reads no further while a slow operation has much waiting before it", async () => {
    const ao = aoWebsockets();
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const server = createServer({ endpoints: { "/ao": ao } });
    onTestFinished(() => server.close());
    server.intercept(() => promise);
    const heard: unknown[] = [];
    ao.subscribe("n", ({ payload }) => heard.push(payload?.["n"]));
    const socket = new AoMockSocket();
    const all = Array.from({ length: 500 }, (_, n) => n);
    for (const n of all) socket.say(`{"e":"n","p":{"n":${n}}}`);
    const ended = ao.connect(socket);
    for (let n = 0; n < 10; n += 1) await turn();
    expect(heard).toEqual([]);
    resolve(true);
    await until(() => heard.length === 500);
    expect(heard).toEqual(all);
    socket.hangUp();
    await ended;
  });

  test("closes it when the server closes, and with shutdown(); afterwards nothing happens", async () => {
    const { ao, server } = mounted();
    const [one, two, late] = [new AoMockSocket(), new AoMockSocket(), new AoMockSocket()];
    const first = ao.connect(one);
    ao.shutdown();
    await first;
    await ao.connect(late);
    expect([one.closing, late.closing, ao.countConnections()]).toEqual([
      { code: 1_001, reason: undefined },
      undefined,
      0,
    ]);
    const other = aoWebsockets();
    const otherServer = createServer({ endpoints: { "/ao": other } });
    const second = other.connect(two);
    await otherServer.close();
    await second;
    expect(two.closing).toEqual({ code: 1_001, reason: undefined });
    expect(server.isReady).toBe(true);
  });
});

describe("AoMockSocket", () => {
  test("AO-23: with doError every call reports an error", async () => {
    const socket = new AoMockSocket();
    const waiting = socket.readMessage();
    socket.doError = true;
    expect(socket.doError).toBe(true);
    const broken = expect.objectContaining({ code: "connection-closed" });
    await expect(waiting).rejects.toThrow(broken);
    socket.say("said");
    await expect(socket.readMessage()).rejects.toThrow(broken);
    expect(() => socket.writeMessage("x")).toThrow(broken);
    expect(() => socket.close(1_000, "x")).toThrow(broken);
    expect(socket.written).toEqual([]);
  });

  test("AO-23: without it none does, until the client is gone", async () => {
    const socket = new AoMockSocket();
    socket.say("one", "two");
    socket.hangUp();
    socket.writeMessage("x");
    expect([await socket.readMessage(), await socket.readMessage()]).toEqual(["one", "two"]);
    await expect(socket.readMessage()).rejects.toThrow(expect.objectContaining({ code: "connection-closed" }));
    expect(socket.written).toEqual(["x"]);
  });

  test.each(["reading", "writing"])("AO-23: a connection that breaks when %s has ended", async (when) => {
    const { ao } = mounted();
    const gone: string[] = [];
    ao.onConnectionClose(({ id }) => gone.push(id));
    const socket = new AoMockSocket();
    const ended = ao.connect(socket);
    socket.doError = true;
    if (when === "writing") ao.publish({ event: "x" });
    await ended;
    expect([gone.length, ao.countConnections()]).toEqual([1, 0]);
  });
});
