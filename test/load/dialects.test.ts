import { describe, expect, test } from "vitest";
import { aoWebsockets } from "../../src/dialects/ao-websockets/index.ts";
import type { Dialect } from "../../src/dialects/dialect.ts";
import { createRegistry, groups } from "../../src/dialects/go-rtc-lib/index.ts";
import { goWs } from "../../src/dialects/go-ws/index.ts";
import { native } from "../../src/dialects/native/dialect.ts";
import { rtbroadcaster } from "../../src/dialects/rtbroadcaster/index.ts";
import { socketGo } from "../../src/dialects/socket-go/index.ts";
import { createServer } from "../../src/index.ts";
import { usedBytes } from "../hostile/memory.ts";
import { Crowd } from "./crowd.ts";
import type { Connect, Heard, Talk, Way } from "./programs/dialect-client.ts";

const mebibyte = 1_048_576;

interface Language {
  readonly dialect: Dialect;
  readonly greetings: readonly string[];
  readonly ready: string;
  readonly words: readonly [string, string];
  /** Whether it is told its own messages, too. */
  readonly hasEcho: boolean;
  /** The channel, once the client is in. */
  readonly channel?: () => string;
}

/** How a client of each dialect comes into a channel and publishes there. */
const languages: Readonly<Record<string, () => Language>> = {
  native: () => ({
    dialect: native(),
    greetings: ['{"type":"connect"}', '{"type":"subscribe","ref":1,"channel":"room"}'],
    ready: '"type":"subscribed"',
    words: ['{"type":"publish","channel":"room","event":"move","data":"', '"}'],
    hasEcho: true,
  }),
  "socket.go": () => ({
    dialect: socketGo({ conventions: true }),
    greetings: ['{"event":"join","data":"room"}'],
    ready: '"userJoined"',
    words: ['{"event":"move","data":{"room":"room","text":"', '"}}'],
    hasEcho: true,
  }),
  "go-ws": () => ({
    dialect: goWs({ rateLimit: false }),
    greetings: ['{"action":"subscribe","channel":"room"}', '{"action":"broadcast","channel":"elsewhere"}'],
    ready: '"type":"error"',
    words: ['{"action":"broadcast","channel":"room","data":"', '"}'],
    hasEcho: true,
  }),
  rtbroadcaster() {
    const dialect = rtbroadcaster();
    return {
      dialect,
      greetings: ['{"uuid":"","status":{"value":1,"text":""},"funcKey":"","funcParams":[],"stateMessage":false}'],
      ready: '"connected"',
      words: ['{"uuid":"","status":{"value":3,"text":""},"funcKey":"move","funcParams":["', '"],"stateMessage":false}'],
      hasEcho: false,
      channel: () => dialect.rooms[0]!.uuid,
    };
  },
  "ao-websockets": () => ({
    dialect: aoWebsockets({ conventions: true }),
    greetings: ['{"e":"join","p":{"channel":"room"}}'],
    ready: '"channel:joined"',
    words: ['{"e":"move","p":{"channel":"room","text":"', '"}}'],
    hasEcho: true,
  }),
  "go-rtc-lib": () => ({
    dialect: createRegistry({ handleMessage: groups }),
    greetings: ['{"action":"join","group":"room"}', '{"action":"message","group":"room","message":"ready"}'],
    ready: '"message":"ready"',
    words: ['{"action":"message","group":"room","message":"', '"}'],
    hasEcho: true,
  }),
};

interface Volume {
  readonly name: string;
  readonly over: Way;
  readonly count: number;
}

/** Requests carry less in the same time than sockets do, and polls that carry one message each, least. */
const volumes: readonly Volume[] = [
  ...Object.keys(languages).map((name) => ({ name, over: "WebSocket" as const, count: 100_000 })),
  { name: "native", over: "SSE", count: 5_000 },
  { name: "native", over: "long-polling", count: 5_000 },
  { name: "socket.go", over: "polling", count: 5_000 },
];

/** What the process holds. */
async function memory(): Promise<{ readonly used: number; readonly resident: number }> {
  const used = await usedBytes();
  return { used, resident: process.memoryUsage.rss() };
}

describe("volume", () => {
  test.each(volumes)(
    "$count messages each way through $name over $over: nothing is lost, all is in order, and the memory is back where it was",
    async ({ name, over, count }) => {
      const warmUp = count / 10;
      const { dialect, greetings, ready, words, hasEcho, channel = () => "room" } = languages[name]!();
      const server = createServer({ endpoints: { "/way": dialect }, messageRate: { perSecond: Infinity } });
      const failures: unknown[] = [];
      server.on("error", ({ error }) => failures.push(error));
      const crowd = new Crowd<Connect | Talk>(new URL("programs/dialect-client.ts", import.meta.url));
      try {
        const { port } = await server.listen({ host: "127.0.0.1" });
        await crowd.ask({ kind: "connect", over, url: `ws://127.0.0.1:${port}/way`, greetings, ready, words });
        const room = server.channel(channel());
        let heard = 0;
        let fault: string | undefined;
        await room.subscribe(({ data }) => {
          const text = JSON.stringify(data);
          const [, number] = /up (\d+);/.exec(text) ?? [];
          if (number === undefined) return;
          if (Number(number) !== heard) fault ??= `${text}, and not number ${heard}`;
          void room.publish("answer", `down ${heard};`);
          heard += 1;
        });
        const talk = async (from: number, to: number): Promise<void> => {
          const told = await crowd.ask<Heard>({ kind: "talk", from, to });
          expect(told).toEqual({ up: hasEcho ? to - from : 0, down: to - from, fault: undefined });
          expect({ heard, fault }).toEqual({ heard: to, fault: undefined });
        };
        await talk(0, warmUp);
        const before = await memory();
        await talk(warmUp, warmUp + count);
        const after = await memory();
        expect(failures).toEqual([]);
        expect(after.used - before.used).toBeLessThan(mebibyte);
        // The young generation grows with the traffic, and the system takes back what it likes: less than 250 bytes a message.
        expect(after.resident - before.resident).toBeLessThan(48 * mebibyte);
      } finally {
        await crowd.stop();
        await server.close({ timeoutMs: 100 });
      }
    },
    60_000,
  );
});
