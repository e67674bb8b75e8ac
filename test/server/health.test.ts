import { createServer as createHttpServer } from "node:http";
import { performance } from "node:perf_hooks";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { memoryBroker } from "../../src/brokers/memory.ts";
import type { Later } from "../../src/engine/later.ts";
import { CarillonError } from "../../src/errors/carillon-error.ts";
import { createServer, healthHandler, type Broker, type Server, type ServerOptions } from "../../src/index.ts";
import { EventLoop, type DelayHistogram } from "../../src/server/event-loop.ts";
import { HealthWatch } from "../../src/server/health.ts";
import { listen } from "../../src/server/http-server.ts";
import { ManualClock } from "../../src/testing/index.ts";

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Says what it is told to say, in milliseconds beyond the resolution of 20. */
class PlannedHistogram implements DelayHistogram {
  count = 0;
  p99 = 0;
  longest = 0;
  isEnabled = false;

  get max(): number {
    return (this.longest + 20) * 1_000_000;
  }

  plan(p99: number, longest: number): void {
    Object.assign(this, { count: 1, p99, longest });
  }

  percentile(): number {
    return (this.p99 + 20) * 1_000_000;
  }

  enable(): boolean {
    return (this.isEnabled = true);
  }

  disable(): boolean {
    this.isEnabled = false;
    return true;
  }

  reset(): void {
    this.count = 0;
  }
}

describe("the event loop's delay", () => {
  function planned(): { readonly clock: ManualClock; readonly histogram: PlannedHistogram; readonly loop: EventLoop } {
    const clock = new ManualClock();
    const histogram = new PlannedHistogram();
    return { clock, histogram, loop: new EventLoop(clock, () => histogram) };
  }

  test("is measured from the first question on, and until it is closed", () => {
    const { histogram, loop } = planned();
    expect(histogram.isEnabled).toBe(false);
    expect(loop.delay()).toEqual({ p99Ms: 0, maxMs: 0 });
    expect(histogram.isEnabled).toBe(true);
    histogram.plan(5, 7);
    expect(loop.delay()).toEqual({ p99Ms: 5, maxMs: 7 });
    loop.close();
    expect(histogram.isEnabled).toBe(false);
    expect(loop.delay()).toEqual({ p99Ms: 0, maxMs: 0 });
  });

  test("is the same for all who ask, and forgotten when ten seconds have passed twice", () => {
    const { clock, histogram, loop } = planned();
    loop.delay();
    histogram.plan(50, 70);
    const bad = { p99Ms: 50, maxMs: 70 };
    clock.advance(9_999);
    expect([loop.delay(), loop.delay()]).toEqual([bad, bad]);
    expect(histogram.count).toBe(1);
    clock.advance(1);
    expect(loop.delay()).toEqual(bad);
    expect(histogram.count).toBe(0);
    histogram.plan(1, 2);
    clock.advance(9_999);
    expect(loop.delay()).toEqual(bad);
    clock.advance(1);
    expect(loop.delay()).toEqual(bad);
    histogram.plan(1, 2);
    expect(loop.delay()).toEqual({ p99Ms: 1, maxMs: 2 });
  });

  test("is seen in the real loop", async () => {
    const loop = new EventLoop(new ManualClock());
    onTestFinished(() => loop.close());
    loop.delay();
    await vi.waitFor(
      () => {
        const end = performance.now() + 150;
        while (performance.now() < end);
        expect(loop.delay().maxMs).toBeGreaterThan(100);
      },
      { timeout: 5_000, interval: 30 },
    );
  });
});

describe("health", () => {
  interface Watched {
    readonly clock: ManualClock;
    readonly histogram: PlannedHistogram;
    readonly watch: HealthWatch;
    readonly broker: { published: number; probe: () => Later<unknown> };
  }

  async function watched(maxEventLoopDelayMs?: number): Promise<Watched> {
    const clock = new ManualClock();
    const histogram = new PlannedHistogram();
    const broker: Watched["broker"] = { published: 0, probe: () => undefined };
    const watch = new HealthWatch({
      options: maxEventLoopDelayMs === undefined ? undefined : { maxEventLoopDelayMs },
      clock,
      isReady: () => true,
      published: () => broker.published,
      probe: () => broker.probe(),
      makeHistogram: () => histogram,
    });
    const started = Promise.resolve();
    watch.starting(started);
    await started;
    watch.health();
    return { clock, histogram, watch, broker };
  }

  test.each([
    [undefined, 500],
    [80, 80],
  ])("with maxEventLoopDelayMs %s, a p99 delay of %d ms is well, and more is not", async (option, limit) => {
    const { histogram, watch } = await watched(option);
    histogram.plan(limit, 9_000);
    expect(watch.health().status).toBe("ready");
    histogram.plan(limit + 1, 9_000);
    expect(watch.health()).toMatchObject({ status: "unready", checks: { eventLoop: false, broker: true } });
  });

  test("no delay is too long for Infinity", async () => {
    const { histogram, watch } = await watched(Infinity);
    histogram.plan(1_000_000, 1_000_000);
    expect(watch.health().status).toBe("ready");
  });

  test.each([0, -1, NaN])("maxEventLoopDelayMs %d is refused", (maxEventLoopDelayMs) => {
    expect(() => createServer({ health: { maxEventLoopDelayMs } })).toThrow(/health\.maxEventLoopDelayMs/);
  });

  const failure = new CarillonError("broker-unavailable");

  test("a broker that failed is ill for ten seconds", async () => {
    const { clock, watch } = await watched();
    watch.failed(failure);
    clock.advance(9_999);
    expect(watch.health()).toMatchObject({ status: "unready", checks: { eventLoop: true, broker: false } });
    clock.advance(1);
    expect(watch.health().status).toBe("ready");
  });

  test("a broker that failed is well as soon as it accepts a publication", async () => {
    const { watch, broker } = await watched();
    broker.published = 7;
    watch.failed(failure);
    expect(watch.health().checks.broker).toBe(false);
    broker.published = 8;
    expect(watch.health().checks.broker).toBe(true);
    watch.failed(failure);
    expect(watch.health().checks.broker).toBe(false);
  });

  test("a broker is asked when somebody wants to know, at most every two seconds, and ill until it answers", async () => {
    const { clock, watch, broker } = await watched();
    let asked = 0;
    let answer: () => Later<unknown> = () => Promise.reject(failure);
    broker.probe = () => {
      asked += 1;
      return answer();
    };
    const isWell = async (): Promise<boolean> => {
      watch.health();
      await new Promise(setImmediate);
      return watch.health().checks.broker;
    };
    clock.advance(1_999);
    expect([await isWell(), asked]).toEqual([true, 0]);
    clock.advance(1);
    expect([await isWell(), asked]).toEqual([false, 1]);
    clock.advance(60_000);
    expect([await isWell(), asked]).toEqual([false, 2]);
    answer = () => {
      throw failure;
    };
    clock.advance(2_000);
    expect([await isWell(), asked]).toEqual([false, 3]);
    // One question at a time.
    answer = () => new Promise(() => undefined);
    clock.advance(2_000);
    await isWell();
    clock.advance(2_000);
    expect([await isWell(), asked]).toEqual([false, 4]);
  });

  test("a broker that answers again is well", async () => {
    const { clock, watch, broker } = await watched();
    broker.probe = () => Promise.reject(failure);
    clock.advance(2_000);
    watch.health();
    await new Promise(setImmediate);
    expect(watch.health().checks.broker).toBe(false);
    broker.probe = () => undefined;
    clock.advance(2_000);
    expect(watch.health().checks.broker).toBe(true);
  });

  test("what fails elsewhere is not the broker's fault", async () => {
    const { watch } = await watched();
    watch.failed(new CarillonError("handler-failed"));
    expect(watch.health().status).toBe("ready");
  });
});

describe("server.health()", () => {
  function made(options: ServerOptions = {}): Server {
    const server = createServer({ logger: quiet, ...options });
    onTestFinished(() => server.close());
    return server;
  }

  test("is stopping as soon as the server stops", async () => {
    const server = made();
    await Promise.resolve();
    expect(server.health()).toMatchObject({
      status: "ready",
      checks: { accepting: true, eventLoop: true, broker: true },
    });
    const closing = server.close();
    expect(server.health()).toMatchObject({ status: "stopping", checks: { accepting: false } });
    await closing;
  });

  test("a broker that does not start is ill, and stays so", async () => {
    const clock = new ManualClock();
    const server = made({ clock, broker: broken({ start: () => Promise.reject(new Error("no route")) }) });
    clock.advance(60_000);
    expect(server.health()).toMatchObject({ status: "unready", checks: { broker: false } });
  });

  test("a broker that does not accept publications is ill until it does", async () => {
    let isDown = true;
    const working = memoryBroker();
    const server = made({
      broker: broken(
        {
          publish: (publication, keep) => {
            if (isDown) return Promise.reject(new Error("no route"));
            return working.publish(publication, keep);
          },
        },
        working,
      ),
    });
    await expect(server.channel("news").publish("a")).rejects.toThrow(CarillonError);
    expect(server.health()).toMatchObject({ status: "unready", checks: { broker: false } });
    isDown = false;
    await server.channel("news").publish("a");
    expect(server.health().status).toBe("ready");
  });

  test("a broker that hangs is ill after ten seconds, as long as it does, and that is reported once", async () => {
    const clock = new ManualClock();
    let hangs = true;
    const working = memoryBroker({ clock });
    const read: Broker["read"] = (channel, range) =>
      hangs ? new Promise(() => undefined) : working.read(channel, range);
    const server = made({ clock, broker: broken({ read }, working) });
    const failures: string[] = [];
    server.on("error", ({ error }) => failures.push(error.code));
    await new Promise(setImmediate);
    const isWell = async (): Promise<boolean> => {
      server.health();
      await new Promise(setImmediate);
      return server.health().checks.broker;
    };
    expect(await isWell()).toBe(true);
    clock.advance(9_999);
    expect(await isWell()).toBe(true);
    clock.advance(1);
    expect(await isWell()).toBe(false);
    for (let seconds = 0; seconds < 60; seconds += 1) {
      clock.advance(1_000);
      expect(await isWell()).toBe(false);
    }
    expect(failures).toEqual(["broker-unavailable"]);
    hangs = false;
    clock.advance(12_000);
    await isWell();
    clock.advance(2_000);
    expect(await isWell()).toBe(true);
  });

  test("answers a load balancer with 200 or 503, and with no figures", async () => {
    const server = made();
    const httpServer = createHttpServer(healthHandler(server));
    const { url } = await listen(httpServer, { host: "127.0.0.1" });
    onTestFinished(() => void httpServer.close());
    const ask = async (): Promise<readonly unknown[]> => {
      const response = await fetch(url, { headers: { connection: "close" } });
      return [response.status, response.headers.get("cache-control"), await response.json()];
    };
    const checks = { accepting: true, eventLoop: true, broker: true };
    expect(await ask()).toEqual([200, "no-store", { status: "ready", checks }]);
    await server.close();
    expect(await ask()).toEqual([503, "no-store", { status: "stopping", checks: { ...checks, accepting: false } }]);
  });

  function broken(parts: Partial<Broker>, broker: Broker = memoryBroker()): Broker {
    return {
      start: (events) => broker.start(events),
      subscribe: (channel) => broker.subscribe(channel),
      unsubscribe: (channel) => broker.unsubscribe(channel),
      publish: (publication, keep) => broker.publish(publication, keep),
      read: (channel, range) => broker.read(channel, range),
      state: (channel) => broker.state(channel),
      clearState: (channel) => broker.clearState(channel),
      signal: (signal) => broker.signal(signal),
      close: () => broker.close(),
      ...parts,
    };
  }
});
