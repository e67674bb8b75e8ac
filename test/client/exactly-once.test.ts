import fc from "../properties.ts";
import { describe, expect, it } from "vitest";
import type { ServerMessage } from "../../src/protocol/messages.ts";
import type { FakeLink, Sent } from "./fake-transport.ts";
import { settled, setUp } from "./set-up.ts";

/** What may happen next. */
type Step =
  | { readonly kind: "client sends"; readonly how: "send" | "publish" | "request" }
  | { readonly kind: "server sends" }
  | { readonly kind: "server acknowledges" }
  | { readonly kind: "time passes" }
  /** The server reads so much of what the link has brought. */
  | { readonly kind: "server reads"; readonly count: number }
  /** The link breaks; the server never reads the rest, and the client never so many of the last messages. */
  | { readonly kind: "break"; readonly lost: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("client sends" as const),
      how: fc.constantFrom("send", "publish", "request"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Step>(
      { kind: "server sends" },
      { kind: "server acknowledges" },
      { kind: "time passes" },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("server reads" as const), count: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("break" as const), lost: fc.nat(5) }) },
);

describe("over any number of broken links", () => {
  it.each([undefined, { maxMessages: 3, maxDelayMs: 20 }])(
    "each side handles what the other has sent, once and in order (batch: %j)",
    async (batch) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
          const world = await start(batch);
          for (const each of steps) await world.take(each);
          await world.finish();
          expect(world.handled).toEqual(world.sent);
          expect(world.heard).toEqual(world.said);
        }),
        { numRuns: 150 },
      );
    },
  );
});

/** A client, and a server that does no more than a session must. */
async function start(batch: { maxMessages: number; maxDelayMs: number } | undefined) {
  const { client, clock, transport, open, pass } = setUp({ ...(batch && { batch }), requestTimeoutMs: 1_000_000 });
  const sent: number[] = [];
  const handled: unknown[] = [];
  const said: number[] = [];
  const heard: unknown[] = [];
  const kept: ServerMessage[] = [];
  let received = 0;
  let read = 1;
  let held: ServerMessage[] = [];
  client.on("*", (data) => heard.push(data));
  let link: FakeLink = await open({ session: "s" });

  const tell = (message: ServerMessage): void => void held.push(message);
  const handle = (message: Sent): void => {
    if (message["type"] === "ack" || message["type"] === "connect") return;
    received += 1;
    handled.push(message["data"]);
  };
  /** What the network has carried so far comes out of it. */
  const carry = (count: number): void => {
    for (const message of held.splice(0, count)) link.say(message);
  };
  const readSome = (count: number): void => {
    for (const message of link.sent.slice(read, read + count)) handle(message);
    read = Math.min(link.sent.length, read + count);
  };
  const reconnect = async (): Promise<void> => {
    const state = client.state;
    if (state.kind === "waiting") await pass(state.retryAt - clock.wall());
    await settled();
    link = transport.last.accept();
    await settled();
    const from = link.sent[0]!["received"] as number;
    link.say({
      type: "connected",
      connection: "c",
      heartbeatMs: 0,
      maxMessageBytes: 65_536,
      session: "s",
      resumed: true,
      received,
    });
    read = 1;
    held = kept.slice(from);
    await settled();
  };

  return {
    sent,
    handled,
    said,
    heard,
    async take(next: Step): Promise<void> {
      if (next.kind === "client sends") {
        sent.push(sent.length);
        if (next.how === "send") client.send("a", sent.length - 1);
        else if (next.how === "publish")
          client
            .channel("c")
            .publish("a", sent.length - 1)
            .catch(() => {});
        else client.request("a", sent.length - 1).catch(() => {});
      } else if (next.kind === "server sends") {
        const message: ServerMessage = { type: "send", event: "b", data: said.length };
        said.push(said.length);
        kept.push(message);
        tell(message);
      } else if (next.kind === "server acknowledges") tell({ type: "ack", received });
      else if (next.kind === "server reads") readSome(next.count);
      else if (next.kind === "time passes") await pass(10);
      else {
        carry(held.length - next.lost);
        link.end();
        await reconnect();
      }
    },
    async finish(): Promise<void> {
      await pass(20);
      carry(Infinity);
      readSome(Infinity);
      await client.close();
    },
  };
}
