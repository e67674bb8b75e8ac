import { describe, expect } from "vitest";
import { aoWebsockets } from "../../src/dialects/ao-websockets/index.ts";
import type { Dialect } from "../../src/dialects/dialect.ts";
import { createRegistry } from "../../src/dialects/go-rtc-lib/index.ts";
import { languages, startAll, type Language } from "./languages.ts";
import { hostile, type Row } from "./rows.ts";
import { Target } from "./target.ts";
import { visit, Visitor } from "./visitor.ts";

const language = (name: string): Language => languages.find((one) => one.name === name)!;
const [rtbroadcaster, socketGo, ao, goWs, rtc] = [
  language("rtbroadcaster"),
  language("socket.go"),
  language("ao-websockets"),
  language("go-ws"),
  language("go-rtc-lib groups"),
];

const say = (message: object): string => JSON.stringify(message);

const rtb = (value: number, uuid: string, funcKey = ""): string =>
  say({ uuid, status: { value, text: "" }, funcKey, funcParams: ["1"], stateMessage: false });

const uuidIn = (told: readonly unknown[]): string => (JSON.parse(String(told[0])) as { uuid: string }).uuid;

const whisper = (more: object): string => say({ action: "whisper", channel: "open", event: "typing", ...more });

/** The same, on a server of its own, whose dialect the row can reach. */
async function alone(path: string, dialect: Dialect, run: (target: Target) => Promise<void>): Promise<void> {
  const target = await Target.start({}, { endpoints: { "/carillon": languages[0]!.make(), [`/${path}`]: dialect } });
  await run(target);
  await target.check();
  await target.stop();
}

const rows: readonly Row[] = [
  {
    id: "K01",
    what: "rtbroadcaster: to join a room that there is not is answered with value 0",
    async run(target) {
      for (const uuid of ["", "x", "f63ca67e-69bb-4a16-a71f-86a87acbe0b5", "__proto__", "\u0000", "'".repeat(300)]) {
        const { told } = await visit(target, rtbroadcaster, [rtb(2, uuid)]);
        expect(told.map((text) => JSON.parse(String(text)) as object)).toMatchObject([{ uuid, status: { value: 0 } }]);
      }
    },
  },
  {
    id: "K02",
    what: "rtbroadcaster: a guest of one room that joins another and goes is in neither",
    async run(target) {
      const [ada, bob, eve, joe] = await Promise.all([1, 2, 3, 4].map(() => Visitor.open(target, rtbroadcaster)));
      for (const owner of [ada!, bob!]) owner.say(rtb(1, ""));
      const [first, second] = [uuidIn((await ada!.heard()).told), uuidIn((await bob!.heard()).told)];
      eve!.say(rtb(2, first), rtb(2, second));
      joe!.say(rtb(2, first));
      await Promise.all([eve!.heard(), joe!.heard()]);
      eve!.leave();
      ada!.say(rtb(3, first, "act"));
      expect((await ada!.heard()).told).toEqual([]);
      expect((await joe!.heard()).told).toEqual([expect.stringContaining('"act"')]);
      for (const one of [ada!, bob!, joe!]) one.leave();
    },
  },
  {
    id: "K03",
    what: "rtbroadcaster: 100 clients that make, join, use and leave rooms all at once",
    async run(target) {
      const owner = await Visitor.open(target, rtbroadcaster);
      owner.say(rtb(1, ""));
      const uuid = uuidIn((await owner.heard()).told);
      await Promise.all(
        Array.from({ length: 100 }, async (_, n) => {
          const guest = await Visitor.open(target, rtbroadcaster);
          guest.say(rtb(2, uuid), rtb(1, ""), rtb(3, uuid, "a"), rtb(2, uuid));
          owner.say(rtb(3, uuid, "b"));
          if (n % 2 === 0) await guest.heard();
          guest.leave();
        }),
      );
      expect((await owner.heard()).told).toEqual([]);
      owner.leave();
    },
  },
  {
    id: "K04",
    what: "socket.go: a polling client that says disconnect twice is heard as before",
    async run({ url }) {
      const base = url.replace(/carillon$/, "socket");
      const post = (path: string, body?: string): Promise<Response> =>
        fetch(`${base}${path}`, { method: "POST", ...(body !== undefined && { body }) });
      const { sessionId } = (await (await post("/connect")).json()) as { sessionId: string };
      for (const event of ["disconnect", "disconnect", "connect", "error"]) {
        expect((await post(`/send?sessionId=${sessionId}`, say({ event, data: "x" }))).status).toBe(200);
      }
      await post(`/send?sessionId=${sessionId}`, '{"event":"ping","data":1}');
      const polled = await fetch(`${base}/poll?sessionId=${sessionId}`);
      expect(await polled.json()).toEqual([{ event: "ping", data: 1 }]);
      expect((await post(`/disconnect?sessionId=${sessionId}`)).status).toBe(200);
    },
  },
  {
    id: "K04",
    what: "socket.go: a client that says disconnect on its WebSocket stays in its rooms",
    async run(target) {
      const words = ["disconnect", "disconnect", "connect", "error"].map((event) => say({ event }));
      const heard = await visit(target, socketGo, [say({ event: "join", data: "open" }), ...words]);
      expect(heard).toEqual({ told: [expect.stringContaining("userJoined")], subscriptions: 1 });
    },
  },
  {
    id: "K05",
    what: "go-ws: the first message is heard by a hub that was given no logger",
    async run(target) {
      const first = [say({ action: "subscribe", channel: "open" }), say({ action: "broadcast", channel: "open" })];
      expect((await visit(target, goWs, first)).told).toEqual([expect.stringContaining('"data":null')]);
    },
  },
  {
    id: "K06",
    what: "go-ws: a whisper with any data, or none, reaches the others",
    async run(target) {
      const [ada, bob] = await Promise.all([Visitor.open(target, goWs), Visitor.open(target, goWs)]);
      for (const one of [ada, bob]) one.say(say({ action: "subscribe", channel: "open" }));
      await Promise.all([ada.heard(), bob.heard()]);
      const whispers = [{}, { data: null }, { data: "x" }, { data: 1 }, { data: [1] }, { data: { toString: 1 } }];
      ada.say(...whispers.map(whisper));
      expect((await ada.heard()).told).toEqual([]);
      expect((await bob.heard()).told).toHaveLength(whispers.length);
      ada.say(whisper({ event: undefined }), whisper({ event: 5 }), whisper({ channel: undefined }));
      expect((await ada.heard()).told).toEqual(Array.from({ length: 3 }, () => expect.stringContaining('"error"')));
      expect((await bob.heard()).told).toEqual([]);
      for (const one of [ada, bob]) one.leave();
    },
  },
  {
    id: "K07",
    what: "go-ws: without anybody to ask, a private channel is refused",
    async run(target) {
      const heard = await visit(target, goWs, [say({ action: "subscribe", channel: "private-x" })]);
      expect(heard).toEqual({ told: [expect.stringContaining('"type":"error"')], subscriptions: 0 });
    },
  },
  {
    id: "K08",
    what: "go-ws: 50 subscribers that go while others broadcast",
    async run(target) {
      const ada = await Visitor.open(target, goWs);
      ada.say(say({ action: "subscribe", channel: "open" }));
      await ada.heard();
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          const guest = await Visitor.open(target, goWs);
          guest.say(say({ action: "subscribe", channel: "open" }));
          ada.say(say({ action: "broadcast", channel: "open", data: 1 }));
          guest.say(say({ action: "broadcast", channel: "open", data: 2 }));
          guest.leave();
        }),
      );
      const told = (await ada.heard()).told.filter((text) => String(text).includes('"data":1'));
      expect(told).toHaveLength(50);
      ada.leave();
    },
  },
  {
    id: "K09",
    what: "go-rtc-lib: a message to a group some of whose members died reaches the rest",
    async run(target) {
      const [ada, bob, eve] = await Promise.all([1, 2, 3].map(() => Visitor.open(target, rtc)));
      for (const one of [ada!, bob!, eve!]) {
        one.say(say({ action: "join", group: "open" }));
        await one.heard();
      }
      for (const one of [bob!, eve!]) await one.heard();
      await ada!.heard();
      eve!.leave();
      ada!.say(say({ action: "message", group: "open", message: "hey" }));
      expect((await ada!.heard()).told).toEqual([expect.stringContaining('"hey"')]);
      for (const one of [ada!, bob!]) one.leave();
    },
  },
  {
    id: "K10",
    what: "go-rtc-lib: groups are deleted and connections cleared more than once",
    run() {
      const registry = createRegistry({ pingIntervalMs: 2_000_000_000, pongTimeoutMs: 2_000_000_001 });
      return alone("groups", registry, async (target) => {
        const clients = await Promise.all([1, 2, 3].map(() => Visitor.open(target, rtc)));
        for (const connection of registry.connections) {
          await registry.addToGroup("a", connection);
          await registry.addToGroup("b", connection);
        }
        await registry.deleteGroup("a");
        await registry.deleteGroup("a");
        await registry.deleteGroup("b");
        registry.clearConnections();
        registry.clearConnections();
        for (const client of clients) expect(await client.heard()).toMatchObject({ code: 1005 });
        expect(registry.count).toBe(0);
      });
    },
  },
  {
    id: "K11",
    what: "ao-websockets: a filter that throws keeps its message from nobody else",
    run() {
      const dialect = aoWebsockets({ conventions: true, pingIntervalMs: 2_000_000_000, pongTimeoutMs: 2_000_000_001 });
      return alone("ao", dialect, async (target) => {
        target.server.on("error", () => undefined);
        const clients = await Promise.all([Visitor.open(target, ao), Visitor.open(target, ao)]);
        let asked = 0;
        dialect.publish({ event: "news", payload: { n: 1 } }, () => {
          asked += 1;
          if (asked === 1) throw new Error("a filter of the application's");
          return true;
        });
        const heard = await Promise.all(clients.map((client) => client.heard()));
        expect(heard.flatMap(({ told }) => told)).toEqual([expect.stringContaining('"news"')]);
        for (const client of clients) client.leave();
      });
    },
  },
];

describe("what ended the processes of the originals", () => {
  hostile({ group: "K", start: startAll }, rows);
});
