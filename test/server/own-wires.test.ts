import { afterEach, describe, expect, test } from "vitest";
import { createServer, type Server, type ServerOptions } from "../../src/index.ts";
import { FakeWire } from "../../src/testing/fake-wire.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { codeOf, handshake, turn } from "../engine/support.ts";
import { Echo } from "../transports/http/echo.ts";

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

interface Scene {
  readonly server: Server;
  readonly clock: ManualClock;
  readonly echo: Echo;
  /** Opens a wire of an application's own. */
  open(ip?: string): Promise<FakeWire>;
}

function scene(options: ServerOptions = {}): Scene {
  const clock = new ManualClock();
  const echo = new Echo();
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const server = createServer({ endpoints: { "/echo": echo }, clock, logger: silent, ...options });
  servers.push(server);
  return {
    server,
    clock,
    echo,
    async open(ip = "127.0.0.1") {
      const wire = new FakeWire({ clock });
      wire.handler = await server.accept(wire, { ...handshake(), path: "/echo", ip });
      return wire;
    },
  };
}

describe("a wire given to accept", () => {
  test("is counted in total, until it ends, and one too many is refused", async () => {
    const { open, server } = scene({ admission: { connections: 2 } });
    const first = await open();
    await open();
    expect(await codeOf(() => open())).toBe("rate-limited");
    expect(server.stats().turnedAway).toBe(1);
    first.hangUp();
    const again = await open();
    expect(await codeOf(() => open())).toBe("rate-limited");
    again.close(1000);
    await open();
  });

  test("is counted by its address, and not when it has none", async () => {
    const { open } = scene({ admission: { connectionsPerIp: 1 } });
    await open("203.0.113.7");
    expect(await codeOf(() => open("203.0.113.7"))).toBe("rate-limited");
    await open("203.0.113.8");
    for (let count = 0; count < 3; count += 1) await open("");
  });

  test("is counted among the handshakes of a second", async () => {
    const { open, clock } = scene({ admission: { handshakesPerSecond: 2 } });
    expect([await codeOf(() => open()), await codeOf(() => open()), await codeOf(() => open())]).toEqual([
      undefined,
      undefined,
      "rate-limited",
    ]);
    clock.advance(500);
    expect(await codeOf(() => open())).toBeUndefined();
  });

  test.each<[string, (echo: Echo) => void]>([
    ["was refused by its dialect", (echo) => (echo.onRoute = () => ({ kind: "refuse", status: 403, message: "no" }))],
    [
      "the dialect failed with",
      (echo) =>
        (echo.onOpen = () => {
          throw new Error("it broke");
        }),
    ],
  ])("counts for nothing when it %s", async (_, prepare) => {
    const { open, echo } = scene({ admission: { connections: 1 } });
    const { onOpen, onRoute } = echo;
    prepare(echo);
    expect(await codeOf(() => open())).toBeDefined();
    Object.assign(echo, { onOpen, onRoute });
    await open();
  });

  test("is read no faster than messageRate says: what is more waits in its order, and the wire is paused", async () => {
    const { open, clock, server } = scene({ messageRate: { perSecond: 10, burst: 3 } });
    const wire = await open();
    wire.receive("1", "2", "3");
    expect([wire.takeFrames(), wire.isPaused]).toEqual([["1", "2", "3"], false]);
    wire.receive("4", "5");
    expect([wire.takeFrames(), wire.isPaused]).toEqual([[], true]);
    await turn();
    expect(server.stats().paused).toBe(1);
    clock.advance(100);
    expect(wire.takeFrames()).toEqual(["4"]);
    await turn();
    clock.advance(100);
    expect([wire.takeFrames(), wire.isPaused]).toEqual([["5"], false]);
  });

  test("is read as it comes where the dialect has no rate", async () => {
    const endpoints = { "/echo": new Echo({}, { isUnpaced: true }) };
    const { open, server } = scene({ endpoints, messageRate: { perSecond: 1, burst: 1 } });
    const wire = await open();
    wire.receive("1", "2", "3");
    expect([wire.takeFrames(), wire.isPaused, server.stats().paused]).toEqual([["1", "2", "3"], false, 0]);
  });

  test("tells its dialect how it ended", async () => {
    const { open, echo } = scene();
    const wire = await open();
    expect([echo.last.wire.wasCut, echo.last.wire.wasSlow]).toEqual([false, false]);
    Object.assign(wire, { wasCut: true, wasSlow: true });
    expect([echo.last.wire.wasCut, echo.last.wire.wasSlow]).toEqual([true, true]);
  });

  test("gives way to others after 64 messages of one turn", async () => {
    const { open } = scene();
    const wire = await open();
    wire.receive(...Array.from({ length: 100 }, String));
    expect(wire.takeFrames()).toHaveLength(64);
    await turn();
    expect(wire.takeFrames()).toHaveLength(36);
  });

  test("that sends on although it is paused is closed with 4529", async () => {
    const { open, echo } = scene({ messageRate: { perSecond: 1, burst: 1 } });
    const wire = await open();
    const { handler } = wire;
    for (let count = 0; count <= 16_385; count += 1) handler!.receive("x");
    expect(wire.closing).toMatchObject({ code: 4529 });
    expect(echo.last.received).toHaveLength(1);
    expect(await echo.last.closed).toMatchObject({ code: 4529 });
  });

  test("that ends is heard to the end, also what had to wait", async () => {
    const { open, echo } = scene({ messageRate: { perSecond: 10, burst: 1 } });
    const wire = await open();
    wire.receive("1", "2");
    wire.hangUp(1001, "bye");
    expect(await echo.last.closed).toEqual({ code: 1001, reason: "bye" });
    expect(echo.last.received).toEqual(["1", "2"]);
  });

  test("that its dialect pauses stays so, whatever waits", async () => {
    const { open, echo, clock } = scene({ messageRate: { perSecond: 10, burst: 1 } });
    const wire = await open();
    wire.receive("1", "2");
    echo.last.wire.pause();
    clock.advance(1_000);
    expect([echo.last.received, wire.isPaused]).toEqual([["1"], true]);
    echo.last.wire.resume();
    await turn();
    expect([echo.last.received, wire.isPaused]).toEqual([["1", "2"], false]);
  });
});
