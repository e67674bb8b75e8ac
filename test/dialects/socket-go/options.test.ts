import { describe, expect, test } from "vitest";
import { socketGo, type SocketGoOptions } from "../../../src/dialects/socket-go/index.ts";
import { createServer } from "../../../src/index.ts";
import { socketGoSettings } from "../../../src/dialects/socket-go/options.ts";

describe("the options of socket.go", () => {
  test("have defaults, also where undefined is given", () => {
    expect(socketGoSettings({ bufferSize: undefined } as unknown as SocketGoOptions)).toEqual({
      maxConnections: 100,
      compression: false,
      bufferSize: 1_024,
      maxBufferedBytes: 16_777_216,
      pingIntervalMs: 25_000,
      pingTimeoutMs: 5_000,
      pollHoldMs: 20_000,
      pollBodies: "objects",
      pollQueue: 1_000,
      sessionIdleMs: 60_000,
      maxMessageBytes: 1_048_576,
      inboundQueue: 100,
      rootPaths: true,
      origins: "any",
      conventions: false,
    });
  });

  test.each([
    ["maxConnections", 0, -1],
    ["maxConnections", Infinity, 1.5],
    ["bufferSize", 1, 0],
    ["maxBufferedBytes", 1, 0],
    ["pingIntervalMs", 0, -1],
    ["pingTimeoutMs", 1, 0],
    ["pollHoldMs", 0, -1],
    ["pollHoldMs", 2 ** 31 - 1, 2 ** 31],
    ["pollBodies", "base64", "text"],
    ["pollQueue", 1, 0],
    ["sessionIdleMs", 1, 0],
    ["maxMessageBytes", 1, Infinity],
    ["inboundQueue", 1, "1"],
    ["compression", true, 1],
    ["rootPaths", false, "no"],
    ["conventions", true, null],
    ["origins", "server", "all"],
    ["onErrorEvent", () => undefined, 1],
    ["origins", ["https://a.example"], "https://a.example"],
  ])("%s may be %s and not %s", (name, good, bad) => {
    expect(socketGo({ [name]: good }).name).toBe("socket-go");
    expect(() => socketGo({ [name]: bad })).toThrow(
      expect.objectContaining({ code: "option-invalid", message: expect.stringContaining(`socketGo: ${name} `) }),
    );
  });

  test("that do not exist are refused by name", () => {
    expect(() => socketGo({ bufferSizes: 1 } as SocketGoOptions)).toThrow("socketGo: there is no option bufferSizes");
  });

  test("nothing but handlers comes before the mount, and the message says what to do", () => {
    const chat = socketGo();
    chat.on("connect", () => undefined);
    for (const early of [
      () => chat.broadcast("x"),
      () => chat.count(),
      () => chat.in("r"),
      () => chat.roomsOf("x"),
      () => chat.leave("x", "r"),
      () => chat.join("x", "r"),
      () => chat.socket("x"),
      () => chat.broadcastToRoom("r", "x"),
    ]) {
      expect(early).toThrow(
        expect.objectContaining({
          code: "option-invalid",
          message: expect.stringContaining('createServer({ endpoints: { "/socket": it } })'),
        }),
      );
    }
  });

  test("one dialect serves one server", async () => {
    const chat = socketGo();
    const server = createServer({ endpoints: { "/a": chat, "/b": chat } });
    expect(() => createServer({ endpoints: { "/a": chat } })).toThrow(
      expect.objectContaining({ code: "option-invalid", message: expect.stringContaining("another server") }),
    );
    await server.close();
  });
});
