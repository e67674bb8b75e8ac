import { describe, expect, test } from "vitest";
import { SimpleSession, type SimpleSessionParts } from "../../src/dialects/simple-session.ts";
import type { LiveConnection } from "../../src/engine/connection.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { createServer, native, type ServerOptions } from "../../src/index.ts";
import { FakeWire } from "../../src/testing/fake-wire.ts";
import { handshake } from "../engine/support.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";

interface Opened {
  readonly session: SimpleSession;
  readonly wire: FakeWire;
  readonly log: string[];
}

/** An engine as a server makes it, for a session of a dialect that a test makes up. */
function engineOf(options: ServerOptions): Engine {
  let mounted: Engine | undefined;
  const spy = {
    ...native(),
    mount(engine: Engine) {
      mounted = engine;
      return native().mount(engine);
    },
  };
  createServer({ endpoints: { "/x": spy }, ...options });
  return mounted!;
}

function open(
  options: ServerOptions = {},
  { wire = new FakeWire(), ...parts }: Partial<SimpleSessionParts> & { readonly wire?: FakeWire } = {},
): Opened {
  const log: string[] = [];
  const session = new SimpleSession({
    engine: engineOf(options),
    wire,
    handshake: handshake(),
    dialect: "made-up",
    encoder: { encode: (delivery) => [delivery.kind] },
    opened: ({ userId }) => log.push(`opened ${userId}`),
    heard: (frame) => void log.push(String(frame)),
    failed: (error) => log.push(`failed ${(error as Error).message}`),
    refused(error, refusedWire) {
      log.push(`refused ${error.code}`);
      refusedWire.close(1008, error.code);
    },
    ended: (_connection, { code }) => log.push(`ended ${code}`),
    farewell: { code: 1001, reason: "bye" },
    ...parts,
  });
  wire.handler = session;
  return { session, wire, log };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a simple session", () => {
  test("is let in as it comes, heard in order, and gone with its wire, once", () => {
    const { session, wire, log } = open({}, { id: "own-id" });
    expect(session.connection).toMatchObject({ id: "own-id", dialect: "made-up", isOpen: true });
    wire.receive("a");
    wire.receive("b");
    void session.closed(1005, "");
    void session.closed(1005, "");
    wire.receive("c");
    expect(log).toEqual(["opened undefined", "a", "b", "ended 1005"]);
    expect(session.connection.isOpen).toBe(false);
  });

  test("what comes while its hooks are asked waits for them", async () => {
    const { wire, log } = open({ authenticate: () => Promise.resolve({ userId: "ann" }) });
    wire.receive("a");
    expect(log).toEqual([]);
    await settled();
    expect(log).toEqual(["opened ann", "a"]);
  });

  test("the dialect's own way to say who it is comes before the application's", () => {
    const { log } = open({ authenticate: () => undefined }, { authenticate: () => ({ userId: "bob" }) });
    expect(log).toEqual(["opened bob"]);
  });

  test("is refused in the dialect's words, at once and later, and heard no more", async () => {
    const token = { token: "the token" };
    const sync = open({ authenticate: (attempt) => (attempt.token === "other" ? {} : undefined) }, token);
    const later = open({ authenticate: () => Promise.resolve(undefined) });
    await settled();
    for (const { wire, log, session } of [sync, later]) {
      wire.receive("a");
      expect(log).toEqual(["refused unauthorized"]);
      expect(wire.closing).toEqual({ code: 1008, reason: "unauthorized" });
      expect(session.connection.state).toBe("closed");
    }
  });

  describe("whose hooks are slow", () => {
    function waiting(
      wire = new FakeWire(),
    ): Opened & { readonly clock: ManualClock; answer(identity?: { userId: string }): Promise<void> } {
      const clock = new ManualClock();
      const { promise, resolve } = Promise.withResolvers<{ userId: string } | undefined>();
      const opened = open({ clock, authenticate: () => promise }, { wire });
      return {
        ...opened,
        clock,
        answer(identity) {
          resolve(identity);
          return settled();
        },
      };
    }

    test("is let in when they answer in time, and stays", async () => {
      const { log, clock, answer, session } = waiting();
      clock.advance(9_999);
      await answer({ userId: "ann" });
      expect(clock.timers).toBe(0);
      clock.advance(10_000);
      expect([log, session.connection.isOpen]).toEqual([["opened ann"], true]);
    });

    test("A15 is refused after 10 s, whatever they answer then", async () => {
      const { log, clock, answer, session } = waiting();
      clock.advance(10_000);
      expect([log, session.connection.state]).toEqual([["refused timeout"], "closed"]);
      await answer({ userId: "ann" });
      expect(log).toHaveLength(1);
    });

    test("waits for nothing more when it is refused or gone", async () => {
      const [refused, gone] = [waiting(new FakeWire({ peerAnswersClose: false })), waiting()];
      await refused.answer(undefined);
      gone.wire.hangUp();
      expect([refused.log, refused.clock.timers, gone.log, gone.clock.timers]).toEqual([
        ["refused unauthorized"],
        0,
        [],
        0,
      ]);
    });
  });

  test("one that is gone before its hooks have answered is not let in", async () => {
    const { session, log } = open({ authenticate: () => Promise.resolve({}) });
    void session.closed(1006, "");
    await settled();
    expect(log).toEqual([]);
    expect(session.connection.state).toBe("closed");
  });

  test("hears one thing after another, whatever takes how long", async () => {
    const finish: (() => void)[] = [];
    const order: string[] = [];
    const slow = (frame: unknown): Promise<void> => {
      order.push(String(frame));
      return new Promise((resolve) => finish.push(resolve));
    };
    const { wire } = open({}, { heard: slow });
    wire.receive("a");
    wire.receive("b");
    expect(order).toEqual(["a"]);
    finish[0]!();
    await settled();
    expect(order).toEqual(["a", "b"]);
  });

  test("hears nothing of what waited when this side closed it", async () => {
    const heard: unknown[] = [];
    let finish: () => void = () => undefined;
    const { wire } = open(
      {},
      {
        wire: new FakeWire({ peerAnswersClose: false }),
        heard(frame, connection) {
          heard.push(frame);
          return new Promise((resolve) => {
            finish = () => {
              connection.wire.close(1000);
              resolve();
            };
          });
        },
      },
    );
    wire.receive("last", "too late");
    finish();
    await settled();
    expect(heard).toEqual(["last"]);
  });

  describe("a client that has left", () => {
    interface Hearing extends Opened {
      readonly clock: ManualClock;
      /** Lets what is being heard be done with. */
      finish(): Promise<void>;
      /** Another client of the same user, who may have one. */
      again(): SimpleSession;
    }

    function hearing(wire = new FakeWire(), leaving = (): void => undefined): Hearing {
      const clock = new ManualClock();
      const log: string[] = [];
      let done: () => void = () => undefined;
      const heard = (frame: unknown): Promise<void> => {
        log.push(String(frame));
        return new Promise((resolve) => (done = resolve));
      };
      const ended = (_: unknown, { code }: { readonly code: number }): void => void log.push(`ended ${code}`);
      const authenticate = (): object => ({ userId: "ann" });
      const engine = engineOf({ clock, authenticate, limits: { connectionsPerUser: 1 } });
      const opened = open({}, { engine, wire, heard, leaving, ended });
      return {
        ...opened,
        log,
        clock,
        async finish() {
          done();
          await settled();
        },
        again: () => open({}, { engine }).session,
      };
    }

    test("what a client said before it left is heard, and then it is gone", async () => {
      const { session, wire, log, clock, finish } = hearing();
      wire.receive("a", "b");
      wire.hangUp(1000);
      expect([log, session.connection.isOpen]).toEqual([["a"], true]);
      await finish();
      expect([log, session.connection.isOpen]).toEqual([["a", "b"], true]);
      await finish();
      expect([log, session.connection.isOpen]).toEqual([["a", "b", "ended 1000"], false]);
      clock.advance(10_000);
      expect(log).toHaveLength(3);
    });

    test("it is gone after so long in any case, and nothing more is heard", async () => {
      const { session, wire, log, clock, finish } = hearing();
      wire.receive("a", "b");
      wire.hangUp(1006);
      clock.advance(9_999);
      expect(session.connection.isOpen).toBe(true);
      clock.advance(1);
      expect([log, session.connection.isOpen]).toEqual([["a", "ended 1006"], false]);
      await finish();
      expect(log).toEqual(["a", "ended 1006"]);
    });

    test("nothing more is heard of one that is closed meanwhile, as when it is revoked", async () => {
      const { session, wire, log, finish } = hearing();
      wire.receive("a", "b");
      wire.hangUp(1000);
      session.connection.close(4000);
      await finish();
      expect(log).toEqual(["a", "ended 1000"]);
    });

    test("a server that stops ends it at once, and nothing more is heard", async () => {
      const { session, wire, log, clock, finish } = hearing();
      wire.receive("a", "b");
      expect(session.closed(1006, "")).toBeInstanceOf(Promise);
      session.drain();
      expect([log, clock.timers]).toEqual([["a", "ended 1006"], 0]);
      await finish();
      expect(log).toEqual(["a", "ended 1006"]);
    });

    test("a server that stops because of its end ends it once", async () => {
      const { session, wire, log, finish } = hearing(new FakeWire(), () => {
        log.push("leaving");
        session.drain();
      });
      wire.receive("a");
      wire.hangUp(1000);
      await finish();
      expect(log).toEqual(["a", "leaving", "ended 1000"]);
    });

    test.each(["after its last word", "because its time is over"])("who waits for it is told %s", async (when) => {
      const { session, wire, log, clock, finish } = hearing();
      wire.receive("a");
      const heard = session.closed(1000, "");
      if (when === "after its last word") await finish();
      else clock.advance(10_000);
      await heard;
      expect([log, clock.timers]).toEqual([["a", "ended 1000"], 0]);
    });

    test("one that this side has cut off is gone at once", () => {
      const { wire, log } = hearing();
      wire.receive("a", "b");
      wire.destroy();
      expect(log).toEqual(["a", "ended 1006"]);
    });

    test("its user may come again meanwhile, and is not counted twice", async () => {
      const { session, wire, finish, again } = hearing();
      wire.receive("a");
      expect(again().connection.state).toBe("closed");
      wire.hangUp();
      expect(session.connection.isOpen).toBe(true);
      const successor = again();
      expect(successor.connection.isOpen).toBe(true);
      await finish();
      expect([session.connection.isOpen, again().connection.state]).toEqual([false, "closed"]);
    });

    test("one that is not being heard, or that this side has closed, is gone at once", async () => {
      const idle = hearing();
      idle.wire.hangUp(1001);
      expect(idle.log).toEqual(["ended 1001"]);
      const closed = hearing(new FakeWire({ peerAnswersClose: false }));
      closed.wire.receive("a", "b");
      closed.wire.close(4000);
      closed.wire.hangUp(4000);
      expect(closed.log).toEqual(["a", "ended 4000"]);
      await closed.finish();
      expect(closed.log).toEqual(["a", "ended 4000"]);
    });
  });

  test("what hearing throws or rejects with goes to the dialect, and the next is heard", async () => {
    const heard = (frame: unknown, connection: LiveConnection): Promise<void> => {
      connection.data.set("last", frame);
      if (frame === "throws") throw new Error("thrown");
      return frame === "rejects" ? Promise.reject(new Error("rejected")) : Promise.resolve();
    };
    const { session, wire, log } = open({}, { heard });
    for (const frame of ["throws", "rejects", "fine"]) wire.receive(frame);
    await settled();
    expect(log).toEqual(["opened undefined", "failed thrown", "failed rejected"]);
    expect(session.connection.data.get("last")).toBe("fine");
  });

  test("says goodbye in the dialect's way when the server stops, and when its identity ends", () => {
    const stopping = open();
    stopping.session.drain();
    const clock = new ManualClock();
    const authenticate = (): object => ({ expiresAt: clock.wall() + 10_000 });
    const expiring = open({ clock, authenticate });
    clock.advance(9_999);
    expect(expiring.wire.closing).toBe(undefined);
    clock.advance(1);
    for (const { wire } of [stopping, expiring]) expect(wire.closing).toEqual({ code: 1001, reason: "bye" });
  });
});
