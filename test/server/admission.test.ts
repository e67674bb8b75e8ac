import { describe, expect, test, vi } from "vitest";
import { Admission, admissionDefaults, type AdmissionOptions, type Leave } from "../../src/server/admission.ts";
import type { Fault } from "../../src/transports/http/exchange.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";

class Door {
  readonly clock = new ManualClock();
  readonly warn = vi.fn<(facts: object, message: string) => void>();
  readonly admission: Admission;
  chance = 0;

  constructor(options: AdmissionOptions = {}) {
    const logger = { info: vi.fn<() => void>(), warn: this.warn, error: vi.fn<() => void>() };
    this.admission = new Admission({ options, clock: this.clock, random: { next: () => this.chance }, logger });
  }

  enter(ip = "203.0.113.7"): Leave {
    const entered = this.admission.enter(ip);
    if (typeof entered !== "function") throw new Error(entered.message);
    return entered;
  }

  refused(ip = "203.0.113.7"): Fault | undefined {
    const entered = this.admission.enter(ip);
    return typeof entered === "function" ? undefined : entered;
  }
}

describe("admission", () => {
  test("has the defaults that are documented", () => {
    expect(admissionDefaults).toEqual({ connections: Infinity, connectionsPerIp: 100, handshakesPerSecond: 2_000 });
  });

  test("lets 100 of one address in, and others as if nothing were", () => {
    const door = new Door();
    const leaves = Array.from({ length: 100 }, () => door.enter());
    expect(door.refused()).toMatchObject({ status: 429, headers: { "Retry-After": "1" } });
    door.enter("203.0.113.8");
    leaves[0]!();
    door.enter();
    expect(door.refused()?.status).toBe(429);
  });

  test("counts a /64 as one", () => {
    const door = new Door({ connectionsPerIp: 2 });
    door.enter("2001:db8::1");
    door.enter("2001:db8::2");
    expect(door.refused("2001:db8::3")?.status).toBe(429);
    door.enter("2001:db8:0:1::1");
  });

  test.each(["127.0.0.1", "::1"])("does not count the clients of %s by their address, but in total", (ip) => {
    const door = new Door({ connectionsPerIp: 1, connections: 3 });
    for (let n = 0; n < 3; n += 1) door.enter(ip);
    expect(door.refused(ip)?.status).toBe(503);
    expect(door.admission.addresses).toBe(0);
  });

  test("lets as many in as there may be in total", () => {
    const door = new Door({ connections: 2 });
    const leave = door.enter("203.0.113.1");
    door.enter("203.0.113.2");
    expect(door.refused("203.0.113.3")).toMatchObject({ status: 503, message: "the server is full" });
    leave();
    leave();
    expect(door.admission.size).toBe(1);
    door.enter("203.0.113.3");
    expect(door.refused("203.0.113.4")?.status).toBe(503);
  });

  test("L14: lets 2,000 in at once, and then 2,000 in each second", () => {
    const door = new Door({ connectionsPerIp: Infinity });
    for (let n = 0; n < 2_000; n += 1) door.enter()();
    expect(door.refused()).toMatchObject({ status: 503, message: "too many clients come at once" });
    door.clock.advance(1);
    door.enter();
    door.enter();
    expect(door.refused()?.status).toBe(503);
  });

  test("takes nobody's turn for those who may not come in anyway", () => {
    const door = new Door({ connectionsPerIp: 1, handshakesPerSecond: 2 });
    door.enter();
    for (let n = 0; n < 10; n += 1) expect(door.refused()?.status).toBe(429);
    door.enter("203.0.113.8");
    expect(door.refused("203.0.113.9")?.status).toBe(503);
  });

  test("has no rate when it is not to have one", () => {
    const door = new Door({ connectionsPerIp: Infinity, handshakesPerSecond: Infinity });
    for (let n = 0; n < 10_000; n += 1) door.enter();
    expect(door.admission.size).toBe(10_000);
  });

  test("tells each another time to come back, from 1 s to 10 s", () => {
    const door = new Door({ connections: 1 });
    door.enter();
    expect(door.refused()?.headers).toEqual({ "Retry-After": "1" });
    door.chance = 0.999;
    expect(door.refused()?.headers).toEqual({ "Retry-After": "10" });
  });

  test("warns once in a minute of each reason", () => {
    const door = new Door({ connections: 1 });
    door.enter();
    for (let n = 0; n < 100; n += 1) door.refused();
    expect(door.warn).toHaveBeenCalledTimes(1);
    door.clock.advance(59_999);
    door.refused();
    expect(door.warn).toHaveBeenCalledTimes(1);
    door.clock.advance(1);
    door.refused();
    expect(door.warn).toHaveBeenCalledTimes(2);
  });

  test("leaves nothing behind", () => {
    const door = new Door();
    const leaves = Array.from({ length: 100 }, (_, n) => door.enter(`203.0.113.${n % 7}`));
    for (const leave of leaves) leave();
    expect([door.admission.size, door.admission.addresses]).toEqual([0, 0]);
  });

  test.each<[AdmissionOptions]>([
    [{ connections: 0 }],
    [{ connectionsPerIp: -1 }],
    [{ connectionsPerIp: 1.5 }],
    [{ handshakesPerSecond: NaN }],
  ])("does not take %j", (options) => {
    const [name = ""] = Object.keys(options);
    expect(() => new Door(options)).toThrow(
      expect.objectContaining({ code: "option-invalid", message: expect.stringContaining(name) as string }),
    );
  });
});
