import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { WebSocketServer, type WebSocket as ServerSocket } from "ws";
import { RTBroadcaster, type RTBroadcasterOptions } from "../../../src/client/rtbroadcaster/index.ts";
import { rtbroadcaster } from "../../../src/dialects/rtbroadcaster/index.ts";
import { createServer } from "../../../src/index.ts";
import { silent } from "../../canary.ts";

interface Opened {
  readonly client: RTBroadcaster;
  /** Calls of the callbacks, in order. */
  readonly calls: string[];
  until(isSo: () => boolean): Promise<unknown>;
}

function open(url: string, options: RTBroadcasterOptions = {}): Opened {
  const calls: string[] = [];
  const client = new RTBroadcaster(
    url,
    (uuid) => calls.push(`connected ${uuid}`),
    () => calls.push("open"),
    () => calls.push("closed"),
    (text) => calls.push(`error ${text}`),
    options,
  );
  onTestFinished(() => client.close());
  return { client, calls, until: (isSo) => vi.waitUntil(isSo, { interval: 5, timeout: 5_000 }) };
}

async function ownServer(): Promise<string> {
  const server = createServer({ endpoints: { "/broadcast": rtbroadcaster() }, logger: silent });
  const { port } = await server.listen({ host: "127.0.0.1" });
  onTestFinished(() => server.close({ timeoutMs: 50 }));
  return `ws://127.0.0.1:${port}/broadcast`;
}

/** A server whose every byte is the test's. */
async function scripted(): Promise<{
  readonly url: string;
  readonly heard: string[];
  readonly socket: Promise<ServerSocket>;
}> {
  const sockets = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  onTestFinished(() => sockets.close());
  const heard: string[] = [];
  const socket = new Promise<ServerSocket>((resolve) =>
    sockets.on("connection", (connected) => {
      connected.on("message", (data: Buffer) => {
        heard.push(data.toString());
        resolve(connected);
      });
    }),
  );
  await once(sockets, "listening");
  return { url: `ws://127.0.0.1:${(sockets.address() as AddressInfo).port}/`, heard, socket };
}

const uuid = "f63ca67e-69bb-4a16-a71f-86a87acbe0b5";
const line = (value: number, more: object = {}): string =>
  JSON.stringify({ uuid, status: { value, text: "" }, funcKey: "", funcParams: [], stateMessage: false, ...more });

describe("with our own server", () => {
  it("a page without a room makes one; one with ?uuid= hears its actions (RTB-14)", async () => {
    const url = await ownServer();
    const owner = open(url, { search: "" });
    await owner.until(() => owner.client.connected);
    expect(owner.client.isOwner).toBe(true);
    expect(owner.calls).toEqual(["open", `connected ${owner.client.uuid}`]);
    expect(owner.client.sendAction("k", ["early"], true)).toBe(true);

    const guest = open(url, { search: `?uuid=${owner.client.uuid}&y=1` });
    const heard: unknown[] = [];
    guest.client.suscribeFunc("k", (parameters) => heard.push(parameters));
    await guest.until(() => heard.length === 1);
    expect(guest.client.isOwner).toBe(false);
    expect(guest.calls).toEqual(["open", `connected ${owner.client.uuid}`]);
    owner.client.sendAction("k", ["a", "b"]);
    await guest.until(() => heard.length === 2);
    expect(heard).toEqual([["early"], ["a", "b"]]);
  });

  it("every action of a burst runs, in order (RTB-15)", async () => {
    const url = await ownServer();
    const owner = open(url);
    await owner.until(() => owner.client.connected);
    const guest = open(url, { search: `?uuid=${owner.client.uuid}` });
    const heard: unknown[] = [];
    guest.client.subscribeFunc("n", ([n]) => heard.push(n));
    await guest.until(() => guest.client.connected);
    for (let n = 0; n < 200; n += 1) owner.client.sendAction("n", [String(n)]);
    await guest.until(() => heard.length === 200);
    expect(heard).toEqual(Array.from({ length: 200 }, (_, n) => String(n)));
  });

  it("the owner ends the broadcast for all (RTB-8)", async () => {
    const url = await ownServer();
    const owner = open(url);
    await owner.until(() => owner.client.connected);
    const guest = open(url, { search: `?uuid=${owner.client.uuid}` });
    await guest.until(() => guest.client.connected);
    owner.client.close();
    await guest.until(() => guest.calls.includes("closed"));
    expect(guest.client.connected).toBe(false);
    expect(guest.calls.filter((call) => call === "closed")).toHaveLength(1);
  });

  it("a room that does not exist is the end at once (RTB-10)", async () => {
    const guest = open(await ownServer(), { search: `?uuid=${uuid}` });
    await guest.until(() => guest.calls.includes("closed"));
    expect(guest.calls).toEqual(["open", "closed"]);
  });
});

describe("byte for byte", () => {
  it("says what the original says", async () => {
    const { url, heard, socket } = await scripted();
    const { client, until } = open(url, { search: `?a=b&uuid=${uuid}` });
    (await socket).send(line(3));
    await until(() => client.connected);
    client.sendAction("myKey", ["param1"], true);
    expect(client.sendMessage("")).toBe(false);
    client.sendMessage("as it is");
    await until(() => heard.length === 3);
    expect(heard).toEqual([
      `{"uuid":"${uuid}","status":{"value":2,"text":"new connection"},"funcKey":"","funcParams":[],"stateMessage":false}`,
      `{"uuid":"${uuid}","status":{"value":3,"text":"connected"},"funcKey":"myKey","funcParams":["param1"],"stateMessage":true}`,
      "as it is",
    ]);
  });

  it("reads several messages of a frame, and bad ones, unknown keys and throwing functions harm no other (RTB-15)", async () => {
    const { url, socket } = await scripted();
    const { client, calls, until } = open(url);
    const heard: unknown[] = [];
    client.subscribeFunc("a", (parameters) => heard.push(parameters));
    client.subscribeFunc("throws", () => {
      throw new Error("mine");
    });
    client.subscribeFunc("gone", () => heard.push("gone"));
    client.unsuscribeFunc("gone");
    const action = (funcKey: string, funcParams: unknown = ["x"]): string => line(3, { funcKey, funcParams });
    const lines = [line(3, { funcParams: null }), "{bad", "[]", action("unknown"), action("throws"), action("gone")];
    (await socket).send([...lines, line(2), line(3, { uuid: "", funcKey: "a" }), action("a"), ""].join("\n"));
    await until(() => heard.length > 0);
    expect(heard).toEqual([["x"]]);
    expect(calls).toEqual(["open", `connected ${uuid}`]);
  });

  it("takes bytes too, and the end of the connection for the end", async () => {
    const { url, socket } = await scripted();
    const { client, calls, until } = open(url);
    (await socket).send(Buffer.from(line(3)));
    await until(() => client.connected);
    (await socket).terminate();
    await until(() => calls.includes("closed"));
    expect(client.connected).toBe(false);
    expect(client.sendAction("k", [])).toBe(false);
  });

  it("tells where there is no WebSocket", () => {
    const { WebSocket } = globalThis;
    try {
      Object.assign(globalThis, { WebSocket: undefined });
      const { client, calls } = open("ws://server/");
      expect(calls).toEqual(["error this platform has no WebSocket"]);
      expect(client.sendMessage("x")).toBe(false);
    } finally {
      Object.assign(globalThis, { WebSocket });
    }
  });
});
