import { describe, expect, onTestFinished, test } from "vitest";
import { createTalks } from "../../examples/rtbroadcaster/talk.ts";
import { expectPage, startExample } from "./one-command.ts";
import { Speaker } from "./speaker.ts";

interface Said {
  readonly uuid: string;
  readonly status: { readonly value: number };
  readonly funcKey: string;
  readonly funcParams: readonly string[];
}

const said = (value: number, uuid = "", funcKey = "", funcParams: readonly string[] = [], stateMessage = false) => {
  return { uuid, status: { value, text: "" }, funcKey, funcParams, stateMessage };
};

describe("examples/rtbroadcaster", () => {
  test("who comes late sees the page that is shown, and the talk ends with its speaker", async () => {
    const { server, rooms } = createTalks();
    const { port } = await server.listen({ host: "127.0.0.1" });
    onTestFinished(() => server.close({ timeoutMs: 100 }));
    const url = `http://127.0.0.1:${port}/broadcasting`;
    const speaker = await Speaker.open(url);
    speaker.say(said(1));
    const { uuid } = (await speaker.hears()) as Said;
    const early = await Speaker.open(url);
    early.say(said(2, uuid));
    expect(await early.hears()).toMatchObject({ uuid, status: { value: 3 }, funcKey: "" });
    speaker.say(said(3, uuid, "slide", ["2"], true));
    speaker.say(said(3, uuid, "cheer"));
    speaker.say(said(3, uuid, "slide", ["3"], true));
    const heard = [await early.hears(), await early.hears(), await early.hears()] as readonly Said[];
    expect(heard.map(({ funcKey, funcParams }) => [funcKey, ...funcParams])).toEqual([
      ["slide", "2"],
      ["cheer"],
      ["slide", "3"],
    ]);
    const late = await Speaker.open(url);
    late.say(said(2, uuid));
    expect(await late.hears()).toMatchObject({ status: { value: 3 }, funcKey: "" });
    expect(await late.hears()).toMatchObject({ funcKey: "slide", funcParams: ["3"] });
    speaker.socket.close();
    for (const guest of [early, late]) {
      expect(await guest.hears()).toMatchObject({ uuid, status: { value: 0 } });
      await guest.closed();
    }
    expect(rooms.rooms).toEqual([]);
  });

  test("one command serves the page, and what it connects to", async () => {
    const url = await startExample("rtbroadcaster");
    await expectPage(url);
    expect((await fetch(`${url}/?uuid=x`)).status).toBe(200);
    const speaker = await Speaker.open(`${url}/broadcasting`);
    speaker.say(said(1));
    expect(await speaker.hears()).toMatchObject({ status: { value: 3 } });
  });
});
