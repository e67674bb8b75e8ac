import { describe, expect, test } from "vitest";
import { broadcast, echo, groups } from "../../../src/dialects/go-rtc-lib/index.ts";
import { serve } from "./support.ts";
import { sender, vectors } from "./vectors.ts";

const demos = { broadcast, echo, groups };

describe("byte for byte", () => {
  test.each(vectors)("$demo: $name", async ({ demo, says, told }) => {
    const { client, registry, settled, failures } = await serve(demos[demo]);
    const [speaker, own] = await client();
    const witness = await client();
    for (const one of [own, witness[1]]) await registry.addToGroup("r", one);
    const expected = told.map((text) => text.replace(sender, own.id));
    speaker.send(says);
    // What it says afterwards comes afterwards.
    speaker.send(demo === "groups" ? '{"action":"message","group":"r","message":"end"}' : "end");
    const heard = await speaker.next(expected.length + 1);
    expect(heard.slice(0, -1)).toEqual(expected);
    expect((await settled(witness)).slice(0, -1)).toEqual(demo === "echo" ? [] : expected);
    expect(failures).toEqual([]);
  });
});
