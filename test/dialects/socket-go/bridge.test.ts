import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { native } from "../../../src/index.ts";
import { serve, until, WebSocketClient } from "./support.ts";

describe("socket.go and the native dialect in one channel", () => {
  async function both() {
    const setting = await serve(
      { conventions: true },
      { endpoints: { "/carillon": native({ heartbeatMs: 0 }) }, channels: { r: { whispers: true } } },
    );
    const foreign = await setting.connect();
    const own = new WebSocketClient(`${setting.url.replace("http", "ws")}/carillon`);
    await new Promise((resolve) => own.socket.on("open", resolve));
    own.say('{"type":"connect"}');
    await own.next();
    own.say('{"type":"subscribe","ref":1,"channel":"r"}');
    await own.next();
    foreign.say('{"event":"join","data":"r"}');
    await foreign.next();
    const joined = JSON.parse(await own.next()) as Record<string, unknown>;
    return { ...setting, foreign, own, joined };
  }

  test("each hears the other in its own words", async () => {
    const { foreign, own, joined } = await both();
    expect(joined).toMatchObject({ type: "publication", channel: "r", event: "userJoined", data: { room: "r" } });
    foreign.say('{"event":"chat","data":{"room":"r","text":"hi"}}');
    const heard = JSON.parse(await own.next()) as Record<string, unknown>;
    expect(heard).toEqual({
      type: "publication",
      channel: "r",
      event: "chat",
      data: { room: "r", text: "hi" },
      id: expect.any(String),
      time: expect.any(Number),
      from: { id: expect.stringMatching(/^[0-9a-f]{16}-[0-9a-f]{4}$/) },
    });
    expect(await foreign.next()).toBe('{"event":"chat","data":{"room":"r","text":"hi"}}');
    own.say('{"type":"publish","ref":2,"channel":"r","event":"chat","data":["any",1]}');
    expect(await foreign.next()).toBe('{"event":"chat","data":["any",1]}');
    own.say('{"type":"whisper","channel":"r","event":"typing","data":true}');
    expect(await foreign.next()).toBe('{"event":"typing","data":true}');
  });

  test("what the server says in a channel, to everyone, or as bytes reaches both", async () => {
    const { server, foreign, own } = await both();
    await server.channel("r").publish("news", new Uint8Array([1, 2, 3]));
    expect(await foreign.next()).toBe('{"event":"news","data":"AQID"}');
    expect(JSON.parse(await own.next())).toMatchObject({ event: "news", bytes: "AQID" });
    await server.broadcast("all", 1);
    expect(await foreign.next()).toBe('{"event":"all","data":1}');
    expect(own.socket.readyState).toBe(WebSocket.OPEN);
    await until(() => own.unread.length > 0);
    expect(JSON.parse(await own.next())).toMatchObject({ event: "all", data: 1 });
  });
});
