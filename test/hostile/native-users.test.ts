import { describe, expect } from "vitest";
import { CarillonError } from "../../src/errors/carillon-error.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { turn } from "../transports/http/serve.ts";
import { closing, ping, RawSocket, text } from "./frames.ts";
import type { Said } from "./native-client.ts";
import { hostile, type Row } from "./rows.ts";
import { Target } from "./target.ts";

/** Whoever says a name has it; a name with a number ends so many milliseconds later. */
function start(): Promise<Target> {
  const clock = new ManualClock();
  return Target.start(
    {},
    {
      clock,
      authenticate({ token = "witness" }) {
        const [userId, ms] = token.split(":");
        if (Number(ms) < 0) throw new CarillonError("token-expired");
        return { userId: userId!, ...(ms !== undefined && { expiresAt: clock.wall() + Number(ms) }) };
      },
      channels: {
        "log-*": { history: { size: 10, ttlMs: 600_000 } },
        "room-*": { publish: "owner" },
      },
    },
  );
}

interface Message extends Said {
  readonly position?: string;
  readonly session?: string;
  readonly resumed?: boolean;
  readonly id?: string;
  readonly recovered?: boolean;
}

/** A client of this user, and everything that it was told so far. */
class User {
  readonly raw: RawSocket;
  #read = 0;

  private constructor(raw: RawSocket) {
    this.raw = raw;
  }

  static async open({ url }: Target, token: string, more: object = {}): Promise<User> {
    const user = new User(await RawSocket.open(url));
    await user.raw.write(text(JSON.stringify({ type: "connect", token, ...more })));
    return user;
  }

  /** What it was told since, up to the answer to a ping behind these. */
  async say(...messages: readonly object[]): Promise<readonly Message[]> {
    await this.raw.write(...messages.map((message) => text(JSON.stringify(message))), ping);
    const isAnswered = (texts: readonly string[]): boolean => texts.indexOf('{"type":"pong"}', this.#read) >= 0;
    const { texts } = await this.raw.until((written) => isAnswered(written.texts) || written.code !== 1006);
    const end = isAnswered(texts) ? texts.indexOf('{"type":"pong"}', this.#read) : texts.length;
    const told = texts.slice(this.#read, end).map((line) => JSON.parse(line) as Message);
    this.#read = end + 1;
    return told;
  }

  leave(): void {
    this.raw.leave();
  }

  /** Leaves for good, so that no session waits. */
  async close(): Promise<void> {
    await this.raw.write(closing(1000));
    await this.raw.ended();
  }
}

const subscribe = (channel: string, more: object = {}): object => ({ type: "subscribe", ref: 1, channel, ...more });
const publish = (channel: string, more: object = {}): object => ({
  type: "publish",
  ref: 2,
  channel,
  event: "e",
  ...more,
});
const whisper = (more: object = {}): object => ({
  type: "whisper",
  ref: 3,
  channel: "presence-x",
  event: "e",
  ...more,
});

/** One user says these, and is told this of the last of them. */
const said = (id: string, what: string, messages: readonly object[], expected: object): Row => ({
  id,
  what,
  async run(target) {
    const ada = await User.open(target, "ada");
    await ada.say(...messages.slice(0, -1));
    expect((await ada.say(...messages.slice(-1))).at(-1)).toMatchObject(expected);
    ada.leave();
  },
});

/** A whisper of what cannot be one is refused, and nobody else hears of it. */
const hushed = (what: string, message: object, code: string): Row => ({
  id: "N10",
  what: `${what} is refused with ${code}, and nobody hears it`,
  async run(target) {
    const [ada, bob] = [await User.open(target, "ada"), await User.open(target, "bob")];
    await bob.say(subscribe("presence-x"), subscribe("open"));
    await ada.say(subscribe("open"));
    expect((await ada.say(message)).at(-1)).toMatchObject({ type: "error", code });
    expect(await bob.say()).toEqual([]);
    ada.leave();
    bob.leave();
  },
});

/** What a client might claim to have heard last, made of a true position. */
const claims: Readonly<Record<string, (position: string) => string>> = {
  "another epoch": (position) => position.replace(/^[^.]+/, "another"),
  "an offset past the top": (position) => position.replace(/\.\d+\./, ".99."),
  "a negative offset": (position) => position.replace(/\.\d+\./, ".-1."),
  "half an offset": (position) => position.replace(/\.\d+\./, ".1.5."),
  "an offset of 2^63": (position) => position.replace(/\.\d+\./, ".9223372036854775808."),
  "another tag": (position) => position.replace(/[^.]+$/, "other"),
  "a path": () => "../../x",
};

const rows: readonly Row[] = [
  hushed("a whisper in a channel one is not in", whisper(), "not-subscribed"),
  hushed("a whisper where nobody whispers", whisper({ channel: "open" }), "forbidden"),
  hushed("a whisper without an event", whisper({ event: undefined }), "bad-request"),
  hushed("a whisper of a reserved event", whisper({ event: "connect" }), "event-name-invalid"),
  ...[null, "text", 0, []].map((data): Row => ({
    id: "N10",
    what: `a whisper of ${JSON.stringify(data)} is whispered, with the server's word on who it is from`,
    async run(target) {
      const [ada, bob] = [await User.open(target, "ada"), await User.open(target, "bob")];
      await bob.say(subscribe("presence-x"));
      await ada.say(subscribe("presence-x"), whisper({ data, from: { id: "1", user: "eve" } }));
      expect((await bob.say()).at(-1)).toMatchObject({ type: "whisper", data, from: { user: "ada" } });
      ada.leave();
      bob.leave();
    },
  })),
  {
    id: "N12",
    what: "of 1,000 whispers at once 10 are heard, and the others are answered with rate-limited",
    async run(target) {
      const [ada, bob] = [await User.open(target, "ada"), await User.open(target, "bob")];
      await bob.say(subscribe("presence-x"));
      await ada.say(subscribe("presence-x"));
      const answers = await ada.say(...Array.from({ length: 1_000 }, (_, n) => whisper({ ref: n + 10 })));
      expect(answers.filter(({ code }) => code === "rate-limited")).toHaveLength(990);
      expect((await bob.say()).filter(({ type }) => type === "whisper")).toHaveLength(10);
      ada.leave();
      bob.leave();
    },
  },
  ...Object.entries(claims).map(([what, change]): Row => ({
    id: "N15",
    what: `a position with ${what} is a gap, and nothing is replayed`,
    async run(target) {
      const ada = await User.open(target, "ada");
      const channel = `log-${what.replaceAll(" ", "-")}`;
      const [, subscribed] = await ada.say(subscribe(channel));
      await ada.say(publish(channel), publish(channel));
      await ada.say({ type: "unsubscribe", ref: 4, channel });
      const answers = await ada.say(subscribe(channel, { since: change(subscribed!.position!) }));
      expect(answers.map(({ type }) => type)).toEqual(["gap", "subscribed"].toSorted().reverse());
      ada.leave();
    },
  })),
  {
    id: "N16",
    what: "a session is resumed by its user only",
    async run(target) {
      const ada = await User.open(target, "ada", { resume: true });
      const [welcome] = await ada.say();
      ada.leave();
      const eve = await User.open(target, "eve", { resume: true, session: welcome!.session!, received: 0 });
      expect((await eve.say())[0]).toMatchObject({ type: "connected", resumed: false, user: "eve" });
      await eve.close();
      const again = await User.open(target, "ada", { resume: true, session: welcome!.session!, received: 0 });
      expect((await again.say())[0]).toMatchObject({ type: "connected", resumed: true, user: "ada" });
      await again.close();
    },
  },
  {
    id: "N16",
    what: "of two that resume one session at once one has it, and the other is closed with 4509",
    async run(target) {
      const ada = await User.open(target, "ada", { resume: true });
      const [welcome] = await ada.say();
      const claim = { resume: true, session: welcome!.session!, received: 0 };
      const [one, two] = await Promise.all([User.open(target, "ada", claim), User.open(target, "ada", claim)]);
      expect((await ada.raw.until(({ code }) => code !== 1006)).code).toBe(4509);
      const closed = (): readonly User[] => [one, two].filter(({ raw }) => raw.written.code === 4509);
      while (closed().length === 0) await turn();
      const [loser] = closed();
      const winner = loser === one ? two : one;
      expect((await winner.say())[0]).toMatchObject({ type: "connected", resumed: true });
      loser!.leave();
      ada.leave();
      await winner.close();
    },
  },
  ...[0, -1, 1.5, 1e9].map((limit) =>
    said(
      "N17",
      `a history of ${limit} is a mistake`,
      [subscribe("log-a"), { type: "history", ref: 2, channel: "log-a", limit }],
      {
        type: "error",
        code: "bad-request",
      },
    ),
  ),
  said(
    "N17",
    "a history after what is no position is refused",
    [subscribe("log-a"), { type: "history", ref: 2, channel: "log-a", after: "../x" }],
    { type: "error" },
  ),
  {
    id: "N20",
    what: "the same id twice is one publication, and the same answer, whatever else is said",
    async run(target) {
      const ada = await User.open(target, "ada");
      await ada.say(subscribe("log-ids"));
      const first = await ada.say(publish("log-ids", { id: "once", data: 1 }));
      const again = await ada.say(publish("log-ids", { id: "once", data: 2 }));
      expect(first.map(({ type }) => type)).toEqual(["publication", "published"]);
      expect(again).toEqual([first[1]]);
      expect((await ada.say(publish("log-ids", { id: "x".repeat(10_240) })))[0]).toMatchObject({ type: "error" });
      ada.leave();
    },
  },
  {
    id: "N23",
    what: "only its owner publishes in a room; whoever else leaves or comes back",
    async run(target) {
      const [ada, bob] = [await User.open(target, "ada"), await User.open(target, "bob")];
      await ada.say(subscribe("room-1"));
      await bob.say(subscribe("room-1"));
      expect((await bob.say(publish("room-1"))).at(-1)).toMatchObject({ type: "error", code: "forbidden" });
      ada.leave();
      expect((await bob.say(publish("room-1"))).at(-1)).toMatchObject({ type: "error", code: "forbidden" });
      const again = await User.open(target, "ada");
      await again.say(subscribe("room-1"));
      expect((await again.say(publish("room-1"))).at(-1)).toMatchObject({ type: "published" });
      again.leave();
      bob.leave();
    },
  },
  ...["connected", "subscribed", "published", "publication", "join", "leave", "heartbeat", "unsubscribed"].map((type) =>
    said("N24", `the server's own ${type} is a mistake of a client`, [{ type, ref: 9, channel: "open", event: "e" }], {
      type: "error",
      code: "unknown-type",
    }),
  ),
  said(
    "N26",
    "a batch, which only servers send, is a mistake",
    [{ type: "batch", ref: 1, channel: "open", event: "e", items: [1] }],
    {
      type: "error",
      code: "unknown-type",
    },
  ),
  {
    id: "N26",
    what: "257 messages in a frame, and a frame within a frame, are mistakes, and do nothing",
    async run(target) {
      const ada = await User.open(target, "ada");
      for (const frame of [Array.from({ length: 257 }, () => subscribe("open-batch")), [[subscribe("open-batch")]]]) {
        expect((await ada.say(frame)).at(-1)).toMatchObject({ type: "error", code: "bad-request" });
      }
      expect(target.server.stats().channels).toBe(0);
      ada.leave();
    },
  },
  said("N26", "a second connect among others is a mistake", [{ type: "connect", token: "eve" }], { type: "error" }),
  said("N27", "the prefix batch_ means nothing here", [subscribe("open"), publish("open", { event: "batch_x" })], {
    type: "published",
  }),
  {
    id: "N29",
    what: "a token that ends is announced, and then ends the connection with 4402",
    async run(target) {
      const ada = await User.open(target, "ada:20000");
      await ada.say(subscribe("open"));
      target.clock.advance(18_000);
      expect((await ada.say()).map(({ type }) => type)).toContain("expiring");
      target.clock.advance(2_000);
      expect((await ada.raw.until(({ code }) => code !== 1006)).code).toBe(4402);
      ada.leave();
    },
  },
  {
    id: "N29",
    what: "a user who is disconnected is gone at once, on all connections",
    async run(target) {
      const users = [await User.open(target, "ada"), await User.open(target, "ada")];
      for (const user of users) await user.say();
      await target.server.disconnectUser("ada");
      for (const { raw } of users) expect((await raw.until(({ code }) => code !== 1006)).code).toBe(4410);
      for (const user of users) user.leave();
    },
  },
  ...[
    ["another user", "eve:60000", "forbidden"],
    ["one that has expired", "ada:-1", "token-expired"],
  ].map(([what, token, code]): Row => ({
    id: "N30",
    what: `a fresh token of ${what!} is answered with ${code!}, and the first one stays what counts`,
    async run(target) {
      const ada = await User.open(target, "ada:20000");
      await ada.say();
      expect((await ada.say({ type: "refresh", ref: 1, token })).at(-1)).toMatchObject({ type: "error", ref: 1, code });
      target.clock.advance(20_000);
      expect((await ada.raw.until((written) => written.code !== 1006)).code).toBe(4402);
      ada.leave();
    },
  })),
];

describe("the native dialect, with users", () => {
  hostile({ group: "N", start }, rows);
});
