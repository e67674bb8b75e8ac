import { describe, expect, test } from "vitest";
import { createServer } from "../../src/index.ts";
import { createJsonCodec } from "../../src/protocol/codec.ts";
import { createTestServer, inProcess, ManualClock } from "../../src/testing/index.ts";

const request = { url: "ws://localhost/carillon", codec: createJsonCodec() };

describe("inProcess", () => {
  test("nothing is received while the sender still runs, and everything in order", async () => {
    const server = createServer();
    const link = await inProcess(server).connect({ ...request, signal: new AbortController().signal });
    const received: string[] = [];
    const closed = new Promise<number>((resolve) => {
      link.receive({ frame: (frame) => received.push(frame as string), closed: resolve });
    });
    link.send(['{"type":"connect"}']);
    for (const ref of [1, 2, 3]) link.send([`{"type":"unsubscribe","ref":${ref},"channel":"a"}`]);
    expect(received).toEqual([]);
    link.close(1000);
    link.send(['{"type":"ping"}']);
    expect(await closed).toBe(1000);
    const messages = received.map((text) => JSON.parse(text) as { type: string; ref?: number });
    expect(messages.map(({ type, ref }) => `${type} ${ref ?? ""}`)).toEqual([
      "connected ",
      "unsubscribed 1",
      "unsubscribed 2",
      "unsubscribed 3",
    ]);
    await server.close();
  });

  test("what arrives before there is a handler is held for it", async () => {
    const server = createServer();
    const link = await inProcess(server).connect({ ...request, signal: new AbortController().signal });
    link.send(['{"type":"connect"}']);
    await Promise.resolve();
    await Promise.resolve();
    const first = await new Promise<unknown>((resolve) => link.receive({ frame: resolve, closed: () => undefined }));
    expect(first).toContain('"connected"');
    link.close();
    await server.close();
  });

  test("a server that is closed, or has no such endpoint, cannot be reached", async () => {
    const server = createServer();
    const { signal } = new AbortController();
    await expect(inProcess(server).connect({ ...request, url: "ws://localhost/else", signal })).rejects.toMatchObject({
      code: "connect-failed",
    });
    await server.close();
    await expect(inProcess(server).connect({ ...request, signal })).rejects.toMatchObject({ code: "connect-failed" });
  });

  test("a connection that is given up leaves nothing open", async () => {
    const server = createServer();
    const abort = new AbortController();
    const connecting = inProcess(server).connect({ ...request, signal: abort.signal });
    abort.abort();
    await expect(connecting).rejects.toMatchObject({ code: "connect-failed" });
    await server.close();
  });

  test("a client is pinged by nobody, but hears the heartbeat of the manual clock", async () => {
    const clock = new ManualClock();
    const { client, close } = createTestServer({ clock });
    const ada = client({ clock });
    await ada.connect();
    for (let beat = 0; beat < 6; beat += 1) {
      clock.advance(10_000);
      await ada.request("x").catch(() => undefined);
    }
    expect(ada.state.kind).toBe("open");
    await close();
    expect(clock.timers).toBe(0);
  });
});
