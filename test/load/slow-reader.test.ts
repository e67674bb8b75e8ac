import { once } from "node:events";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { closeCodes, createServer, native, type Connection, type Server } from "../../src/index.ts";
import { Crowd } from "./crowd.ts";
import type { Begun, Latencies, LatencyClients } from "./programs/latency-clients.ts";
import { now, timed } from "./programs/now.ts";
import { median } from "./median.ts";

const clientCount = 1_000;
const runs = 5;
const maxRounds = 2;
const maxRiseMs = 10;
const ticks = 25;
const tickMs = 40;
const maxBufferedBytes = 524_288;
/** What a wire may be owed above that: what it was told in one turn. */
const maxOwedBytes = 65_536;
const tickBytes = 4_096;
/** For the odd client alone, whether it reads or not. */
const bulk = "x".repeat(24_576);

interface Run extends Latencies {
  /** The most that ever waited in this process for the odd client. */
  readonly peakBytes: number;
  /** How the odd client's connection ended. */
  readonly code: number;
}

/** A server, with a view of what waits in its sockets. */
class Bench {
  readonly #http: HttpServer = createHttpServer();
  readonly #sockets = new Map<number, Socket>();
  readonly #crowd = new Crowd<LatencyClients>(new URL("programs/latency-clients.ts", import.meta.url));
  readonly server: Server = createServer({
    authenticate: ({ token }) => ({ userId: token! }),
    endpoints: { "/carillon": native({ maxBufferedBytes }) },
  });
  #odd: Connection | undefined;

  async open(): Promise<void> {
    this.#http.on("connection", (socket) => this.#sockets.set(socket.remotePort!, socket));
    this.server.attach(this.#http);
    this.server.on("connect", ({ connection }) => {
      if (connection.userId === "odd") this.#odd = connection;
    });
    this.#http.listen(0, "127.0.0.1");
    await once(this.#http, "listening");
    const { port } = this.#http.address() as AddressInfo;
    await this.#crowd.ask({ kind: "connect", port, clients: clientCount - 1 });
  }

  async run(slow: boolean): Promise<Run> {
    const { port } = await this.#crowd.ask<Begun>({ kind: "begin", slow });
    const socket = this.#sockets.get(port)!;
    const odd = this.#odd!;
    const ended = new Promise<number>((resolve) => {
      const stop = this.server.on("disconnect", ({ connection, code }) => {
        if (connection !== odd) return;
        stop();
        resolve(code);
      });
    });
    if (slow) await this.#fill(odd, socket);

    let peakBytes = 0;
    const begin = now();
    for (let tick = 0; tick < ticks; tick += 1) {
      await delay(Math.max(0, begin + tick * tickMs - now()));
      void this.server.channel("ticks").publish("tick", timed(tickBytes));
      odd.send("bulk", bulk);
      // What is told in a turn is written at its end, which is before this.
      await turn();
      peakBytes = Math.max(peakBytes, socket.writableLength);
    }
    void this.server.channel("ticks").publish("over");
    const latencies = await this.#crowd.ask<Latencies>({ kind: "end" });
    return { ...latencies, peakBytes, code: await ended };
  }

  async close(): Promise<void> {
    await this.#crowd.stop();
    await this.server.close({ timeoutMs: 100 });
    this.#http.close();
  }

  /** Sends until the kernel takes no more, so that the rest has to wait in this process. */
  async #fill(odd: Connection, socket: Socket): Promise<void> {
    while (socket.writableLength === 0) {
      odd.send("bulk", bulk);
      await turn();
    }
  }
}

/**
 * By how much the p99 rises, in the median.
 *
 * What else a machine does only adds to a latency. Where the runs without a slow reader differ by more than the rise that is
 * looked for, it does so much else that medians say nothing, and the least disturbed runs of both kinds are compared.
 */
function rise(without: readonly Run[], slow: readonly Run[]): number {
  const [before, after] = [without, slow].map((runs) => runs.map(({ p99 }) => p99)) as [number[], number[]];
  const inTheMedian = median(after) - median(before);
  if (Math.max(...before) - Math.min(...before) <= maxRiseMs) return inTheMedian;
  return Math.min(inTheMedian, Math.min(...after) - Math.min(...before));
}

describe("a slow reader", () => {
  test("a slow reader among 1,000 delays nobody: the others' p99 (median of 5 runs) rises by at most 10 ms, and memory stays bounded", async ({
    annotate,
  }) => {
    const bench = new Bench();
    try {
      await bench.open();
      // Not counted: the code is not compiled yet.
      await bench.run(false);
      const without: Run[] = [];
      const slow: Run[] = [];
      for (let round = 0; round === 0 || (round < maxRounds && rise(without, slow) > maxRiseMs); round += 1) {
        for (let run = 0; run < runs; run += 1) {
          without.push(await bench.run(false));
          slow.push(await bench.run(true));
        }
      }
      const text = (of: readonly Run[]): string =>
        of.map(({ p50, p99 }) => `${p50.toFixed(1)}/${p99.toFixed(1)}`).join(", ");
      const peak = Math.max(...slow.map(({ peakBytes }) => peakBytes));
      const figures = `p50/p99 in ms without: ${text(without)}; with: ${text(slow)}; at most ${peak} bytes waited`;
      await annotate(figures);

      for (const { count, code } of without)
        expect({ count, code }).toEqual({ count: (clientCount - 1) * ticks, code: 1006 });
      for (const { count, code, peakBytes } of slow) {
        expect({ count, code }).toEqual({ count: (clientCount - 1) * ticks, code: closeCodes.slow.code });
        expect(peakBytes).toBeGreaterThan(maxBufferedBytes);
        expect(peakBytes).toBeLessThanOrEqual(maxBufferedBytes + maxOwedBytes);
      }
      expect(rise(without, slow), figures).toBeLessThanOrEqual(maxRiseMs);
      expect(bench.server.stats()).toMatchObject({ connections: clientCount - 1, failures: 0 });
    } finally {
      await bench.close();
    }
  }, 60_000);
});
