import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { CarillonError } from "../../src/errors/carillon-error.ts";
import { errorCodes } from "../../src/errors/codes.ts";
import { codeOf, world } from "./support.ts";

interface Schemas {
  /** `{ user: { name: text of 1 or more, trimmed } }` */
  readonly nested: StandardSchemaV1;
  /** A number, checked in its own time. */
  readonly slow: StandardSchemaV1;
}

const libraries: readonly (readonly [string, Schemas])[] = [
  [
    "zod",
    {
      nested: z.object({ user: z.object({ name: z.string().trim().min(1) }) }),
      slow: z.number().refine(async (value) => Promise.resolve(value > 0), "must be positive"),
    },
  ],
  [
    "valibot",
    {
      nested: v.object({ user: v.object({ name: v.pipe(v.string(), v.trim(), v.minLength(1)) }) }),
      slow: v.pipeAsync(
        v.number(),
        v.checkAsync(async (value) => Promise.resolve(value > 0), "must be positive"),
      ),
    },
  ],
];

describe.each(libraries)("schemas of %s", (_, { nested, slow }) => {
  function prepared(): ReturnType<typeof world> & { heard: unknown[] } {
    const made = world({ channels: { "*": { publish: "anyone" } } });
    made.application.schemas.set("nested", nested).set("slow", slow);
    const heard: unknown[] = [];
    for (const event of ["nested", "slow", "free"]) {
      made.application.handlers.add(event, ({ data, reply }) => {
        heard.push(data);
        reply("done");
      });
    }
    void made.engine.listen("lobby", ({ data }) => heard.push(data));
    return { ...made, heard };
  }

  it("hand on what they made of the data, to handlers and to channels", async () => {
    const { connected, heard } = prepared();
    const ada = connected("ada");
    const data = { user: { name: "  Ada " }, extra: 1 };
    expect(await ada.request("nested", data)).toBe("done");
    await ada.publish("lobby", "nested", data);
    expect(heard).toEqual([{ user: { name: "Ada" } }, { user: { name: "Ada" } }]);
  });

  it("refuse what does not fit, saying what and where, and nobody hears it", async () => {
    const { application, connected, engine, heard } = prepared();
    const ada = connected("ada");
    const failures = [
      () => ada.send("nested", { user: { name: 7 } }),
      () => ada.request("nested", { user: { name: 7 } }),
      () => ada.publish("lobby", "nested", { user: { name: 7 } }),
    ];
    for (const fail of failures) {
      const error = await errorOf(fail);
      expect(error.code).toBe("payload-invalid");
      expect(error.details).toEqual([{ message: expect.any(String), path: ["user", "name"] }]);
    }
    expect(heard).toEqual([]);
    expect(application.reported).toEqual([]);
    expect(engine.stats()).toMatchObject({ published: 0 });
  });

  it("may take their time, for handlers and for channels", async () => {
    const { connected, heard } = prepared();
    const ada = connected("ada");
    expect(await ada.request("slow", 1)).toBe("done");
    await ada.publish("lobby", "slow", 2);
    expect(heard).toEqual([1, 2]);
    const error = await errorOf(() => ada.publish("lobby", "slow", -1));
    expect(error).toMatchObject({ code: "payload-invalid", details: [{ message: "must be positive", path: [] }] });
    expect(await codeOf(() => ada.request("slow", -1))).toBe("payload-invalid");
    expect(heard).toEqual([1, 2]);
  });

  it("say nothing about events that they were not given for", async () => {
    const { connected, heard } = prepared();
    const ada = connected("ada");
    await ada.request("free", { anything: [] });
    await ada.publish("lobby", "toString", 1);
    expect(heard).toEqual([{ anything: [] }, 1]);
  });

  it("are not asked about what the server publishes", async () => {
    const { engine, heard } = prepared();
    await engine.publish(engine.compose({ channel: "lobby", event: "nested", data: "whatever" }));
    expect(heard).toEqual(["whatever"]);
  });
});

describe("any Standard Schema", () => {
  const failing = (issues: StandardSchemaV1.Issue[]): StandardSchemaV1 => ({
    "~standard": { version: 1, vendor: "test", validate: () => ({ issues }) },
  });

  it("of its issues ten are told at most", async () => {
    const { application, connected } = world();
    application.schemas.set(
      "x",
      failing(Array.from({ length: 50 }, (_, index) => ({ message: `issue ${index}`, path: [index] }))),
    );
    application.handlers.add("x", () => undefined);
    const { details } = await errorOf(() => connected("ada").send("x"));
    expect(details).toHaveLength(10);
    expect((details as unknown[])[9]).toEqual({ message: "issue 9", path: [9] });
  });

  it("its paths are told as texts and numbers, whatever they are made of", async () => {
    const { application, connected } = world();
    application.schemas.set(
      "x",
      failing([{ message: "no", path: ["a", 0, Symbol("s"), { key: "b" }, { key: 1 }] }, { message: "no" }]),
    );
    application.handlers.add("x", () => undefined);
    const { details } = await errorOf(() => connected("ada").send("x"));
    expect(details).toEqual([
      { message: "no", path: ["a", 0, "Symbol(s)", "b", 1] },
      { message: "no", path: [] },
    ]);
  });

  it.each(["throws", "rejects"])(
    "that %s is internal to the client, and its reason reaches the application alone",
    async (how) => {
      const { application, connected } = world({ channels: { "*": { publish: "anyone" } } });
      const cause = new Error("secret");
      const validate = (): Promise<never> => {
        if (how === "throws") throw cause;
        return Promise.reject(cause);
      };
      application.schemas.set("x", { "~standard": { version: 1, vendor: "test", validate } });
      application.handlers.add("x", () => undefined);
      const ada = connected("ada");
      for (const fail of [() => ada.send("x"), () => ada.publish("lobby", "x")]) {
        expect(await errorOf(fail)).toMatchObject({ code: "internal", message: errorCodes.internal.message });
        const failure = { error: { code: "internal", cause }, connection: { id: ada.connection.id }, event: "x" };
        expect(application.reported.splice(0)).toMatchObject([failure]);
      }
    },
  );
});

async function errorOf(run: () => unknown): Promise<CarillonError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof CarillonError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}
