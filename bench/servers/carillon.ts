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
  limits: { subscriptions: 100_000 },
  // One publisher and one address stand for everybody.
  messageRate: { perSecond: Infinity },
  admission: { handshakesPerSecond: Infinity },
  ...(flags.includes("--authenticate") && { authenticate: () => ({ userId: "somebody" }) }),
});
server.on("echo", ({ data, reply }) => reply(data));
await server.listen({ port: Number(port), host: "127.0.0.1" });
