/*
 * What a delivery costs without sockets in each dialect, and with all of them in one channel: node bench/micro/dialects.ts
 */
import { aoWebsockets } from "../../src/dialects/ao-websockets/index.ts";
import { createRegistry } from "../../src/dialects/go-rtc-lib/index.ts";
import { goWs } from "../../src/dialects/go-ws/index.ts";
import { native } from "../../src/dialects/native/dialect.ts";
import { rtbroadcaster } from "../../src/dialects/rtbroadcaster/index.ts";
import { socketGo } from "../../src/dialects/socket-go/index.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createServer } from "../../src/server/server.ts";
import { frame } from "../../src/transports/websocket/framing.ts";
import { SharedSends } from "../../src/transports/shared-sends.ts";
import { print } from "./time.ts";
import { CountingWire, handshake, turn } from "./wires.ts";

const channel = "room";
const data = { k: "0123456789abcdef", seq: 1_234_567, user: "u1000", text: "a".repeat(64) };
const size = 1_000;
const inFlight = 16;
const turns = 100;
const rounds = 7;

const five = ["/socket", "/ws", "/broadcasting", "/ao", "/rtc"];
const crowds = await Promise.all([["/carillon"], ...five.map((path) => [path]), five].map(crowd));

// In turn, because whatever disturbs a round makes it longer.
const best = crowds.map(() => Infinity);
for (let round = 0; round < rounds; round += 1) {
  for (const [index, { run }] of crowds.entries()) best[index] = Math.min(best[index]!, await run());
}
for (const [index, { paths }] of crowds.entries()) {
  const times = (best[index]! / best[0]!).toFixed(2);
  print(`${paths.join(", ")}: per delivery, ${times} of native`, best[index]!);
}
await Promise.all(crowds.map(({ close }) => close()));

/** A thousand clients on these paths, in turn; and what a delivery to one of them takes. */
async function crowd(paths: readonly string[]) {
  const many = { maxConnections: size, maxConnectionsPerIp: size };
  const server = createServer({
    endpoints: {
      "/carillon": native(),
      "/socket": socketGo({ maxConnections: size }),
      "/ws": goWs(many),
      "/broadcasting": rtbroadcaster(),
      "/ao": aoWebsockets(),
      "/rtc": createRegistry(),
    },
  });
  const joined: Promise<void>[] = [];
  server.on("connect", ({ connection }) => void joined.push(connection.subscribe(channel)));
  const shared = new SharedSends(frame, systemClock);
  const wires = Array.from({ length: size }, () => new CountingWire(shared));
  for (const [index, wire] of wires.entries()) {
    const path = paths[index % paths.length]!;
    wire.handler = await server.accept(wire, handshake(path));
    if (path === "/carillon") wire.handler.receive('{"type":"connect"}');
  }
  await Promise.all(joined);
  await turn();
  return {
    paths,
    close: () => server.close({ timeoutMs: 0 }),
    async run(): Promise<number> {
      const before = wires[0]!.writes;
      const start = process.hrtime.bigint();
      for (let done = 0; done < turns; done += 1) {
        for (let sent = 0; sent < inFlight; sent += 1) void server.channel(channel).publish("m", data);
        await turn();
      }
      const elapsed = Number(process.hrtime.bigint() - start);
      const written = wires[0]!.writes - before;
      if (written !== turns) throw new Error(`${written} writes in ${turns} turns`);
      return elapsed / turns / inFlight / size;
    },
  };
}
