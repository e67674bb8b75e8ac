import { once } from "node:events";
import { expect, it } from "vitest";
import { createServer } from "../../src/index.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { handshake } from "./raw-client.ts";

/** A masked text frame of at most 125 bytes; the mask is zeros. */
function masked(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}

it("server.stats() counts how often a client had to wait because it sent too fast", async () => {
  const clock = new ManualClock();
  const server = createServer({ clock, messageRate: { perSecond: 1, burst: 2 } });
  const { url } = await server.listen({ port: 0, host: "127.0.0.1" });
  const headers = { "Sec-WebSocket-Protocol": "carillon.v1.json" };
  const { socket } = await handshake(new URL("/carillon", url).href, { headers });
  socket!.write(Buffer.concat(['{"type":"connect"}', '{"type":"ping"}'].map(masked)));
  await once(socket!, "data");
  expect(server.stats().paused).toBe(0);
  socket!.write(masked('{"type":"ping"}'));
  await expect.poll(() => server.stats().paused).toBe(1);
  socket!.destroy();
  await server.close();
});
