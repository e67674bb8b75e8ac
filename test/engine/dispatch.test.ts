import { describe, expect, it } from "vitest";
import { CarillonError } from "../../src/errors/carillon-error.ts";
import { errorCodes } from "../../src/errors/codes.ts";
import { codeOf, gate, turn, world } from "./support.ts";

describe("an event from a client", () => {
  it("reaches all its handlers in the order they were added, also those of patterns", () => {
    const { application, connected } = world();
    const log: unknown[] = [];
    application.handlers.add("user:*", ({ event }) => log.push(["pattern", event]));
    application.handlers.add("user:joined", ({ data, connection }) => log.push([data, connection.userId]));
    const ada = connected("ada");
    expect(ada.send("user:joined", 7)).toBeUndefined();
    expect(log).toEqual([
      ["pattern", "user:joined"],
      [7, "ada"],
    ]);
  });

  it("without a handler is dropped when it was sent, and refused when it was requested", async () => {
    const { application, connected, engine } = world();
    const ada = connected("ada");
    expect(ada.send("nobody")).toBeUndefined();
    expect(await codeOf(() => ada.request("nobody"))).toBe("no-handler");
    expect(application.reported).toEqual([]);
    expect(engine.stats()).toMatchObject({ received: 2 });
  });

  it.each(["connect", "disconnect", "error", "", "a\n", "x".repeat(201)])(
    "N07: may not be called %j",
    async (event) => {
      const { application, connected } = world();
      let ran = false;
      application.handlers.add("*", () => {
        ran = true;
      });
      expect(await codeOf(() => connected("ada").send(event))).toBe("event-name-invalid");
      expect(ran).toBe(false);
    },
  );

  it.each(["__proto__", "constructor", "newListener", "then"])("N07: may be called %s", async (event) => {
    const { application, connected } = world();
    application.handlers.add(event, ({ reply }) => reply("here"));
    expect(await connected("ada").request(event)).toBe("here");
  });

  it("a handler that throws is reported, and the others still run", async () => {
    const { application, connected } = world();
    const log: string[] = [];
    const cause = new Error("broken");
    application.handlers.add("chat", () => {
      throw cause;
    });
    application.handlers.add("chat", () => Promise.reject(cause));
    application.handlers.add("chat", () => log.push("third"));
    const ada = connected("ada");
    void ada.send("chat");
    await turn();
    expect(log).toEqual(["third"]);
    const failure = {
      error: expect.objectContaining({ code: "handler-failed", cause }),
      connection: ada.connection,
      event: "chat",
    };
    expect(application.reported).toEqual([failure, failure]);
    expect(ada.wire.isOpen).toBe(true);
  });

  it("a handler that takes its time holds up nobody", () => {
    const { application, connected } = world();
    const log: string[] = [];
    application.handlers.add("chat", async ({ data }) => {
      log.push(`begins ${String(data)}`);
      await gate().passed;
    });
    const ada = connected("ada");
    void ada.send("chat", 1);
    void ada.send("chat", 2);
    expect(log).toEqual(["begins 1", "begins 2"]);
  });

  it("a handler that was removed is not called, and one added while handling is called the next time", () => {
    const { application, connected } = world();
    const log: string[] = [];
    const remove = application.handlers.add("chat", () => {
      log.push("first");
      remove();
      application.handlers.add("chat", () => log.push("added"));
    });
    const ada = connected("ada");
    void ada.send("chat");
    void ada.send("chat");
    expect(log).toEqual(["first", "added"]);
  });
});

describe("a request from a client", () => {
  it("is answered with what is replied, also later, also with nothing", async () => {
    const { application, connected } = world();
    const wait = gate();
    application.handlers.add("add", ({ data, reply }) => reply((data as number) + 1));
    application.handlers.add("later", async ({ reply }) => {
      await wait.passed;
      reply(["late"]);
    });
    application.handlers.add("nothing", ({ reply }) => reply());
    const ada = connected("ada");
    const later = ada.request("later");
    expect(await ada.request("add", 1)).toBe(2);
    expect(await ada.request("nothing")).toBeUndefined();
    await wait.open();
    expect(await later).toEqual(["late"]);
  });

  it("is answered once: the first reply counts, whoever gives it", async () => {
    const { application, connected, engine } = world();
    application.handlers.add("who", ({ reply }) => {
      reply("first");
      reply("second");
    });
    application.handlers.add("who", ({ reply }) => reply("third"));
    application.handlers.add("who", () => {
      throw new CarillonError("forbidden");
    });
    const ada = connected("ada");
    const answers: unknown[] = [];
    const fail = (error: CarillonError): unknown => answers.push(error);
    void engine.receive(ada.connection, "who", undefined, { answer: (data) => answers.push(data), fail });
    expect(answers).toEqual(["first"]);
    expect(application.failureCodes).toEqual(["handler-failed"]);
  });

  it("what a handler returns is no answer", async () => {
    const { application, connected, engine } = world();
    application.handlers.add("chat", () => "returned");
    const answers: unknown[] = [];
    void engine.receive(connected("ada").connection, "chat", 1, {
      answer: (data) => answers.push(data),
      fail: () => undefined,
    });
    await turn();
    expect(answers).toEqual([]);
  });

  it.each(["throws", "rejects"])(
    "fails when the handler %s: a CarillonError as it is, anything else hidden",
    async (how) => {
      const { application, connected } = world();
      const fails = (error: Error) => (): unknown => {
        if (how === "throws") throw error;
        return Promise.reject(error);
      };
      application.handlers.add(
        "own",
        fails(new CarillonError("forbidden", { message: "the game is over", details: 7 })),
      );
      application.handlers.add("secret", fails(new Error("password: hunter2")));
      const ada = connected("ada");
      await expect(ada.request("own")).rejects.toMatchObject({
        code: "forbidden",
        message: "the game is over",
        details: 7,
      });
      const hidden = await ada.request("secret").catch((error: unknown) => error);
      expect(hidden).toMatchObject({ code: "handler-failed", message: errorCodes["handler-failed"].message });
      // The first was an answer; only the second is a failure.
      expect(application.failureCodes).toEqual(["handler-failed"]);
    },
  );
});

describe("a request to a client", () => {
  it("reaches it with a number, and ends with its answer", async () => {
    const ada = world().connected("ada");
    const answer = ada.connection.request("where", { floor: 1 });
    expect(ada.heard()).toEqual(['?1 where {"floor":1}']);
    ada.connection.answered(1, "here");
    expect(await answer).toBe("here");
  });

  it("fails with what the client says", async () => {
    const ada = world().connected("ada");
    const answer = codeOf(() => ada.connection.request("where"));
    ada.connection.failed(1, new CarillonError("no-handler"));
    expect(await answer).toBe("no-handler");
  });

  it("L12: times out after 30 seconds, or when it is told to", async () => {
    const { connected, clock } = world();
    const ada = connected("ada");
    const codes: (string | undefined)[] = [];
    const note = (code: string | undefined): unknown => codes.push(code);
    void codeOf(() => ada.connection.request("a")).then(note);
    void codeOf(() => ada.connection.request("b", 1, { timeoutMs: 500 })).then(note);
    clock.advance(499);
    await turn();
    expect(codes).toEqual([]);
    clock.advance(1);
    await turn();
    expect(codes).toEqual(["timeout"]);
    clock.advance(29_499);
    await turn();
    expect(codes).toEqual(["timeout"]);
    clock.advance(1);
    await turn();
    expect(codes).toEqual(["timeout", "timeout"]);
    expect(clock.timers).toBe(0);
  });

  it("fails when the connection ends, and leaves no timer", async () => {
    const { connected, clock } = world();
    const ada = connected("ada");
    const codes = [codeOf(() => ada.connection.request("a")), codeOf(() => ada.connection.request("b"))];
    ada.wire.hangUp();
    expect(await Promise.all(codes)).toEqual(["connection-closed", "connection-closed"]);
    expect(clock.timers).toBe(0);
  });

  it("N07: may not be called by a reserved name", async () => {
    const ada = world().connected("ada");
    expect(await codeOf(() => ada.connection.request("connect"))).toBe("event-name-invalid");
    expect(() => ada.connection.send("error")).toThrow(expect.objectContaining({ code: "event-name-invalid" }));
  });

  it("is not supported by a dialect that has no word for it", async () => {
    const { connected, clock } = world();
    const mute = connected("ada", { encoder: { encode: () => undefined } });
    expect(await codeOf(() => mute.connection.request("where"))).toBe("not-supported");
    expect(clock.timers).toBe(0);
  });

  it("N19, L12: of 257 that wait the last one is refused", async () => {
    const ada = world().connected("ada");
    const waiting = Array.from({ length: 256 }, () => codeOf(() => ada.connection.request("where")));
    expect(await codeOf(() => ada.connection.request("where"))).toBe("limit-exceeded");
    expect(ada.heard()).toHaveLength(256);
    ada.wire.hangUp();
    await Promise.all(waiting);
  });

  it("that middleware makes is asked after the welcome", async () => {
    const { application, client } = world();
    let answer: Promise<unknown> | undefined;
    application.middleware.push(async (connection, next) => {
      answer = connection.request("version");
      await next();
    });
    const ada = client();
    await ada.connect();
    expect(ada.heard()).toEqual(["welcome", "?1 version undefined"]);
    ada.connection.answered(1, 3);
    expect(await answer).toBe(3);
  });
});
