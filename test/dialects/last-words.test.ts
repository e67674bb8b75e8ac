import { expect, test } from "vitest";
import { aoWebsockets } from "../../src/dialects/ao-websockets/index.ts";
import type { Dialect } from "../../src/dialects/dialect.ts";
import { createRegistry } from "../../src/dialects/go-rtc-lib/index.ts";
import { goWs } from "../../src/dialects/go-ws/index.ts";
import { rtbroadcaster } from "../../src/dialects/rtbroadcaster/index.ts";
import { socketGo } from "../../src/dialects/socket-go/index.ts";
import { createServer } from "../../src/index.ts";
import { FakeWire } from "../../src/testing/fake-wire.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { silent } from "../canary.ts";
import { handshake } from "../engine/support.ts";

interface Talkative {
  readonly name: string;
  readonly make: (hook: () => Promise<never>) => Dialect;
  /** What has the hook asked. */
  readonly word: string;
}

const dialects: readonly Talkative[] = [
  {
    name: "socket.go",
    make: () => socketGo({ conventions: true }),
    word: '{"event":"join","data":"room"}',
  },
  {
    name: "go-ws",
    make: (authHandler) => goWs({ authHandler }),
    word: '{"action":"subscribe","channel":"private-room"}',
  },
  {
    name: "rtbroadcaster",
    make: (authorizeCreate) => rtbroadcaster({ authorizeCreate }),
    word: '{"uuid":"","status":{"value":1,"text":""},"funcKey":"","funcParams":[],"stateMessage":false}',
  },
  {
    name: "ao-websockets",
    make: () => aoWebsockets({ conventions: true }),
    word: '{"e":"join","p":{"channel":"room"}}',
  },
  { name: "go-rtc-lib", make: (handleMessage) => createRegistry({ handleMessage }), word: "anything" },
];

test.each(dialects)("a server that closes waits for no last words: $name", async ({ make, word }) => {
  const clock = new ManualClock();
  let asked = 0;
  const hook = (): Promise<never> => {
    asked += 1;
    return new Promise(() => undefined);
  };
  const server = createServer({
    endpoints: { "/x": make(hook) },
    channels: { room: { authorize: hook } },
    admission: { connections: 1 },
    clock,
    logger: silent,
  });
  const gone: number[] = [];
  server.on("disconnect", ({ code }) => gone.push(code));
  const wire = new FakeWire({ clock });
  wire.handler = await server.accept(wire, { ...handshake(), path: "/x" });
  wire.receive(word);
  wire.hangUp(1001);
  expect([asked, gone, server.stats().connections]).toEqual([1, [], 1]);
  // Its place is free.
  const next = new FakeWire({ clock });
  next.handler = await server.accept(next, { ...handshake(), path: "/x" });
  await server.close();
  expect([gone.includes(1001), gone.length, server.stats().connections, clock.timers]).toEqual([true, 2, 0, 0]);
});

test("the run of go-ws lasts until its last client has been heard, and its close waits for none", async () => {
  const hub = goWs({ authHandler: () => new Promise<never>(() => undefined) });
  const server = createServer({ endpoints: { "/x": hub }, logger: silent });
  const wire = new FakeWire();
  wire.handler = await server.accept(wire, { ...handshake(), path: "/x" });
  wire.receive('{"action":"subscribe","channel":"private-room"}');
  wire.hangUp(1001);
  expect(hub.clients.size).toBe(1);
  hub.close();
  await hub.run();
  expect(hub.clients.size).toBe(0);
  await server.close();
});
