import { once } from "node:events";
import { describe, expect, test } from "vitest";
import {
  broadcast,
  ByteMessage,
  echo,
  getGlobalRegistry,
  groups,
  JsonMessage,
  registerHandler,
  type Content,
  type Message,
} from "../../../src/dialects/go-rtc-lib/index.ts";
import { createServer } from "../../../src/index.ts";
import { RtcClient, serve, until } from "./support.ts";

/** The custom type of the original's README. */
class ChatMessage implements Message {
  readonly sender: string;
  readonly content: string;

  constructor(sender: string, content: string) {
    this.sender = sender;
    this.content = content;
  }

  static deserialize(said: Content): ChatMessage {
    const { sender, content } = JSON.parse(String(said)) as ChatMessage;
    return new ChatMessage(sender, content);
  }

  serialize(): string {
    return JSON.stringify({ sender: this.sender, content: this.content });
  }

  type(): string {
    return "chat";
  }
}

const welcome = '{"sender":"server","content":"Welcome to the chat room!"}';

describe("messages", () => {
  test("RTC-1: an echo is the text, in one frame", async () => {
    const { client, settled } = await serve(echo);
    const one = await client();
    one[0].send("hello");
    expect(await one[0].next()).toEqual(["hello"]);
    expect(await settled(one)).toEqual([]);
  });

  test("RTC-2, G-1, G21: bytes that are no UTF-8 come back as bytes, none as none, and the connection stays", async () => {
    const { client } = await serve(echo);
    const [one] = await client();
    one.send(Uint8Array.of(0xff, 0xfe, 0), new Uint8Array(), "", "text");
    expect(await one.next(4)).toEqual(["binary fffe00", "binary ", "", "text"]);
  });

  test("G21: text that is no UTF-8 closes with 1007, and nobody else notices", async () => {
    const { client, settled } = await serve(echo);
    const [bad, good] = [await client(), await client()];
    bad[0].socket.send(Buffer.of(0xff, 0xfe, 0), { binary: false });
    expect(await bad[0].ended()).toEqual([1007, []]);
    expect(await settled(good)).toEqual([]);
  });

  test("RTC-3: nothing is answered with nothing, and an empty answer with an empty frame", async () => {
    const { client, settled } = await serve((_, content) =>
      content === "empty" ? "" : content === "null" ? null : undefined,
    );
    const one = await client();
    one[0].send("nothing", "null", "empty");
    expect(await one[0].next()).toEqual([""]);
    expect(await settled(one)).toEqual([]);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no"))],
    ["answers what is neither text nor bytes", () => 5 as unknown as string],
  ])(
    "RTC-4: a handler that %s closes that connection alone, with an empty frame",
    async (_, fails: () => string | Promise<string>) => {
      const { client, failures, registry } = await serve((_connection, content) =>
        content === "err" ? fails() : content,
      );
      const [a, b] = [await client(), await client()];
      a[0].send("ok", "err", "never heard");
      expect(await a[0].ended()).toEqual([1005, ["ok"]]);
      b[0].send("still here");
      expect(await b[0].next()).toEqual(["still here"]);
      expect([failures.map(({ code }) => code), registry.count]).toEqual([["handler-failed"], 1]);
    },
  );

  test.each([
    {
      who: "a client",
      // By the pong everything before it has been read.
      async act({ socket }: RtcClient) {
        socket.ping();
        await once(socket, "pong");
      },
      code: 1005,
    },
    {
      who: "a client that has left",
      async act({ socket, closed }: RtcClient) {
        socket.close(1000);
        await closed;
      },
      code: 1000,
    },
  ])("RTC-4: what $who said behind a message whose handler rejects is not handled", async ({ act, code }) => {
    const heard: unknown[] = [];
    let fail: () => void = () => undefined;
    const { client, server } = await serve((_, content) => {
      heard.push(content);
      return new Promise<void>((_resolve, reject) => (fail = () => reject(new Error("no"))));
    });
    const [a] = await client();
    a.send("err", "behind it");
    await act(a);
    const gone = new Promise((resolve) => server.on("disconnect", resolve));
    fail();
    expect(await a.ended()).toEqual([code, []]);
    await gone;
    expect(heard).toEqual(["err"]);
  });

  test("RTC-4, RTC-21: what a handler cannot read closes that connection alone, and is no failure of the application's", async () => {
    const { client, failures, registry } = await serve((_connection, content) =>
      JSON.stringify(JsonMessage.deserialize(content)),
    );
    const [a, b] = [await client(), await client()];
    a[0].send("{");
    expect(await a[0].ended()).toEqual([1005, []]);
    b[0].send('"1"');
    expect((await b[0].next()).length).toBe(1);
    expect([failures, registry.count]).toEqual([[], 1]);
  });

  test("RTC-5: the broadcast demo tells everyone, the sender included", async () => {
    const { client } = await serve(broadcast);
    const [a, b] = [await client(), await client()];
    a[0].send("m0");
    const expected = [`{"id":"${a[1].id}","message":"m0"}`];
    expect([await a[0].next(), await b[0].next()]).toEqual([expected, expected]);
    expect(a[1].id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test("messages of one client are handled one after another, and a slow handler delays nobody else", async () => {
    let go: () => void = () => undefined;
    const { client } = await serve(async (_, content) => {
      if (content === "slow") await new Promise<void>((resolve) => (go = resolve));
      return content;
    });
    const [[a], [b]] = [await client(), await client()];
    a.send("slow", "after");
    b.send("other");
    expect(await b.next()).toEqual(["other"]);
    expect(a.unread).toEqual([]);
    go();
    expect(await a.next(2)).toEqual(["slow", "after"]);
  });

  test("§A.2: what a client said before it left is handled, and then it is gone", async () => {
    const heard: unknown[] = [];
    let go: () => void = () => undefined;
    const { client, registry } = await serve({
      handleMessage: async (connection, content) => {
        if (content === "slow") await new Promise<void>((resolve) => (go = resolve));
        heard.push(content, connection.isOpen);
      },
      onDisconnect: (_, { code }) => void heard.push(code),
    });
    const [a] = await client();
    a.send("slow", "last", "words");
    a.socket.close(1000);
    await a.closed;
    go();
    await until(() => registry.count === 0);
    expect(heard).toEqual(["slow", true, "last", true, "words", true, 1000]);
  });

  test("RTC-19: every kind of message arrives as its own serialisation, in a group and everywhere", async () => {
    const { client, registry } = await serve();
    const [a, b] = [await client(), await client()];
    await registry.addToGroup("r", a[1]);
    const bytes = new TextEncoder().encode("é");
    const messages: (Message | Content)[] = [
      new JsonMessage({ a: [1, null], "<": "&" }),
      new ByteMessage({ data: bytes }),
      new ByteMessage({ data: bytes, binary: true }),
      new ByteMessage({ data: Uint8Array.of(0xff) }),
      new ByteMessage({ data: Uint8Array.of(0xff), binary: false }),
      new ByteMessage({ data: new Uint8Array() }),
      new ByteMessage({ data: new Uint8Array(), binary: true }),
      new ChatMessage("server", "Welcome to the chat room!"),
      { serialize: () => "text", type: () => "error", binary: true },
      "plain",
      Uint8Array.of(104, 105),
    ];
    const frames = [
      '{"a":[1,null],"<":"&"}',
      "é",
      "binary c3a9",
      "binary ff",
      "\uFFFD",
      "",
      "binary ",
      welcome,
      "binary 74657874",
      "plain",
      "binary 6869",
    ];
    for (const message of messages) await registry.broadcast(message, "r");
    expect(await a[0].next(frames.length)).toEqual(frames);
    for (const message of messages) await registry.broadcast(message);
    expect(await b[0].next(frames.length)).toEqual(frames);
    for (const message of messages) a[1].send(message);
    expect((await a[0].next(2 * frames.length)).slice(frames.length)).toEqual(frames);
  });

  test.each([
    [
      "throws",
      {
        serialize: () => {
          throw new Error("no");
        },
        type: () => "bad",
      },
    ],
    ["makes neither text nor bytes", { serialize: () => 1 as unknown as string, type: () => "bad" }],
    ["is given what JSON cannot say", new JsonMessage(undefined)],
    ["is given a circle", new JsonMessage(circle())],
  ])("RTC-20: of a message whose serializer %s nothing is sent, and the server lives", async (_, message: Message) => {
    const { client, registry, settled, failures } = await serve();
    const one = await client();
    await registry.addToGroup("r", one[1]);
    await registry.broadcast(message, "r");
    await registry.broadcast(message, "");
    expect(() => one[1].send(message)).toThrow();
    expect(await settled(one)).toEqual([]);
    expect(failures.map(({ code }) => code)).toEqual(["payload-invalid", "payload-invalid"]);
  });

  test.each(["{", "[]", "5", '{"action":1}', '{"action":"join","group":{}}', "[".repeat(100), ""])(
    "RTC-21: for the demo of groups %s is no message, and only that connection closes",
    async (text) => {
      const { client, registry } = await serve(groups);
      const [a, b] = [await client(), await client()];
      a[0].send(text);
      expect(await a[0].ended()).toEqual([1005, []]);
      expect([registry.connections, b[1].isOpen]).toEqual([[b[1]], true]);
    },
  );

  test("RTC-25: a type of the application's own is read and written", async () => {
    const heard: Message[] = [];
    const { client, registry } = await serve((_, content, hub) => {
      heard.push(hub.deserialize("chat", content));
    });
    registry.registerMessageType("chat", ChatMessage.deserialize);
    const [socket] = await client();
    socket.send('{"sender":"a","content":"b"}');
    await until(() => heard.length === 1);
    expect([heard[0], heard[0]!.type()]).toEqual([new ChatMessage("a", "b"), "chat"]);
    await registry.broadcast(new ChatMessage("server", "Welcome to the chat room!"), "");
    expect(await socket.next()).toEqual([welcome]);
    expect(registry.deserialize("json", new TextEncoder().encode('{"a":1}'))).toEqual(new JsonMessage({ a: 1 }));
    expect(registry.deserialize("byte", "hi").serialize()).toEqual(new TextEncoder().encode("hi"));
    expect(registry.deserialize("byte", Uint8Array.of(1)).type()).toBe("byte");
    expect(() => registry.registerMessageType("chat", ChatMessage.deserialize)).toThrow(/"chat" is registered/);
    expect(() => registry.deserialize("other", "")).toThrow(/"other" is not registered/);
    expect(() => registry.deserialize("json", "{")).toThrow(/not JSON/);
  });

  test("RTC-22, G-17: the sample of the original's README works, with the global registry", async () => {
    class Handler {
      handleMessage(_: unknown, message: Content): Content {
        return message;
      }
    }
    expect(() => getGlobalRegistry().broadcastToAll("too early")).toThrow(/mount it first/);
    for (const round of [1, 2]) {
      const server = createServer({
        endpoints: { "/ws": registerHandler(new Handler()), "/echo": registerHandler(echo) },
      });
      const { port } = await server.listen({ host: "127.0.0.1" });
      const [a, b] = [
        await RtcClient.connect(`ws://127.0.0.1:${port}/ws`),
        await RtcClient.connect(`ws://127.0.0.1:${port}/echo`),
      ];
      for (const one of [a, b]) one.send("hello");
      expect([await a.next(), await b.next()]).toEqual([["hello"], ["hello"]]);
      const globalRegistry = getGlobalRegistry();
      globalRegistry.broadcastToAll(new ChatMessage("server", "Welcome to the chat room!"));
      await globalRegistry.broadcast(new ChatMessage("server", "Welcome to the chat room!"), "");
      expect([await a.next(2), await b.next(2)]).toEqual([
        [welcome, welcome],
        [welcome, welcome],
      ]);
      expect(globalRegistry.count, `round ${round}`).toBe(2);
      expect(() => createServer({ endpoints: { "/ws": registerHandler(echo) } })).toThrow(/part of another server/);
      await server.close({ timeoutMs: 100 });
    }
  });

  test("RTC-23: the list of connections follows who comes and goes", async () => {
    const { client, registry } = await serve();
    const [a, b, c] = [await client(), await client(), await client()];
    expect([registry.count, registry.connections]).toEqual([3, [a[1], b[1], c[1]]]);
    b[0].socket.close();
    await until(() => registry.count === 2);
    expect([registry.connections, registry.connection(b[1].id), registry.connection(c[1].id)]).toEqual([
      [a[1], c[1]],
      undefined,
      c[1],
    ]);
    registry.clearConnections();
    expect(registry.count).toBe(0);
    expect([await a[0].ended(), await c[0].ended()]).toEqual([
      [1005, []],
      [1005, []],
    ]);
  });

  test("RTC-18: a server that stops closes everyone with an empty frame, after what was sent, and lets nobody in", async () => {
    const { client, registry, server, url } = await serve(echo);
    const clients = [await client(), await client()];
    registry.broadcastToAll("last words");
    const closed = server.close({ timeoutMs: 2_000 });
    const late = await RtcClient.connect(url).then(
      ({ closed: ending }) => ending,
      () => "refused",
    );
    for (const [one] of clients) expect(await one.ended()).toEqual([1005, ["last words"]]);
    await closed;
    expect([late, registry.count]).toEqual(["refused", 0]);
  });

  test("§A.1.3: a client's own close is answered with its code, and without its reason", async () => {
    const { client } = await serve(echo);
    const [one] = await client();
    one.socket.close(4321, "said why");
    const [code, reason] = (await once(one.socket, "close")) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([4321, ""]);
  });

  test("2,000 messages go both ways, in order", async () => {
    const { client, registry } = await serve(async (_, content) => {
      await undefined;
      return content;
    });
    const [one, own] = await client();
    await registry.addToGroup("r", own);
    const texts = Array.from({ length: 2_000 }, (_, index) => `m${index}`);
    one.send(...texts);
    expect(await one.next(2_000)).toEqual(texts);
    for (const [index, text] of texts.entries()) {
      if (index % 2 === 0) void registry.broadcast(text, "r");
      else void registry.broadcast(text);
    }
    expect(await one.next(2_000)).toEqual(texts);
  });
});

function circle(): unknown {
  const round: Record<string, unknown> = {};
  round["self"] = round;
  return round;
}
