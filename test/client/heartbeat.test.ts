import { describe, expect, it } from "vitest";
import { settled, setUp } from "./set-up.ts";

describe("a client that hears nothing", () => {
  it("drops the link after twice the server's heartbeat and comes back", async () => {
    const { client, open, pass, clock } = setUp();
    const link = await open({ heartbeatMs: 10_000 });
    await pass(19_999);
    expect(client.state.kind).toBe("open");
    await pass(1);
    expect(client.state).toMatchObject({ kind: "waiting", cause: { code: "timeout" } });
    expect(link.closes).toEqual([{ code: 4504, reason: "timeout" }]);
    expect(clock.timers).toBe(1);
  });

  it("counts from whatever came last", async () => {
    const { client, open, pass } = setUp();
    const link = await open({ heartbeatMs: 10_000 });
    for (let second = 0; second < 100; second += 19) {
      await pass(19_000);
      link.say({ type: "heartbeat" });
    }
    await pass(19_999);
    expect(client.state.kind).toBe("open");
    await pass(1);
    expect(client.state.kind).toBe("waiting");
  });

  it("keeps one timer, however much comes", async () => {
    const { clock, open } = setUp();
    const link = await open({ heartbeatMs: 10_000 });
    for (let messages = 0; messages < 1_000; messages += 1) link.say({ type: "pong" });
    expect(clock.timers).toBe(1);
  });

  it.each([0, -1, Number.NaN, undefined as never, "soon" as never])(
    "waits for ever when the server promises %s",
    async (heartbeatMs) => {
      const { client, clock, open, pass } = setUp();
      await open({ heartbeatMs });
      expect(clock.timers).toBe(0);
      await pass(100_000_000);
      expect(client.state.kind).toBe("open");
    },
  );

  it("is not fooled by a heartbeat longer than timers can be", async () => {
    const { client, clock, open } = setUp();
    const delays: number[] = [];
    const after = clock.after.bind(clock);
    clock.after = (ms, run) => {
      delays.push(ms);
      return after(ms, run);
    };
    await open({ heartbeatMs: 1e300 });
    expect(Math.max(...delays)).toBe(2 ** 31 - 1);
    expect(client.state.kind).toBe("open");
  });

  it("ignores what a link brings that it has dropped", async () => {
    const { client, open, pass } = setUp();
    const heard: unknown[] = [];
    client.on("*", (data) => heard.push(data));
    const link = await open({ heartbeatMs: 10_000 });
    link.lingers = true;
    await pass(20_000);
    link.say({ type: "send", event: "late", data: 1 });
    link.end(1000);
    await settled();
    expect(heard).toEqual([]);
    expect(client.state.kind).toBe("waiting");
  });
});
