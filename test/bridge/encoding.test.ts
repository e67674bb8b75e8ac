import { describe, expect, test } from "vitest";
import { aoWebsockets } from "../../src/dialects/ao-websockets/index.ts";
import type { Dialect } from "../../src/dialects/dialect.ts";
import { createRegistry } from "../../src/dialects/go-rtc-lib/index.ts";
import { goWs } from "../../src/dialects/go-ws/index.ts";
import { native } from "../../src/dialects/native/dialect.ts";
import { rtbroadcaster } from "../../src/dialects/rtbroadcaster/index.ts";
import { socketGo } from "../../src/dialects/socket-go/index.ts";
import type { Packet } from "../../src/engine/ports/wire.ts";
import { createServer } from "../../src/index.ts";
import { FakeWire } from "../../src/testing/index.ts";

const room = "room";

/** Without the limits that are about many clients of one address. */
const dialects: Readonly<Record<string, () => Dialect>> = {
  native: () => native(),
  "socket.go": () => socketGo({ maxConnections: 10_000 }),
  "go-ws": () => goWs({ maxConnections: 10_000, maxConnectionsPerIp: 10_000 }),
  rtbroadcaster: () => rtbroadcaster(),
  "ao-websockets": () => aoWebsockets(),
  "go-rtc-lib": () => createRegistry(),
};

/** So many clients of each of these dialects in one channel, and the packets that each is handed from now on. */
async function crowd(names: readonly string[], size: number) {
  const endpoints = Object.fromEntries(names.map((name) => [`/${name}`, dialects[name]!()]));
  const server = createServer({ endpoints, admission: { handshakesPerSecond: Infinity, connectionsPerIp: Infinity } });
  const joined: Promise<void>[] = [];
  server.on("connect", ({ connection }) => void joined.push(connection.subscribe(room)));
  const wires = new Map(names.map((name) => [name, Array.from({ length: size }, () => new FakeWire())]));
  for (const [name, own] of wires) {
    for (const wire of own) {
      wire.handler = await server.accept(wire, handshakeAt(`/${name}`));
      if (name === "native") wire.receive('{"type":"connect"}');
    }
  }
  await Promise.all(joined);
  for (const wire of [...wires.values()].flat()) wire.packets.length = 0;
  const packets = (name: string): readonly (readonly Packet[])[] => wires.get(name)!.map((wire) => wire.packets);
  return { server, joined: joined.length, packets };
}

function handshakeAt(path: string) {
  const url = new URL(`http://127.0.0.1${path}`);
  const headers = new Headers({ host: url.host });
  const header = (name: string): string | undefined => headers.get(name) ?? undefined;
  const rawHeaders = ["Host", url.host];
  return { method: "GET", path, url, headers, header, rawHeaders, ip: "127.0.0.1", secure: false, locals: {} };
}

describe("encoding", () => {
  const names = Object.keys(dialects);

  test.each(names)("1,000 clients of %s are handed one packet, encoded once", async (name) => {
    const { server, joined, packets } = await crowd([name], 1_000);
    expect(joined).toBe(1_000);
    await server.channel(room).publish("move", { text: "hi" });
    const told = packets(name);
    expect(told.map((one) => one.length)).toEqual(Array.from({ length: 1_000 }, () => 1));
    expect(new Set(told.flat()).size).toBe(1);
    await server.close({ timeoutMs: 0 });
  });

  test("in one channel with all dialects each publication is encoded once for each of them", async () => {
    const { server, packets } = await crowd(names, 200);
    for (let count = 0; count < 3; count += 1) await server.channel(room).publish("move", [String(count)]);
    const different = names.map((name) => new Set(packets(name).flat()).size);
    expect(different).toEqual(names.map(() => 3));
    const all = names.flatMap((name) => packets(name).flat());
    expect(all).toHaveLength(3 * 200 * names.length);
    expect(new Set(all).size).toBe(3 * names.length);
    await server.close({ timeoutMs: 0 });
  });
});
