import { createServer } from "../../../src/index.ts";

/** A node whose channels keep history, on the port given as first argument; it drains when it is told to end. */

const server = createServer({ channels: { "*": { history: { size: 10_000, ttlMs: 60_000 } } } });
process.once("SIGTERM", () => {
  void server.close({ timeoutMs: 5_000 }).then(() => process.exit(0));
});
await server.listen({ host: "127.0.0.1", port: Number(process.argv[2]) });
process.stdout.write("listening\n");
