import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { createClient, webSocket, type Client } from "../../src/client/index.ts";
import { freePort } from "../../bench/free-port.ts";
import { start, type Running } from "../processes.ts";
import { median } from "./median.ts";
import { now } from "./programs/now.ts";

const perKind = 1_000;
const goneMs = 15_000;
const maxP99Ms = 50;
const maxRuns = 5;
const program = new URL("programs/history-node.ts", import.meta.url).pathname;

/** A client that begins a request and takes its time with the rest. */
class Loris {
  readonly socket: Socket;
  readonly ended: Promise<unknown>;
  readonly #begun = now();
  #tookMs: number | undefined;
  #answer = "";

  constructor(port: number, beginning: string, drip: string) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.write(beginning);
    this.socket.setEncoding("utf8").on("data", (text: string) => (this.#answer += text));
    // Reset by a server that has had enough.
    this.socket.on("error", () => undefined);
    const dripping = setInterval(() => this.socket.write(drip), 2_000);
    this.ended = new Promise<void>((resolve) => {
      this.socket.once("close", () => {
        clearInterval(dripping);
        this.#tookMs = now() - this.#begun;
        resolve();
      });
    });
  }

  get tookMs(): number {
    return this.#tookMs ?? Infinity;
  }

  get status(): string {
    return this.#answer.slice(9, 12);
  }
}

const kinds: Readonly<Record<string, (port: number) => Loris>> = {
  "handshakes whose headers do not end": (port) =>
    new Loris(port, "GET /carillon HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n", "x"),
  "polls whose bodies do not end": (port) =>
    new Loris(
      port,
      "POST /carillon/open HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n",
      "x",
    ),
  "streams whose headers do not end": (port) =>
    new Loris(port, "GET /carillon/sse?link=x HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n", "x"),
};

/** One client among them that asks for an echo all the time. */
async function witness(client: Client, until: () => boolean): Promise<readonly number[]> {
  const channel = client.channel("witness");
  await channel.subscribe();
  const latencies: number[] = [];
  while (!until()) {
    const begun = now();
    await channel.publish("echo", latencies.length);
    latencies.push(now() - begun);
    await delay(10);
  }
  return latencies;
}

function p99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)]!;
}

async function attack(node: Running, port: number, begin: (port: number) => Loris): Promise<number> {
  const client = createClient(`ws://127.0.0.1:${port}/carillon`, { transports: [webSocket()] });
  const lorises = Array.from({ length: perKind }, () => begin(port));
  let isOver = false;
  const measured = witness(client, () => isOver);
  await Promise.race([Promise.all(lorises.map(({ ended }) => ended)), delay(goneMs + 5_000)]);
  isOver = true;
  const latencies = await measured;
  await client.close();
  for (const { socket } of lorises) socket.destroy();
  expect(Math.max(...lorises.map(({ tookMs }) => tookMs)), node.output).toBeLessThanOrEqual(goneMs);
  // What drips in after the answer may reset the connection before the answer is read.
  const told = lorises.filter(({ status }) => status === "408");
  expect(told.length).toBeGreaterThan(perKind * 0.9);
  expect(lorises.every(({ status }) => status === "408" || status === "")).toBe(true);
  return p99(latencies);
}

describe(`${perKind} slow senders`, () => {
  test.for(Object.entries(kinds))(
    `H09, LP11, X04: of %s are gone within 15 s, and a witness notices nothing`,
    { timeout: 120_000 },
    async ([kind, begin], { annotate }) => {
      const port = await freePort();
      const node = start(process.execPath, [program, String(port)], { cwd: process.cwd() });
      try {
        await node.prints("listening");
        const figures: number[] = [];
        // One run says it, unless the machine had other things to do; then the median of five does.
        do figures.push(await attack(node, port, begin));
        while (median(figures) > maxP99Ms && figures.length < maxRuns);
        await annotate(`${perKind} ${kind}: the witness's p99 in ms ${figures.map((ms) => ms.toFixed(1)).join(", ")}`);
        expect(median(figures)).toBeLessThanOrEqual(maxP99Ms);
      } finally {
        await node.stop();
      }
    },
  );
});
