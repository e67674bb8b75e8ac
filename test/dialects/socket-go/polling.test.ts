import { request } from "node:http";
import { describe, expect, test } from "vitest";
import { CarillonError } from "../../../src/index.ts";
import { ManualClock } from "../../../src/testing/index.ts";
import { usedBytes } from "../../hostile/memory.ts";
import { ask } from "../../transports/http/link-client.ts";
import { turn } from "../../transports/http/serve.ts";
import { converse, headOf } from "../../server/raw-request.ts";
import { echo, serve, until, WatchedClock } from "./support.ts";

const paths = ["/connect", "/poll", "/send", "/disconnect"];

describe("socket.go over polling", () => {
  test("SGO-17 G16 connect is answered with a session id, and connect handlers have run", async () => {
    const { chat, url } = await serve();
    const connected: string[] = [];
    chat.on("connect", ({ id }) => connected.push(id));
    const { status, headers, body } = await ask(`${url}/socket/connect`, { method: "POST" });
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("application/json");
    expect(body).toMatch(/^\{"sessionId":"[0-9a-f]{16}-[0-9a-f]{4}"\}$/);
    expect(connected).toHaveLength(1);
    // What others see of a client must not be what its session is known by.
    expect(body).not.toContain(connected[0]);
  });

  test("nothing is kept of what a client posts with its connect", async () => {
    const { chat, url } = await serve();
    const open = async (): Promise<void> => {
      const { status } = await ask(`${url}/socket/connect`, { method: "POST", body: "x".repeat(1_000_000) });
      expect(status).toBe(200);
    };
    await open();
    const before = await usedBytes();
    for (let count = 0; count < 20; count += 1) await open();
    expect(chat.count()).toBe(21);
    expect((await usedBytes()) - before).toBeLessThan(2_000_000);
  });

  test("SGO-18 a poll is answered with what waits, in order, and the next one with nothing", async () => {
    const { chat, url, poller } = await serve({ pollHoldMs: 0 });
    chat.on("connect", (socket) => {
      socket.send("nodata");
      socket.send("echo", { a: 1 });
    });
    const client = await poller();
    const { status, headers, body } = await client.poll();
    expect([status, headers["content-type"], body]).toEqual([
      200,
      "application/json",
      '[{"event":"nodata"},{"event":"echo","data":{"a":1}}]\n',
    ]);
    expect((await client.poll()).body).toBe("[]\n");
    expect((await ask(`${url}/poll?sessionId=${client.sessionId}`, { method: "POST" })).body).toBe("[]\n");
  });

  test("SGO-18 a poll of base64 is what the original sends", async () => {
    const { chat, poller } = await serve({ pollBodies: "base64", pollHoldMs: 0 });
    chat.on("connect", (socket) => {
      socket.send("nodata");
      socket.send("echo", { a: 1 });
      socket.send("é");
    });
    const client = await poller();
    const { body } = await client.poll();
    expect(body.startsWith('["eyJldmVudCI6Im5vZGF0YSJ9","eyJldmVudCI6ImVjaG8iLCJkYXRhIjp7ImEiOjF9fQ==",')).toBe(true);
    const texts = (JSON.parse(body) as readonly string[]).map((text) => Buffer.from(text, "base64").toString());
    expect(texts[2]).toBe('{"event":"é"}');
    expect((await client.poll()).body).toBe("[]\n");
  });

  test("SGO-18 a poll waits for the first message, and takes what was sent with it", async () => {
    const clock = new WatchedClock();
    const { chat, poller } = await serve({}, { clock });
    const client = await poller();
    const polled = client.messages();
    await clock.started(20_000);
    chat.broadcast("a", 1);
    chat.broadcast("b", 2);
    expect(await polled).toEqual([
      { event: "a", data: 1 },
      { event: "b", data: 2 },
    ]);
  });

  test("SGO-19 a valid body is answered with 200 and handled; a bad one is answered with 200 and an error", async () => {
    const { chat, poller } = await serve();
    const { heard } = echo(chat);
    const errors: string[] = [];
    chat.on("error", (_, { message }) => errors.push(message));
    const client = await poller();
    const { status, headers, body } = await client.send('{"event":"x","data":1}');
    expect([status, headers["content-length"], body]).toEqual([200, "0", ""]);
    expect(heard).toEqual([1]);
    for (const bad of ["{bad", '{"event":"x"}{"event":"x"}', '[{"event":"x"}]', ""]) {
      expect((await client.send(bad)).status).toBe(200);
    }
    expect(errors).toEqual(Array.from({ length: 4 }, () => "invalid message format"));
    expect(await client.messages()).toEqual([{ event: "echo", data: 1 }]);
    expect(heard).toEqual([1]);
  });

  test.each(["", "?sessionId=", "?sessionId=0000000000000000-0000", "?sessionId=__proto__", "?sessionid=x"])(
    "SGO-20 LP28 without a session that there is (%j) polls and messages are answered with 404, disconnect with 200",
    async (query) => {
      const { url } = await serve();
      for (const [path, status, body] of [
        ["/poll", 404, "Session not found\n"],
        ["/send", 404, "Session not found\n"],
        ["/disconnect", 200, ""],
      ] as const) {
        const answer = await ask(`${url}/socket${path}${query}`, { method: "POST", body: "{}" });
        expect([answer.status, answer.body]).toEqual([status, body]);
      }
    },
  );

  test("SGO-20 LP28 of two session ids neither is meant, not even when one of them is right", async () => {
    const { chat, url, poller } = await serve();
    const client = await poller();
    for (const query of [`${client.sessionId}&sessionId=b`, `b&sessionId=${client.sessionId}`]) {
      expect((await ask(`${url}/socket/poll?sessionId=${query}`)).body).toBe("Session not found\n");
      expect((await ask(`${url}/socket/disconnect?sessionId=${query}`, { method: "POST" })).status).toBe(200);
    }
    expect(chat.count()).toBe(1);
  });

  test("SGO-20 LP28 a client's public id ends nobody's session", async () => {
    const { chat, server, url, poller } = await serve();
    await poller();
    const id = server.connections[0]!.id;
    expect((await ask(`${url}/socket/disconnect?sessionId=${id}`, { method: "POST" })).status).toBe(200);
    expect((await ask(`${url}/socket/poll?sessionId=${id}`)).status).toBe(404);
    expect(chat.count()).toBe(1);
  });

  test("SGO-20 a session that the server has closed is answered with 410, and forgotten later", async () => {
    const clock = new ManualClock();
    const { chat, poller } = await serve({}, { clock });
    chat.on("connect", (socket) => socket.on("bye", () => socket.close()));
    const client = await poller();
    await client.send('{"event":"bye"}');
    await until(() => chat.count() === 0);
    for (const answer of [await client.poll(), await client.send("{}")]) {
      expect([answer.status, answer.body]).toEqual([410, "Session closed\n"]);
    }
    clock.advance(29_999);
    expect((await client.poll()).status).toBe(410);
    clock.advance(1);
    expect((await client.poll()).status).toBe(404);
    expect(clock.timers).toBeLessThan(3);
  });

  test("SGO-20 after disconnect there is no session, and disconnect handlers have run once", async () => {
    const { chat, poller } = await serve();
    const { ended } = echo(chat);
    const client = await poller();
    expect((await client.disconnect()).body).toBe("");
    expect((await client.poll()).body).toBe("Session not found\n");
    expect((await client.disconnect()).status).toBe(200);
    await until(() => chat.count() === 0);
    expect(ended).toHaveLength(1);
  });

  test.each(["", "/", "/other", "/connect/", "/Connect", "/socket/connect"])(
    "SGO-20 %j is no endpoint under the mount",
    async (path) => {
      const { url } = await serve();
      const { status, headers, body } = await ask(`${url}/socket${path}`);
      expect([status, body]).toEqual([404, "Unknown endpoint\n"]);
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["content-type"]).toBe("text/plain; charset=utf-8");
    },
  );

  test.each(paths)("requests to %s are GET or POST, and nothing else", async (path) => {
    const { chat, url } = await serve();
    for (const method of ["OPTIONS", "PUT", "DELETE"]) {
      const { status, headers, body } = await ask(`${url}/socket${path}`, { method });
      expect([status, headers["allow"], body]).toEqual([405, "GET, POST", "Method Not Allowed\n"]);
    }
    const head = await converse(url, headOf(`HEAD /socket${path} HTTP/1.1`, ["Host: x", "Connection: close"]));
    expect(head).toMatch(/^HTTP\/1\.1 405 /);
    expect(chat.count()).toBe(0);
    expect((await ask(`${url}/socket/connect`)).status).toBe(200);
  });

  test("SGO-46 the paths at the root are ours too, unless they are switched off", async () => {
    const { chat, url } = await serve({ pollHoldMs: 0 });
    echo(chat);
    const { body } = await ask(`${url}/connect`, { method: "POST" });
    const { sessionId } = JSON.parse(body) as { readonly sessionId: string };
    await ask(`${url}/send?sessionId=${sessionId}`, { method: "POST", body: '{"event":"x","data":1}' });
    expect((await ask(`${url}/poll?sessionId=${sessionId}`)).body).toBe('[{"event":"echo","data":1}]\n');
    await ask(`${url}/disconnect?sessionId=${sessionId}`, { method: "POST" });
    await until(() => chat.count() === 0);
    const off = await serve({ rootPaths: false });
    for (const path of paths) expect((await ask(off.url + path)).body).not.toBe("Unknown endpoint\n");
    expect((await ask(`${off.url}/connect`, { method: "POST" })).status).toBe(404);
  });

  test("SGO-20 of messages that wait to be handled 100 are taken, and the next is answered with 503", async () => {
    const { chat, server, poller } = await serve();
    const { heard } = echo(chat);
    let release = (): void => undefined;
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    server.intercept(async ({ data }) => {
      if (data === "first") await slow;
    });
    const client = await poller();
    // This one is being handled, and waits no more.
    expect((await client.send('{"event":"x","data":"first"}')).status).toBe(200);
    for (let count = 0; count < 100; count += 1) {
      expect((await client.send(`{"event":"x","data":${count}}`)).status).toBe(200);
    }
    const refused = await client.send('{"event":"x","data":"one too many"}');
    expect([refused.status, refused.body]).toEqual([503, "Message queue full\n"]);
    release();
    await until(() => heard.length === 101);
    expect(heard).toEqual(["first", ...Array.from({ length: 100 }, (_, index) => index)]);
    expect((await client.send('{"event":"x","data":"again"}')).status).toBe(200);
    await until(() => heard.length === 102);
  });

  test("what was posted before disconnect is handled before it, however slowly", async () => {
    const { chat, server, poller } = await serve();
    const { heard, ended } = echo(chat);
    let release = (): void => undefined;
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    server.intercept(async () => {
      await slow;
    });
    const client = await poller();
    for (let count = 0; count < 80; count += 1) await client.send(`{"event":"x","data":${count}}`);
    await client.disconnect();
    expect((await client.poll()).status).toBe(404);
    expect([heard.length, ended.length]).toEqual([0, 0]);
    release();
    await until(() => ended.length === 1);
    expect(heard).toHaveLength(80);
  });

  test("a message of 1 MiB is taken, and one byte more answered with 413", async () => {
    const { chat, poller } = await serve();
    const { heard } = echo(chat);
    const client = await poller();
    const body = (bytes: number): string => `{"event":"x","data":"${"x".repeat(bytes - 23)}"}`;
    expect(body(1_048_576)).toHaveLength(1_048_576);
    expect((await client.send(body(1_048_576))).status).toBe(200);
    expect((await client.send(body(1_048_577))).status).toBe(413);
    expect(heard).toHaveLength(1);
  });

  test.each([
    ["idle", 60_000],
    ["after a message", 60_000],
  ])("SGO-21 a client that does nothing for 60 seconds (%s) is gone, once, and not before", async (kind, idleMs) => {
    const clock = new ManualClock();
    const { chat, poller } = await serve({ pollHoldMs: 0 }, { clock });
    const { ended } = echo(chat);
    const client = await poller();
    clock.advance(50_000);
    if (kind === "idle") await client.poll();
    else await client.send('{"event":"x"}');
    clock.advance(idleMs - 1);
    await turn();
    expect(chat.count()).toBe(1);
    clock.advance(1);
    await until(() => chat.count() === 0);
    expect((await client.poll()).body).toBe("Session not found\n");
    clock.advance(1_000_000);
    expect(ended).toHaveLength(1);
    expect(clock.timers).toBeLessThan(3);
  });

  test("SGO-21 a client whose poll is held is there, and gone 60 seconds after it was answered", async () => {
    const clock = new WatchedClock();
    const { chat, poller } = await serve({ pollHoldMs: 90_000 }, { clock });
    const client = await poller();
    let body: string | undefined;
    const polled = client.poll().then((answer) => (body = answer.body));
    await clock.started(90_000);
    clock.advance(89_999);
    await turn();
    expect([body, chat.count()]).toEqual([undefined, 1]);
    clock.advance(1);
    expect(await polled).toBe("[]\n");
    clock.advance(59_999);
    expect(chat.count()).toBe(1);
    clock.advance(1);
    await until(() => chat.count() === 0);
  });

  test("a second poll takes the place of the first", async () => {
    const clock = new WatchedClock();
    const { chat, poller } = await serve({}, { clock });
    const client = await poller();
    const first = client.messages();
    await clock.started(20_000);
    const second = client.messages();
    expect(await first).toEqual([]);
    await clock.started(20_000);
    chat.broadcast("x");
    expect(await second).toEqual([{ event: "x" }]);
  });

  test("a poll whose client has gone takes no message with it", async () => {
    const clock = new WatchedClock();
    const { chat, url, poller } = await serve({}, { clock });
    const client = await poller();
    const asked = request(`${url}/socket/poll?sessionId=${client.sessionId}`);
    asked.on("error", () => undefined);
    asked.end();
    await clock.started(20_000);
    asked.destroy();
    // From now on the server waits for the next one.
    await clock.started(60_000);
    chat.broadcast("x", 1);
    expect(await client.messages()).toEqual([{ event: "x", data: 1 }]);
  });

  test("a close waits for the poll that fetches what was said before it", async () => {
    const { chat, poller } = await serve();
    chat.on("bye", (socket) => {
      socket.send("goodbye");
      socket.close();
    });
    const client = await poller();
    await client.send('{"event":"bye"}');
    expect(await client.messages()).toEqual([{ event: "goodbye" }]);
    expect((await client.poll()).status).toBe(410);
    await until(() => chat.count() === 0);
  });

  test.each([
    ["unauthorized", 401],
    ["token-expired", 401],
    ["forbidden", 403],
    ["broker-unavailable", 503],
  ] as const)("a client that is refused with %s is answered with %i", async (code, status) => {
    const authenticate = (): never => {
      throw new CarillonError(code, { message: "not you" });
    };
    const { chat, url } = await serve({}, { authenticate });
    const { ended } = echo(chat);
    const answer = await ask(`${url}/socket/connect`, { method: "POST" });
    expect([answer.status, answer.body]).toEqual([status, "not you\n"]);
    expect([chat.count(), ended]).toEqual([0, []]);
  });

  test("a client that has to wait to be let in is answered when it is", async () => {
    const { chat, poller } = await serve(
      {},
      {
        authenticate: async () => {
          await new Promise((resolve) => setTimeout(resolve, 10));
          return { userId: "ada" };
        },
      },
    );
    echo(chat);
    const client = await poller();
    await client.send('{"event":"x","data":1}');
    expect(await client.messages()).toEqual([{ event: "echo", data: 1 }]);
  });

  test("2,000 messages go through both ways, in order and none lost", async () => {
    const { chat, poller } = await serve();
    const { heard } = echo(chat);
    const client = await poller();
    const numbers = Array.from({ length: 2_000 }, (_, index) => index);
    const received: unknown[] = [];
    const polling = (async () => {
      while (received.length < numbers.length) received.push(...(await client.messages()));
    })();
    for (const data of numbers) expect((await client.send(JSON.stringify({ event: "x", data }))).status).toBe(200);
    await polling;
    expect(heard).toEqual(numbers);
    expect(received).toEqual(numbers.map((data) => ({ event: "echo", data })));
  }, 20_000);

  test("SGO-20 what a client says after the server closed it is not heard, though it may fetch what it was told", async () => {
    const { chat, poller } = await serve({ pollHoldMs: 0 });
    const { heard } = echo(chat);
    const polled = await poller();
    chat.on("go", (socket) => {
      socket.send("bye");
      socket.close();
    });
    await polled.send('{"event":"go"}');
    expect(await polled.send('{"event":"more","data":1}')).toMatchObject({ status: 410, body: "Session closed\n" });
    expect(await polled.messages()).toEqual([{ event: "echo" }, { event: "bye" }]);
    expect(heard).toEqual([undefined]);
  });

  test("L10: what waits for polls counts with all that waits for slow clients of the server", async () => {
    const { poller, server } = await serve({}, { maxBufferedBytes: 100 });
    const [slowest, other] = [await poller(), await poller()];
    const [first, second] = server.connections;
    first!.send("x", "x".repeat(34));
    second!.send("x", "x".repeat(20));
    expect(server.stats()).toMatchObject({ waitingBytes: 100, slow: 0 });
    second!.send("x");
    expect((await slowest.poll()).status).toBe(410);
    expect(await other.messages()).toHaveLength(2);
    expect(server.stats()).toMatchObject({ waitingBytes: 0, slow: 1, connections: 1 });
  });
});
