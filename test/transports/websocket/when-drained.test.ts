import { once } from "node:events";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { Echo } from "../http/echo.ts";
import { serve, turn, until } from "../http/serve.ts";

test("whenDrained calls after the flush of the turn, and not while the socket is full", async () => {
  const { echo, url } = await serve(new Echo({}, { maxBufferedBytes: 100_000_000 }));
  const socket = new WebSocket(url.replace("http", "ws"));
  await once(socket, "open");
  const { wire } = echo.last;
  const ran: string[] = [];
  wire.send(["first"]);
  wire.whenDrained(() => ran.push(`drained ${wire.bufferedBytes}`));
  expect(ran).toEqual([]);
  await until(() => ran.length > 0);
  expect(ran).toEqual(["drained 0"]);

  socket.pause();
  while (wire.bufferedBytes < 1_000_000) {
    wire.send(["x".repeat(500_000)]);
    await turn();
    await turn();
  }
  wire.whenDrained(() => {
    ran.push("one");
    wire.send(["after one"]);
  });
  wire.whenDrained(() => ran.push("two"));
  for (let turns = 0; turns < 10; turns += 1) await turn();
  expect(ran).toHaveLength(1);
  socket.resume();
  await until(() => ran.length === 3);
  expect(ran.slice(1)).toEqual(["one", "two"]);
  socket.terminate();
});

test("whenDrained never calls after the end", async () => {
  const { echo, url } = await serve();
  const socket = new WebSocket(url.replace("http", "ws"));
  await once(socket, "open");
  const { wire, closed } = echo.last;
  let isCalled = false;
  wire.whenDrained(() => (isCalled = true));
  wire.close(4000);
  wire.whenDrained(() => (isCalled = true));
  await closed;
  await turn();
  expect(isCalled).toBe(false);
});
