import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { file, start } from "./command.ts";

const paths = ["carillon", "socket", "ws", "broadcast", "broadcasting", "ao", "rtc"];

type Said = Readonly<Record<string, unknown>>;

/** How a client of a dialect takes part in a channel, in its own bytes. */
interface Speech {
  readonly path: string;
  readonly join: (channel: string) => readonly unknown[];
  readonly say: (channel: string, text: string) => unknown;
  /** The text in what it is told, from whomever it comes. */
  readonly hear: (said: Said) => unknown;
}

/** What somebody has published: text of its own, or one in an object of the other dialect's. */
const textIn = (data: unknown): unknown => (data as { text?: unknown } | undefined)?.text ?? data;

const speeches: Readonly<Record<string, Speech>> = {
  native: {
    path: "carillon",
    join: (channel) => [{ type: "connect" }, { type: "subscribe", ref: 1, channel }],
    say: (channel, text) => ({ type: "publish", channel, event: "chat", data: { text } }),
    hear: ({ type, data }) => type === "publication" && textIn(data),
  },
  "socket-go": {
    path: "socket",
    join: (channel) => [{ event: "join", data: channel }],
    say: (channel, text) => ({ event: "chat", data: { room: channel, text } }),
    hear: ({ data }) => textIn(data),
  },
  "go-ws": {
    path: "ws",
    join: (channel) => [{ action: "subscribe", channel }],
    say: (channel, text) => ({ action: "broadcast", channel, event: "chat", data: { text } }),
    hear: ({ type, message }) => type === "message" && textIn(message),
  },
  "ao-websockets": {
    path: "ao",
    join: (channel) => [{ e: "join", p: { channel } }],
    say: (channel, text) => ({ e: "chat", p: { channel, text } }),
    hear: ({ p }) => (p as { value?: unknown }).value ?? textIn(p),
  },
  "go-rtc-lib": {
    path: "rtc",
    join: (channel) => [{ action: "join", group: channel }],
    say: (channel, text) => ({ action: "message", group: channel, message: text }),
    hear: ({ message }) => textIn(message),
  },
};

const names = Object.keys(speeches);

describe("all dialects together", () => {
  test("answer at their paths", async () => {
    const { url } = await start();
    expect(await Promise.all(paths.map((path) => statusOf(url, path)))).toEqual(paths.map(() => 101));
    const { sessionId } = (await (await fetch(`${url}connect`, { method: "POST" })).json()) as { sessionId: string };
    expect(sessionId).toMatch(/^[\da-f]{16}-[\da-f]{4}$/);
  });

  test("hear each other in one channel, each in its own words", async () => {
    const { url } = await start();
    const clients = await Promise.all(names.map((name) => enter(url, name, "tower")));
    for (const { name, say } of clients) say(`this is ${name}`);
    for (const client of clients) {
      for (const { name } of clients) await client.hears(`this is ${name}`);
      for (const { name } of clients) expect([client.name, client.count(`this is ${name}`)]).toEqual([client.name, 1]);
    }
  });

  test("hear the owner of an rtbroadcaster room, and are heard in those of the demo page", async () => {
    const { url } = await start();
    const owner = await connect(url, "languages/broadcast");
    owner.send(action("", 1, "new connection"));
    const { uuid } = await owner.next((said) => said["uuid"] !== undefined);
    const guest = await connect(url, "languages/broadcast");
    guest.send(action(String(uuid), 2, "join connection"));
    await guest.next(({ uuid: joined }) => joined === uuid);
    const clients = await Promise.all(names.map((name) => enter(url, name, String(uuid))));

    const said = action(String(uuid), 3, "connected", { funcKey: "chat", funcParams: ["from the owner"] });
    owner.send(said);
    expect(await guest.next((frame) => JSON.stringify(frame).includes("from the owner"))).toEqual(said);
    for (const { next } of clients) await next((frame) => JSON.stringify(frame).includes("from the owner"));
    for (const { name, say } of clients) {
      say(`this is ${name}`);
      for (const client of [owner, guest]) {
        const { funcParams } = await client.next((frame) => JSON.stringify(frame).includes(`this is ${name}`));
        expect(funcParams).toEqual([expect.stringContaining(`this is ${name}`)]);
      }
    }
  });

  test("leave all other rtbroadcaster rooms to their owners", async () => {
    const { url } = await start();
    const owner = await connect(url, "broadcast");
    owner.send(action("", 1, "new connection"));
    const { uuid } = await owner.next((said) => said["uuid"] !== undefined);
    const native = await connect(url, "carillon");
    native.send({ type: "connect" });
    native.send({ type: "subscribe", ref: 1, channel: uuid });
    native.send({ type: "publish", ref: 2, channel: uuid, event: "chat", data: "not mine" });
    expect(await native.next(({ ref }) => ref === 2)).toMatchObject({ type: "error", code: "forbidden" });
  });

  test.each([["--no-demo"], ["--dialects", "native"]])(
    "there are no rooms for the demo page with %s",
    async (...args) => {
      const { url } = await start(args);
      expect(await statusOf(url, "languages/broadcast")).not.toBe(101);
    },
  );

  test("SGO-48: join, leave and what is no room, as the original's examples have it", async () => {
    const { url } = await start();
    const first = await connect(url, "socket");
    first.send({ event: "join", data: "r" });
    await first.next(({ event }) => event === "userJoined");
    const second = await connect(url, "socket");
    second.send({ event: "join", data: "r" });
    const { data } = await first.next(({ event }) => event === "userJoined");
    expect(data).toEqual({ userId: expect.any(String) as string, room: "r" });
    second.send({ event: "leave", data: 5 });
    second.send({ event: "join", data: 5 });
    await second.next(({ event }) => event === "userJoined");
    expect(await second.next(() => true)).toEqual({ event: "error", data: "Invalid room name" });
  });

  test("go-ws clients whisper", async () => {
    const { url } = await start();
    const [ada, bob] = [await enter(url, "go-ws", "tower"), await enter(url, "go-ws", "tower")];
    ada.send({ action: "whisper", channel: "tower", event: "typing", data: { isTyping: true } });
    expect(await bob.next(({ type }) => type === "whisper")).toMatchObject({
      event: "typing",
      data: { isTyping: true },
    });
  });

  test("G-24: everyone is in public and presence channels, nobody in private ones, and one warning says so", async () => {
    const { url, log } = await start();
    for (const name of names) await enter(url, name, "presence-tower");
    for (const [name, { path, join, say }] of Object.entries(speeches)) {
      const client = await connect(url, path);
      for (const message of [...join("private-diary"), say("private-diary", "let me in"), ...join("tower")]) {
        client.send(message);
      }
      // What follows on the same connection is answered, so what came before is decided.
      client.send(say("tower", "at last"));
      await client.next((said) => JSON.stringify(said).includes("at last"));
      expect([name, client.frames.filter((frame) => frame.includes("let me in"))]).toEqual([name, []]);
    }
    expect(log.filter(({ level }) => level === "warn")).toEqual([
      expect.objectContaining({ msg: expect.stringContaining("join every channel but private-*") as string }),
    ]);
  });
});

describe("--dialects", () => {
  test("speaks those, and no other", async () => {
    const { url, log, stderr } = await start(["--dialects", "go-ws,native"]);
    const endpoints = ["carillon", "ws"].map((path) => `${url.replace("http", "ws")}${path}`);
    expect(log.find(({ msg }) => msg === "listening")).toMatchObject({ endpoints });
    await expect.poll(stderr).toContain("Stop with");
    expect(stderr()).not.toContain("broadcast");
    expect(stderr()).toContain(`Open ${url} in two windows and write to yourself\n`);
    const statuses = await Promise.all(paths.map((path) => statusOf(url, path)));
    expect(statuses).toEqual(paths.map((path) => (path === "carillon" || path === "ws" ? 101 : 404)));
    expect((await fetch(`${url}connect`, { method: "POST" })).status).toBe(404);
  });

  test("nobody is sent to a page that has nothing to speak to", async () => {
    const { url, stderr } = await start(["--dialects", "go-ws"]);
    await expect.poll(stderr).toContain("Stop with");
    expect(stderr()).toContain(`Carillon is up at ${url}\n`);
  });

  test("is in the environment and the config file, too", async () => {
    const config = file("carillon.config.mjs", `export default { dialects: ["rtbroadcaster"] }`);
    const fromFile = await start(["--config", config]);
    expect(await statusOf(fromFile.url, "broadcasting")).toBe(101);
    expect(await statusOf(fromFile.url, "carillon")).toBe(404);
    const { url } = await start(["--config", config], { CARILLON_DIALECTS: "go-rtc-lib" });
    expect(await statusOf(url, "rtc")).toBe(101);
    expect(await statusOf(url, "broadcasting")).toBe(404);
  });
});

describe("pages of other sites", () => {
  const elsewhere = "https://elsewhere.example";

  test("may use the dialects whose originals let everyone in, with one warning each", async () => {
    const { url, log } = await start();
    for (const round of [1, 2]) {
      const statuses = await Promise.all(paths.map((path) => statusOf(url, path, elsewhere)));
      expect([round, statuses]).toEqual([round, [403, 101, 101, 403, 403, 101, 403]]);
    }
    const warned = log.filter(({ msg }) => msg.startsWith("pages of any origin"));
    expect(warned).toHaveLength(3);
    expect(new Set(warned.map(({ dialect }) => dialect))).toEqual(new Set(["socket-go", "go-ws", "ao-websockets"]));
  });

  test("may use none that --origins does not name", async () => {
    const { url } = await start(["--origins", "https://app.example"]);
    for (const [origin, status] of [
      [elsewhere, 403],
      ["https://app.example", 101],
    ] as const) {
      const statuses = await Promise.all(paths.map((path) => statusOf(url, path, origin)));
      expect([origin, statuses]).toEqual([origin, paths.map(() => status)]);
    }
  });
});

interface Client {
  readonly frames: readonly string[];
  send(message: unknown): void;
  /** Waits for the next frame that fits; those before it are passed over. */
  next(fits: (said: Said) => boolean): Promise<Said>;
}

interface Participant extends Client {
  readonly name: string;
  say(text: string): void;
  hears(text: string): Promise<void>;
  count(text: string): number;
}

async function connect(url: string, path: string): Promise<Client> {
  const socket = new WebSocket(`${url.replace("http", "ws")}${path}`);
  onTestFinished(() => socket.terminate());
  const frames: string[] = [];
  const listeners = new Set<() => void>();
  let read = 0;
  socket.on("message", (data) => {
    frames.push((data as Buffer).toString());
    for (const listener of listeners) listener();
  });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return {
    frames,
    send: (message) => socket.send(JSON.stringify(message)),
    next: (fits) =>
      new Promise((resolve) => {
        const look = (): void => {
          while (read < frames.length) {
            const said = JSON.parse(frames[read++]!) as Said;
            if (!fits(said)) continue;
            listeners.delete(look);
            resolve(said);
            return;
          }
        };
        listeners.add(look);
        look();
      }),
  };
}

/** Connects, joins and is sure to be in: it hears itself. */
async function enter(url: string, name: string, channel: string): Promise<Participant> {
  const { path, join, say, hear } = speeches[name]!;
  const client = await connect(url, path);
  for (const message of join(channel)) client.send(message);
  const isHeard = (said: Said, text: string): boolean => hear(said) === text;
  const participant: Participant = {
    ...client,
    name,
    say: (text) => client.send(say(channel, text)),
    async hears(text) {
      await expect.poll(() => participant.count(text), { timeout: 5_000 }).toBeGreaterThan(0);
    },
    count: (text) => client.frames.filter((frame) => isHeard(JSON.parse(frame) as Said, text)).length,
  };
  participant.say(`${name} is here`);
  await client.next((said) => isHeard(said, `${name} is here`));
  return participant;
}

function action(uuid: string, value: number, text: string, what: object = { funcKey: "", funcParams: [] }): Said {
  return { uuid, status: { value, text }, ...what, stateMessage: false };
}

/** What the server answers to an upgrade: 101, or the refusal's status. */
function statusOf(url: string, path: string, origin?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}${path}`, { ...(origin !== undefined && { origin }) });
    socket.once("open", () => {
      socket.terminate();
      resolve(101);
    });
    socket.once("unexpected-response", (request, { statusCode }) => {
      request.destroy();
      resolve(statusCode ?? 0);
    });
    socket.once("error", reject);
  });
}
