/*
 * The server under test, with nothing taken out: node bench/servers/carillon.ts PORT [--authenticate] [--compress]
 */
import { createServer, native } from "carillon";
import { boundLifetime } from "./lifetime.ts";

const [port, ...flags] = process.argv.slice(2);

boundLifetime();
const server = createServer({
  endpoints: {
    "/carillon": native({
      maxBufferedBytes: 64 * 1024 * 1024,
      ...(flags.includes("--compress") && { compressFromBytes: 1 }),
    }),
  },
  limits: { subscriptions: 100_000, connectionsPerUser: 1_000_000, channelBytesPerSecond: Number.MAX_SAFE_INTEGER },
  // One publisher, one user and one address stand for everybody.
  messageRate: { perSecond: Infinity },
  admission: { handshakesPerSecond: Infinity },
  ...(flags.includes("--authenticate") && { authenticate: () => ({ userId: "somebody" }) }),
});
server.on("echo", ({ data, reply }) => reply(data));
await server.listen({ port: Number(port), host: "127.0.0.1" });
