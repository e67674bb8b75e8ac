import { describe, expect, onTestFinished, test } from "vitest";
import { createMeadow } from "../../examples/ao-websockets/meadow.ts";
import { expectPage, startExample } from "./one-command.ts";
import { Speaker } from "./speaker.ts";

interface Own {
  readonly e: string;
  readonly p: { readonly id: string };
}

async function enter(url: string): Promise<{ readonly dot: Speaker; readonly id: string }> {
  const dot = await Speaker.open(url);
  dot.say({ e: "dot:enter" });
  const { e, p } = (await dot.hears()) as Own;
  expect(e).toBe("dot:you");
  return { dot, id: p.id };
}

describe("examples/ao-websockets", () => {
  test("moves come together, what is said is heard nearby, and who leaves is missed", async () => {
    const { server } = createMeadow(200);
    const { port } = await server.listen({ host: "127.0.0.1" });
    onTestFinished(() => server.close({ timeoutMs: 100 }));
    const url = `http://127.0.0.1:${port}/ws`;
    const ada = await enter(url);
    for (const x of [1, 2, 999, 3]) ada.dot.say({ e: "dot:move", p: { x, y: 0 } });
    const moved = [1, 2, 3].map((x) => ({ id: ada.id, x, y: 0 }));
    expect(await ada.dot.hears()).toEqual({ e: "batch_dot:moved", p: { d: moved } });
    const bob = await enter(url);
    bob.dot.say({ e: "dot:move", p: { x: 103, y: 0 } });
    const told = { e: "batch_dot:moved", p: { d: [{ id: bob.id, x: 103, y: 0 }] } };
    expect([await ada.dot.hears(), await bob.dot.hears()]).toEqual([told, told]);
    bob.dot.say({ e: "dot:say", p: { text: "near" } });
    const near = { e: "dot:said", p: { id: bob.id, text: "near" } };
    expect([await ada.dot.hears(), await bob.dot.hears()]).toEqual([near, near]);
    bob.dot.say({ e: "dot:move", p: { x: 104, y: 0 } });
    await Promise.all([ada.dot.hears(), bob.dot.hears()]);
    bob.dot.say({ e: "dot:say", p: { text: "far" } });
    expect(await bob.dot.hears()).toEqual({ e: "dot:said", p: { id: bob.id, text: "far" } });
    bob.dot.socket.close();
    expect(await ada.dot.hears()).toEqual({ e: "batch_dot:left", p: { d: [{ id: bob.id }] } });
  });

  test("who moves and leaves at once is told of in that order, and leaves no dot behind", async () => {
    const { server } = createMeadow(200);
    const { port } = await server.listen({ host: "127.0.0.1" });
    onTestFinished(() => server.close({ timeoutMs: 100 }));
    const [ada, bob] = [await enter(`http://127.0.0.1:${port}/ws`), await enter(`http://127.0.0.1:${port}/ws`)];
    bob.dot.say({ e: "dot:move", p: { x: 1, y: 2 } });
    bob.dot.socket.close();
    expect(await ada.dot.hears()).toEqual({ e: "batch_dot:moved", p: { d: [{ id: bob.id, x: 1, y: 2 }] } });
    expect(await ada.dot.hears()).toEqual({ e: "batch_dot:left", p: { d: [{ id: bob.id }] } });
  });

  test("one command serves the page, and what it connects to", async () => {
    const url = await startExample("ao-websockets");
    await expectPage(url);
    await enter(`${url}/ws`);
  });
});
