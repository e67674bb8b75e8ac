import { describe, expect, it } from "vitest";
import {
  createSocketGoClient,
  socketGoPolling,
  type PollingAnswer,
  type SocketGoClient,
  type SocketGoPollingOptions,
} from "../../../src/client/socket-go/index.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { settled } from "../set-up.ts";

interface Asked {
  readonly at: number;
  readonly line: string;
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

interface Scene {
  readonly client: SocketGoClient;
  readonly clock: ManualClock;
  readonly asked: Asked[];
  readonly told: (readonly [string, unknown])[];
  /** Answers by path; without one a request stays open. */
  readonly answers: Record<string, () => PollingAnswer | undefined>;
  pass(ms: number): Promise<void>;
}

const ok = (body = ""): PollingAnswer => ({ status: 200, body });

function scene(options: SocketGoPollingOptions = {}): Scene {
  const clock = new ManualClock();
  const asked: Asked[] = [];
  const told: (readonly [string, unknown])[] = [];
  const answers: Scene["answers"] = {
    connect: () => ok('{"sessionId":"da22b7aa5bc89314-0000"}'),
    poll: () => ok("[]\n"),
    send: () => ok(),
    disconnect: () => ok(),
  };
  const polling = socketGoPolling({
    clock,
    ...options,
    send: (url, { method, body, headers, signal }) =>
      new Promise((resolve, reject) => {
        const { pathname, search } = new URL(url);
        asked.push({ at: clock.now(), line: `${method} ${pathname}${search}`, body, headers });
        signal.addEventListener("abort", () => reject(new Error("aborted")));
        const answer = answers[pathname.split("/").at(-1)!]!();
        if (answer) resolve(answer);
      }),
  });
  const client = createSocketGoClient("http://server/socket/?a=1?2", { clock, transports: [polling] });
  for (const event of ["connect", "disconnect", "error", "x"]) client.on(event, (what) => told.push([event, what]));
  return {
    client,
    clock,
    asked,
    told,
    answers,
    async pass(ms) {
      await settled();
      clock.advance(ms);
      await settled();
    },
  };
}

describe("polling", () => {
  it("makes the requests of the original, byte for byte (SGO-26)", async () => {
    const it = scene({ headers: { "x-a": "b" } });
    await it.client.connect();
    expect(it.client.id).toBe("da22b7aa5bc89314-0000");
    it.client.send("chat", "hi");
    it.client.send("chat", "ho");
    await it.pass(1_000);
    await it.client.close();
    const session = "?a=1?2&sessionId=da22b7aa5bc89314-0000";
    const plain = { "x-a": "b" };
    const json = { ...plain, "Content-Type": "application/json" };
    expect(it.asked).toEqual([
      { at: 0, line: "POST /socket/connect?a=1?2", body: undefined, headers: plain },
      { at: 0, line: `POST /socket/send${session}`, body: '{"event":"chat","data":"hi"}', headers: json },
      { at: 0, line: `POST /socket/send${session}`, body: '{"event":"chat","data":"ho"}', headers: json },
      { at: 1_000, line: `GET /socket/poll${session}`, body: undefined, headers: plain },
      { at: 1_000, line: `POST /socket/disconnect${session}`, body: undefined, headers: plain },
    ]);
    expect(it.told.at(-1)).toEqual(["disconnect", { code: 1000, reason: "", willReconnect: false }]);
    expect(it.client.id).toBeUndefined();
    expect(it.clock.timers).toBe(0);
  });

  it("waits 1 s before every poll, and no less (SGO-56)", async () => {
    const it = scene();
    await it.client.connect();
    const polls = (): number => it.asked.filter(({ line }) => line.includes("/poll")).length;
    await it.pass(999);
    expect(polls()).toBe(0);
    await it.pass(1);
    expect(polls()).toBe(1);
    await it.pass(999);
    expect(polls()).toBe(1);
    await it.pass(1);
    expect(polls()).toBe(2);
  });

  it("reads messages and the base64 texts of the original, in order", async () => {
    const it = scene();
    await it.client.connect();
    it.answers["poll"] = () => ok(`[{"event":"x","data":{"a":1}},"${btoa('{"event":"x"}')}","@@",{"event":5}]\n`);
    await it.pass(1_000);
    expect(it.told.slice(1)).toMatchObject([
      ["x", { a: 1 }],
      ["x", undefined],
      ["error", { message: "invalid message format" }],
      ["error", { message: "invalid message format" }],
    ]);
    expect(it.client.isConnected).toBe(true);
  });

  it.each([404, 410])("takes %i for the end of the session, and comes back with another", async (status) => {
    const it = scene();
    await it.client.connect();
    it.answers["poll"] = () => ({ status, body: "Session not found\n" });
    await it.pass(1_000);
    expect(it.told.at(-1)).toMatchObject(["disconnect", { reason: "Session not found", willReconnect: true }]);
    it.answers["poll"] = () => ok("[]\n");
    await it.pass(1_000);
    expect(it.told.at(-1)).toEqual(["connect", { reconnects: 1, attempts: 1 }]);
  });

  it("outlives two polls in a row that fail, and not a third", async () => {
    const it = scene();
    await it.client.connect();
    let failures = 0;
    it.answers["poll"] = () => (++failures % 3 === 0 ? ok("[]\n") : { status: 500, body: "" });
    for (let second = 0; second < 6; second += 1) await it.pass(1_000);
    expect(it.client.isConnected).toBe(true);
    it.answers["poll"] = () => ({ status: 500, body: "" });
    for (let second = 0; second < 3; second += 1) await it.pass(1_000);
    expect(it.client.isConnected).toBe(false);
  });

  it("gives a request 30 s, and no more (SGO-56)", async () => {
    const it = scene();
    it.answers["send"] = () => undefined;
    await it.client.connect();
    it.client.send("x");
    await it.pass(29_999);
    expect(it.client.isConnected).toBe(true);
    await it.pass(1);
    expect(it.client.isConnected).toBe(false);
  });

  it("sends again what a full server did not take, in order", async () => {
    const it = scene();
    await it.client.connect();
    let isFull = true;
    it.answers["send"] = () => (isFull ? { status: 503, body: "Message queue full\n" } : ok());
    it.client.send("a");
    it.client.send("b");
    await settled();
    isFull = false;
    await it.pass(1_000);
    const bodies = it.asked.filter(({ line }) => line.includes("/send")).map(({ body }) => body);
    expect(bodies).toEqual(['{"event":"a"}', '{"event":"a"}', '{"event":"b"}']);
  });

  it("sends a message 30 times to a server that is full, and not once more", async () => {
    const it = scene();
    await it.client.connect();
    it.answers["send"] = () => ({ status: 503, body: "Message queue full\n" });
    it.client.send("a");
    for (let second = 0; second < 28; second += 1) await it.pass(1_000);
    expect(it.client.isConnected).toBe(true);
    await it.pass(1_000);
    expect(it.client.isConnected).toBe(false);
    expect(it.asked.filter(({ line }) => line.includes("/send"))).toHaveLength(30);
  });

  it("gives the server 5 s to hear that the client leaves", async () => {
    const it = scene();
    await it.client.connect();
    it.answers["disconnect"] = () => undefined;
    let isGone = false;
    void it.client.close().then(() => (isGone = true));
    await it.pass(4_999);
    expect(isGone).toBe(false);
    await it.pass(1);
    expect(isGone).toBe(true);
  });

  it.each([
    ["another status", { status: 503, body: "" }],
    ["no session", ok("{}")],
    ["no JSON", ok("<html>")],
  ])("does not connect with %s", async (_, answer) => {
    const it = scene();
    it.answers["connect"] = () => answer;
    await expect(it.client.connect()).rejects.toMatchObject({ code: "connect-failed" });
  });

  it.each([{ intervalMs: 0 }, { requestTimeoutMs: 0 }])("checks %j", (options) => {
    expect(() => socketGoPolling(options)).toThrow("must be a whole number");
  });
});
