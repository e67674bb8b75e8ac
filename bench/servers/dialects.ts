/*
 * Carillon with all dialects; every client but the native ones is put into the one room: node bench/servers/dialects.ts PORT
 */
import { createServer, native, type Dialect } from "carillon";
import { aoWebsockets } from "carillon/dialects/ao-websockets";
import { createRegistry } from "carillon/dialects/go-rtc-lib";
import { goWs } from "carillon/dialects/go-ws";
import { rtbroadcaster } from "carillon/dialects/rtbroadcaster";
import { socketGo } from "carillon/dialects/socket-go";
import { boundLifetime } from "./lifetime.ts";

const maxBufferedBytes = 64 * 1024 * 1024;
const maxBufferedMessages = 100_000;
const many = 100_000;

const dialects: Readonly<Record<string, Dialect>> = {
  "/socket": socketGo({ maxConnections: many, bufferSize: maxBufferedMessages, maxBufferedBytes }),
  "/ws": goWs({
    maxConnections: many,
    maxConnectionsPerIp: many,
    readBufferSize: maxBufferedMessages,
    maxBufferedBytes,
  }),
  "/broadcasting": rtbroadcaster({ maxBufferedMessages, maxBufferedBytes }),
  "/ao": aoWebsockets({ maxBufferedMessages, maxBufferedBytes }),
  "/rtc": createRegistry({ maxBufferedMessages, maxBufferedBytes }),
};

boundLifetime();
const server = createServer({
  endpoints: { "/carillon": native({ maxBufferedBytes }), ...dialects },
  limits: { channelBytesPerSecond: Number.MAX_SAFE_INTEGER },
  // One publisher and one address stand for everybody.
  messageRate: { perSecond: Infinity },
  admission: { handshakesPerSecond: Infinity },
});
server.on("connect", async ({ connection }) => {
  if (connection.handshake.path === "/carillon") return;
  await connection.subscribe("room0");
  // Those whose language has no word for having been subscribed know it by this.
  connection.send("ready");
});
await server.listen({ port: Number(process.argv[2]), host: "127.0.0.1" });
