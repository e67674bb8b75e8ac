import { describe, expect, it } from "vitest";
import { CarillonError } from "../../src/errors/carillon-error.ts";
import { codeOf, gate, handshake, nothingLeft, turn, world } from "./support.ts";

describe("authenticate", () => {
  it("is asked with the token and the facts of the handshake", () => {
    const { application, client } = world();
    let asked: unknown;
    application.authenticate = (attempt) => {
      asked = attempt;
      return {};
    };
    const ada = client();
    void ada.connect("t-1");
    const { headers, url, ip } = ada.connection.handshake;
    expect(asked).toEqual({ token: "t-1", headers, url, ip, handshake: ada.connection.handshake });
  });

  it("says who the client is, what others see of it, and its first data", () => {
    const { application, client } = world();
    application.authenticate = () => ({ userId: "ada", info: { name: "Ada" }, data: { role: "admin", __proto__: 1 } });
    const ada = client();
    void ada.connect();
    expect(ada.connection).toMatchObject({ userId: "ada", info: { name: "Ada" }, isOpen: true });
    expect(ada.connection.data.get("role")).toBe("admin");
  });

  it("without the hook everyone is anonymous", () => {
    const { client, application } = world();
    const anonymous = client();
    expect(anonymous.connect("ignored")).toBeUndefined();
    expect(anonymous.connection.userId).toBeUndefined();
    expect(application.connects).toEqual([anonymous.connection]);
    expect(anonymous.heard()).toEqual(["welcome"]);
  });

  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["false", false],
    ["a text", "ada"],
    ["a number", 7],
  ])("that returns %s refuses with unauthorized, at once or later", async (_, nobody) => {
    for (const result of [nobody, Promise.resolve(nobody)]) {
      const { application, client, engine } = world();
      application.authenticate = () => result as undefined;
      const stranger = client();
      expect(await codeOf(() => stranger.connect("bad"))).toBe("unauthorized");
      expect(stranger.heard()).toEqual([]);
      expect(application.connects).toEqual([]);
      expect(application.reported).toEqual([]);
      expect(engine.stats()).toMatchObject({ connections: 0, connected: 0, refused: 1 });
    }
  });

  it.each(["throws", "rejects"])("that %s a CarillonError refuses with its code, which is no failure", async (how) => {
    const { application, client, engine } = world();
    application.authenticate = () => {
      const error = new CarillonError("token-expired", { details: { at: 1 } });
      if (how === "throws") throw error;
      return Promise.reject(error);
    };
    expect(await codeOf(() => client().connect("old"))).toBe("token-expired");
    expect(application.reported).toEqual([]);
    expect(engine.stats()).toMatchObject({ refused: 1 });
  });

  it.each(["throws", "rejects"])(
    "that %s anything else refuses with internal, and the application hears why",
    async (how) => {
      const { application, client } = world();
      const cause = new Error("the database is down");
      application.authenticate = () => {
        if (how === "throws") throw cause;
        return Promise.reject(cause);
      };
      const stranger = client();
      expect(await codeOf(() => stranger.connect("t"))).toBe("internal");
      expect(application.reported).toEqual([
        { error: expect.objectContaining({ code: "internal", cause }), connection: stranger.connection },
      ]);
    },
  );

  it.each<[string, unknown]>([
    ["empty", ""],
    ["of 129 characters", "x".repeat(129)],
    ["a number", 7],
    ["null", null],
  ])("that returns a userId that is %s is the application's mistake", async (_, userId) => {
    const { application, client } = world();
    application.authenticate = () => ({ userId: userId as string });
    expect(await codeOf(() => client().connect())).toBe("internal");
    expect(application.failureCodes).toEqual(["internal"]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, "soon", null])(
    "that returns expiresAt as %s is the application's mistake",
    async (expiresAt) => {
      const { application, client } = world();
      application.authenticate = () => ({ expiresAt: expiresAt as number });
      expect(await codeOf(() => client().connect())).toBe("internal");
    },
  );

  it.each([
    ["1,024 bytes", "é".repeat(511), undefined],
    ["one byte more", `${"é".repeat(511)}x`, "internal"],
  ])("L16: may return info of %s as JSON", async (_, info, code) => {
    const { application, client } = world();
    application.authenticate = () => ({ info });
    expect(await codeOf(() => client().connect())).toBe(code);
    application.authenticate = () => Promise.resolve({ info });
    expect(await codeOf(() => client().connect())).toBe(code);
    const told = { error: { cause: { message: expect.stringContaining("limits.infoBytes") as string } } };
    expect(application.reported).toMatchObject(code === undefined ? [] : [told, told]);
  });

  it("L16: may return as much info as the limits say", async () => {
    const { application, client } = world({ limits: { infoBytes: 3 } });
    application.authenticate = () => ({ info: "x" });
    expect(await codeOf(() => client().connect())).toBeUndefined();
    application.authenticate = () => ({ info: "xy" });
    expect(await codeOf(() => client().connect())).toBe("internal");
  });

  it("L16: may return a userId of 1 to 128 characters", () => {
    for (const userId of ["x", "x".repeat(128)]) {
      const { application, client } = world();
      application.authenticate = () => ({ userId });
      const ada = client();
      void ada.connect();
      expect(ada.connection.userId).toBe(userId);
    }
  });

  it("may return a promise that is not of this realm: nobody is let in before it says who", async () => {
    const { application, client } = world();
    const decided = gate<{ userId: string } | undefined>();
    const foreign = { then: decided.passed.then.bind(decided.passed) };
    application.authenticate = () => foreign as unknown as Promise<{ userId: string }>;
    const stranger = client();
    const refused = codeOf(() => stranger.connect("bad"));
    await turn();
    expect(application.connects).toEqual([]);
    await decided.open(undefined);
    expect(await refused).toBe("unauthorized");
    expect(application.connects).toEqual([]);
  });

  it("that never answers lets nobody in, and when the wire ends nothing is left and nobody is told", async () => {
    const { application, client, engine } = world();
    const never = gate<{ userId: string }>();
    application.authenticate = () => never.passed;
    const ada = client();
    const connecting = codeOf(() => ada.connect());
    await turn();
    expect(ada.connection.isOpen).toBe(false);
    ada.wire.hangUp();
    await never.open({ userId: "ada" });
    await connecting;
    expect(ada.heard()).toEqual([]);
    expect(application.connects).toEqual([]);
    expect(application.disconnects).toEqual([]);
    expect(engine.stats()).toMatchObject({ ...nothingLeft, connected: 0 });
  });
});

describe("middleware", () => {
  it("runs in order around the opening: before next it is not open, after next it is", async () => {
    const { application, client } = world();
    const log: string[] = [];
    for (const name of ["a", "b"]) {
      application.middleware.push(async (connection, next) => {
        log.push(`${name} before ${connection.isOpen}`);
        await next();
        log.push(`${name} after ${connection.isOpen}`);
      });
    }
    application.whenConnected = () => log.push("connect");
    const ada = client();
    await ada.connect();
    expect(log).toEqual(["a before false", "b before false", "connect", "b after true", "a after true"]);
    expect(ada.heard()).toEqual(["welcome"]);
  });

  it("knows the user", async () => {
    const { application, client } = world();
    application.authenticate = () => ({ userId: "ada" });
    let user: string | undefined;
    application.middleware.push(async ({ userId }, next) => {
      user = userId;
      await next();
    });
    await client().connect();
    expect(user).toBe("ada");
  });

  it("that does not call next refuses with forbidden, and what is behind it does not run", async () => {
    const { application, client, engine } = world();
    let ran = false;
    application.middleware.push(() => undefined);
    application.middleware.push((_, next) => {
      ran = true;
      return next();
    });
    const ada = client();
    expect(await codeOf(() => ada.connect())).toBe("forbidden");
    expect(ran).toBe(false);
    expect(application.connects).toEqual([]);
    expect(application.reported).toEqual([]);
    expect(engine.stats()).toMatchObject({ connections: 0, refused: 1 });
  });

  it.each([
    ["a CarillonError refuses with its code", new CarillonError("rate-limited"), "rate-limited", []],
    ["anything else refuses with internal, and is reported", new Error("broken"), "internal", ["internal"]],
  ])("that throws %s", async (_, error, code, reported) => {
    const { application, client } = world();
    application.middleware.push(() => {
      throw error;
    });
    expect(await codeOf(() => client().connect())).toBe(code);
    expect(application.failureCodes).toEqual(reported);
    expect(application.connects).toEqual([]);
  });

  it("that throws after next is reported; the client stays", async () => {
    const { application, client } = world();
    application.middleware.push(async (_, next) => {
      await next();
      throw new CarillonError("forbidden");
    });
    const ada = client();
    await ada.connect();
    expect(ada.connection.isOpen).toBe(true);
    expect(ada.wire.isOpen).toBe(true);
    expect(application.reported).toMatchObject([
      { error: { code: "handler-failed" }, connection: { id: ada.connection.id } },
    ]);
  });

  it("may swallow the refusal of what is behind it, which is refused all the same", async () => {
    const { application, client } = world();
    application.middleware.push(async (_, next) => {
      await next().catch(() => undefined);
    });
    application.middleware.push(() => {
      throw new Error("no");
    });
    expect(await codeOf(() => client().connect())).toBe("forbidden");
    expect(application.connects).toEqual([]);
  });

  it("that calls next twice opens once", async () => {
    const { application, client, engine } = world();
    application.middleware.push(async (_, next) => {
      await next();
      await next();
    });
    const ada = client();
    await ada.connect();
    expect(application.connects).toHaveLength(1);
    expect(ada.heard()).toEqual(["welcome"]);
    expect(engine.stats()).toMatchObject({ connections: 1, connected: 1 });
  });

  it("what it sends comes after the welcome, in order", async () => {
    const { application, client } = world();
    application.middleware.push(async (connection, next) => {
      connection.send("first", 1);
      await next();
      connection.send("third", 3);
    });
    application.whenConnected = (connection) => connection.send("second", 2);
    const ada = client();
    await ada.connect();
    expect(ada.heard()).toEqual(["welcome", "! first 1", "! second 2", "! third 3"]);
  });

  it("may subscribe the client: nothing of the channel is heard before the welcome, and everything after it", async () => {
    const { application, client, engine } = world();
    const subscribed = gate();
    const proceed = gate();
    application.middleware.push(async (connection, next) => {
      await connection.subscribe("news");
      void subscribed.open();
      await proceed.passed;
      await next();
    });
    const ada = client();
    const connecting = ada.connect();
    await subscribed.passed;
    await engine.publish(engine.compose({ channel: "news", event: "early", data: 1 }));
    expect(ada.heard()).toEqual([]);
    await proceed.open();
    await connecting;
    await engine.publish(engine.compose({ channel: "news", event: "late", data: 2 }));
    expect(ada.heard()).toEqual(["welcome", "server subscribed news", "news early 1", "news late 2"]);
  });

  it("that subscribed a client and refuses it leaves nothing when the wire ends", async () => {
    const { application, client, engine } = world();
    application.middleware.push(async (connection) => connection.subscribe("news"));
    const ada = client();
    expect(await codeOf(() => ada.connect())).toBe("forbidden");
    ada.wire.close();
    expect(engine.stats()).toMatchObject(nothingLeft);
    expect(ada.heard()).toEqual([]);
  });

  it("does not go on for a client that is gone: neither the next one nor what is behind next runs", async () => {
    const { application, client, engine } = world();
    const log: string[] = [];
    const waiting = gate();
    application.middleware.push(async (_, next) => {
      await waiting.passed;
      await next();
      log.push("open");
    });
    application.middleware.push(async (_, next) => {
      log.push("second");
      await next();
    });
    const ada = client();
    const connecting = codeOf(() => ada.connect());
    ada.wire.hangUp();
    await waiting.open();
    await connecting;
    expect(log).toEqual([]);
    expect(application.reported).toEqual([]);
    expect(engine.stats()).toMatchObject({ ...nothingLeft, connected: 0, refused: 0 });
  });

  it("does not begin for a client that was gone before authenticate knew it", async () => {
    const { application, client } = world();
    const known = gate<{ userId: string }>();
    application.authenticate = () => known.passed;
    let ran = false;
    application.middleware.push(() => {
      ran = true;
    });
    const ada = client();
    const connecting = codeOf(() => ada.connect());
    ada.wire.hangUp();
    await known.open({ userId: "ada" });
    await connecting;
    expect(ran).toBe(false);
  });
});

describe("coming and going", () => {
  it("connect and disconnect are told exactly once, with how it ended", () => {
    const { application, client, engine } = world();
    const ada = client();
    void ada.connect();
    ada.wire.hangUp(1006, "cut");
    ada.wire.hangUp();
    engine.disconnect(ada.connection, { code: 1, reason: "again" });
    expect(application.connects).toEqual([ada.connection]);
    expect(application.disconnects).toEqual([{ connection: ada.connection, code: 1006, reason: "cut" }]);
  });

  it("a client is found by its id from connect until disconnect", () => {
    const { application, client, engine } = world();
    const ada = client();
    const { id } = ada.connection;
    let during: unknown;
    application.whenConnected = () => (during = engine.connection(id));
    expect(engine.connection(id)).toBeUndefined();
    void ada.connect();
    expect(during).toBe(ada.connection);
    expect([...engine.connections()]).toEqual([ada.connection]);
    ada.wire.hangUp();
    expect(engine.connection(id)).toBeUndefined();
    expect([...engine.connections()]).toEqual([]);
  });

  it("the application may close a client while it is told of it", () => {
    const { application, client, engine } = world();
    application.whenConnected = (connection) => connection.close(4403, "not you");
    const ada = client();
    void ada.connect();
    expect(ada.wire.closing).toEqual({ code: 4403, reason: "not you" });
    expect(application.disconnects).toMatchObject([{ code: 4403, reason: "not you" }]);
    expect(engine.stats()).toMatchObject(nothingLeft);
  });

  it("what is sent to a client that is gone goes nowhere", async () => {
    const { connected } = world();
    const ada = connected("ada");
    ada.wire.hangUp();
    ada.connection.send("late");
    expect(ada.heard()).toEqual([]);
    expect(await codeOf(() => ada.connection.request("late"))).toBe("connection-closed");
    expect(await codeOf(() => ada.connection.subscribe("lobby"))).toBe("closed");
    expect(await codeOf(() => ada.connection.unsubscribe("lobby"))).toBeUndefined();
  });

  it.each([1000, 4000, 4410, 4999])("the application may close with %i", (code) => {
    const ada = world().connected("ada");
    ada.connection.close(code, "x".repeat(123));
    expect(ada.wire.closing).toEqual({ code, reason: "x".repeat(123) });
  });

  it("by default a client is closed so that it stays away", () => {
    const ada = world().connected("ada");
    ada.connection.close();
    expect(ada.wire.closing).toEqual({ code: 4410, reason: "" });
  });

  it.each([
    [1001, ""],
    [3999, ""],
    [5000, ""],
    [4000.5, ""],
    [Number.NaN, ""],
    [4000, "x".repeat(124)],
    [4000, "é".repeat(62)],
    [4000, 7 as unknown as string],
  ])("but not with %d %j", (code, reason) => {
    const ada = world().connected("ada");
    expect(() => ada.connection.close(code, reason)).toThrow(expect.objectContaining({ code: "option-invalid" }));
    expect(ada.wire.isOpen).toBe(true);
  });

  it("data is kept by key, and prototype names are keys like others", () => {
    const { data } = world().connected("ada").connection;
    expect(data.get("constructor")).toBeUndefined();
    data.set("__proto__", { polluted: 1 });
    expect(data.get("__proto__")).toEqual({ polluted: 1 });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect([data.has("__proto__"), data.delete("__proto__"), data.has("__proto__")]).toEqual([true, true, false]);
  });
});

describe("identify", () => {
  it("says who a client is, and lets nobody in", async () => {
    const { engine, application } = world();
    application.authenticate = ({ token, ip }) => ({ userId: `${token} at ${ip}` });
    expect(await engine.identify(handshake(), "ada")).toEqual({ userId: "ada at 127.0.0.1" });
    application.authenticate = undefined;
    expect(await engine.identify(handshake(), "ada")).toEqual({});
    expect(engine.stats()).toMatchObject({ connections: 0, connected: 0, refused: 0 });
    expect(application.connects).toEqual([]);
  });

  it.each<[string, () => unknown, string, number]>([
    ["refuses", () => undefined, "unauthorized", 0],
    ["promises to refuse", () => Promise.resolve(undefined), "unauthorized", 0],
    [
      "throws a code",
      () => {
        throw new CarillonError("token-expired");
      },
      "token-expired",
      0,
    ],
    [
      "throws anything else",
      () => {
        throw new Error("no database");
      },
      "internal",
      1,
    ],
    ["rejects", () => Promise.reject(new Error("no database")), "internal", 1],
    ["gives what is no user", () => ({ userId: "" }), "internal", 1],
  ])("fails as connecting does when the hook %s", async (_, hook, code, failures) => {
    const { engine, application } = world();
    application.authenticate = hook as NonNullable<typeof application.authenticate>;
    expect(await codeOf(() => engine.identify(handshake(), "ada"))).toBe(code);
    expect(engine.stats()).toMatchObject({ refused: 1, failures });
  });
});
