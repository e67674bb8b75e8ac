import { describe, expect, test } from "vitest";
import { handshake } from "../../server/raw-client.ts";
import { ask } from "../../transports/http/link-client.ts";
import { ManualClock } from "../../../src/testing/index.ts";
import { echo, serve, until, WatchedClock } from "./support.ts";

describe("the shutdown of socket.go", () => {
  test("SGO-29 SGO-51 everyone is closed with 1000, a held poll is answered, and nobody comes in", async () => {
    const clock = new WatchedClock();
    const { chat, url, connect, poller } = await serve({}, { clock });
    const { ended } = echo(chat);
    const [web, polled] = [await connect(), await poller()];
    const held = polled.poll();
    await clock.started(20_000);
    const down = chat.shutdown({ timeoutMs: 5_000 });
    expect((await handshake(`${url}/socket`)).status).toBe(503);
    expect((await ask(`${url}/socket/connect`, { method: "POST" })).status).toBe(503);
    expect(await web.closed).toBe(1_000);
    expect((await held).body).toBe("[]\n");
    expect(await down).toEqual({ isTimedOut: false, cutOff: 0 });
    expect((await polled.poll()).status).toBe(410);
    expect((await polled.send("{}")).status).toBe(410);
    expect([ended.length, chat.count()]).toEqual([2, 0]);
    expect(await chat.shutdown()).toEqual({ isTimedOut: false, cutOff: 0 });
  });

  test("SGO-29 SGO-51 a client that does not leave is cut off when the time is over, and that is told", async () => {
    const clock = new ManualClock();
    const { chat, connect, poller } = await serve({}, { clock });
    const { ended } = echo(chat);
    const client = await connect();
    await poller();
    await until(() => chat.count() === 2);
    client.socket.pause();
    // What it does not fetch is waited for, longer than the time is.
    chat.broadcast("unread");
    let report: unknown;
    const down = chat.shutdown({ timeoutMs: 500 }).then((told) => (report = told));
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(499);
    await new Promise((resolve) => setImmediate(resolve));
    expect(report).toBeUndefined();
    clock.advance(1);
    await down;
    expect(report).toEqual({ isTimedOut: true, cutOff: 2 });
    await until(() => ended.length === 2);
  });

  test("SGO-51 who does not answer the close is told as cut off, and who drops the connection is not", async () => {
    const { chat, connect } = await serve();
    const [silent, gone] = [await connect(), await connect()];
    for (const { socket } of [silent, gone]) socket.pause();
    const down = chat.shutdown({ timeoutMs: 60_000 });
    gone.socket.terminate();
    expect(await down).toEqual({ isTimedOut: true, cutOff: 1 });
  });

  test("SGO-51 a poll that nobody fetches is told as cut off", async () => {
    const clock = new ManualClock();
    const { chat, poller } = await serve({}, { clock });
    await poller();
    chat.broadcast("unread");
    const down = chat.shutdown({ timeoutMs: 60_000 });
    clock.advance(5_000);
    expect(await down).toEqual({ isTimedOut: true, cutOff: 1 });
  });

  test("SGO-29 a time that no timer can run is refused, and nobody is closed", async () => {
    const { chat, connect } = await serve();
    await connect();
    for (const timeoutMs of [-1, 0.5, Number.NaN, 2 ** 31, Infinity]) {
      const fault = { code: "option-invalid", message: expect.stringContaining("socketGo: timeoutMs") };
      await expect(chat.shutdown({ timeoutMs })).rejects.toMatchObject(fault);
    }
    expect(chat.count()).toBe(1);
    expect(await chat.shutdown({ timeoutMs: 2 ** 31 - 1 })).toEqual({ isTimedOut: false, cutOff: 0 });
  });

  test("SGO-29 called twice it is one shutdown, and both calls resolve with it", async () => {
    const clock = new ManualClock();
    const { chat, connect } = await serve({}, { clock });
    const client = await connect();
    const downs = [chat.shutdown(), chat.shutdown({ timeoutMs: 1 })];
    expect(await client.closed).toBe(1_000);
    const report = { isTimedOut: false, cutOff: 0 };
    expect(await Promise.all(downs)).toEqual([report, report]);
  });

  test("when the server stops, clients are closed with 1000 and nothing waits for anybody", async () => {
    const clock = new WatchedClock();
    const { server, connect, poller } = await serve({}, { clock });
    const [web, polled] = [await connect(), await poller()];
    const held = polled.messages();
    await clock.started(20_000);
    const closing = server.close();
    expect(await web.closed).toBe(1_000);
    expect(await held).toEqual([]);
    await closing;
    expect(clock.timers).toBe(0);
  });
});
