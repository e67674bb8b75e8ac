import { describe, expect, test } from "vitest";
import { memoryBroker, createServer, type Broker, type Server, type ServerOptions } from "../../src/index.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { testServerOf } from "../../src/testing/test-server.ts";
import { silent } from "../canary.ts";
import { codeOf } from "../engine/support.ts";

/** A broker whose methods throw, where they should reject, once it is told to. */
function throwing(clock: ManualClock): { readonly broker: Broker; fail(): void } {
  const working = memoryBroker({ clock });
  let isBroken = false;
  const broker = new Proxy(working, {
    get(target, name) {
      const method = Reflect.get(target, name) as (...args: unknown[]) => unknown;
      return (...args: unknown[]): unknown => {
        if (isBroken && name !== "close") throw new Error("the driver is gone");
        return method.apply(target, args);
      };
    },
  });
  return { broker, fail: () => (isBroken = true) };
}

const asked: Readonly<Record<string, (server: Server) => Promise<unknown>>> = {
  "channel().publish": (server) => server.channel("a").publish("e", 1),
  "channel().publish with an id": (server) => server.channel("a").publish("e", 1, { id: "one" }),
  "channel().publish with a state key": (server) => server.channel("a").publish("e", 1, { stateKey: "k" }),
  "channel().publish of a batch": (server) => server.channel("b").publish("often", 1),
  "channel().history": (server) => server.channel("a").history(),
  "channel().state": (server) => server.channel("a").state(),
  "channel().clearState": (server) => server.channel("a").clearState(),
  "channel().subscribe": (server) => server.channel("new").subscribe(() => undefined),
  "channel().close": (server) => server.channel("a").close(),
  "channel().remove": (server) => server.channel("a").remove("ada"),
  "channel([]).publish": (server) => server.channel(["b", "c"]).publish("e", 1),
  broadcast: (server) => server.broadcast("e", 1),
  "broadcast of a batch": (server) => server.broadcast("often", 1),
  disconnectUser: (server) => server.disconnectUser("ada"),
  revoke: (server) => server.revoke({ user: "ada" }),
  "connection.subscribe": (server) => server.connections[0]!.subscribe("new"),
};

function options(clock: ManualClock, broker: Broker): ServerOptions {
  const channels = { a: { history: { size: 10, ttlMs: 60_000 }, state: true } };
  return { broker, clock, channels, logger: silent };
}

describe("a broker that throws where it should reject", () => {
  test.each(Object.entries(asked))("%s rejects, and does not throw", async (_, ask) => {
    const clock = new ManualClock();
    const { broker, fail } = throwing(clock);
    const server = createServer(options(clock, broker));
    server.batch("often", { everyMs: 10 });
    const { client, close } = testServerOf(server);
    await client().connect();
    const codes: string[] = [];
    server.on("error", ({ error }) => codes.push(error.code));
    fail();
    let answer: Promise<unknown> | undefined;
    expect(() => (answer = ask(server))).not.toThrow();
    const code = codeOf(() => answer);
    clock.advance(10);
    expect(await code).toBe("broker-unavailable");
    expect(codes).toEqual(["broker-unavailable"]);
    await close();
  });

  test("what a client asks is answered with broker-unavailable, and it stays", async () => {
    const clock = new ManualClock();
    const { broker, fail } = throwing(clock);
    const { client, close } = testServerOf(createServer(options(clock, broker)));
    const ada = client();
    await ada.channel("a").subscribe();
    fail();
    const failure = expect.objectContaining({ code: "broker-unavailable" }) as unknown;
    await expect(ada.channel("a").publish("e", 1)).rejects.toEqual(failure);
    await expect(ada.channel("a").history()).rejects.toEqual(failure);
    await expect(ada.channel("b").subscribe()).rejects.toEqual(failure);
    expect(ada.state).toMatchObject({ kind: "open" });
    await close();
  });

  test("that cannot start is no exception of createServer: whoever listens is told", async () => {
    const clock = new ManualClock();
    const { broker, fail } = throwing(clock);
    fail();
    const server = createServer(options(clock, broker));
    await expect(server.listen({ host: "127.0.0.1" })).rejects.toThrow("the driver is gone");
    await server.close();
  });
});
