import { describe, expect, it } from "vitest";
import { CarillonError } from "../../../src/errors/carillon-error.ts";
import type { ConnectedMessage } from "../../../src/protocol/messages.ts";
import { failure, nativeWorld, type NativeClient, type NativeClientOptions, type NativeWorld } from "./support.ts";

/** A world in which a token is a user and how many seconds it is good for from now on: `ada 10`. */
function worldOfTokens(): NativeWorld {
  const world = nativeWorld();
  world.application.authenticate = ({ token = "" }) => {
    const [userId = "", seconds = "0"] = token.split(" ");
    if (Number(seconds) <= 0) throw new CarillonError("token-expired");
    return { userId, expiresAt: world.clock.wall() + Number(seconds) * 1_000 };
  };
  return world;
}

function enter(world: NativeWorld, token: string, options?: NativeClientOptions): NativeClient {
  const client = world.opened(options);
  client.send({ type: "connect", token, resume: true });
  return client;
}

const expiring = { type: "expiring", inMs: 1_000 };

describe("a token that expires on a live connection (N29)", () => {
  it("is announced, and then ends the connection with 4402, whether the client answers or not", () => {
    const world = worldOfTokens();
    const client = enter(world, "ada 10");
    client.heard();
    world.clock.advance(9_000);
    expect(client.heard()).toEqual([expiring]);
    world.clock.advance(999);
    expect(client.wire.closing).toBeUndefined();
    world.clock.advance(1);
    expect(client.wire.closing).toMatchObject({ code: 4402 });
    expect(world.application.disconnects).toMatchObject([{ code: 4402 }]);
  });

  it("lets nothing in any more, even if the client does not close its side", () => {
    const world = worldOfTokens();
    const client = enter(world, "ada 10", { peerAnswersClose: false });
    world.clock.advance(10_000);
    client.heard();
    client.send({ type: "subscribe", ref: 1, channel: "lobby" });
    expect(client.heard()).toEqual([]);
    expect([...world.engine.subscribers("lobby")]).toEqual([]);
  });

  it("does not end a connection whose identity has no end", () => {
    const world = nativeWorld();
    const client = world.entered("ada");
    world.clock.advance(10 * 86_400_000);
    expect(client.heard()).toEqual([]);
    expect(client.wire.closing).toBeUndefined();
  });

  it("leaves no timer behind when the client leaves before", () => {
    const world = worldOfTokens();
    const client = enter(world, "ada 1000");
    client.wire.hangUp(1000);
    expect(world.clock.timers).toBe(0);
  });
});

describe("refresh", () => {
  it("goes on with a fresh token of the same user", () => {
    const world = worldOfTokens();
    const client = enter(world, "ada 10");
    world.clock.advance(9_500);
    client.heard();
    client.send({ type: "refresh", ref: 1, token: "ada 10" });
    expect(client.heard()).toEqual([{ type: "refreshed", ref: 1 }]);
    world.clock.advance(9_000);
    expect(client.heard()).toEqual([expiring]);
    world.clock.advance(1_000);
    expect(client.wire.closing).toMatchObject({ code: 4402 });
  });

  it.each([
    ["an expired token", "ada 0", "token-expired"],
    ["another user's token", "bob 1000", "forbidden"],
  ])("N30: with %s is answered with an error, and the first token stays what counts", (_, token, code) => {
    const world = worldOfTokens();
    const client = enter(world, "ada 10");
    client.heard();
    client.send({ type: "refresh", ref: 1, token });
    expect(client.heard()).toEqual([failure(code, 1)]);
    expect(world.application.connects[0]!.userId).toBe("ada");
    world.clock.advance(10_000);
    expect(client.wire.closing).toMatchObject({ code: 4402 });
  });

  it("that is answered after the end wakes nothing", async () => {
    const world = worldOfTokens();
    const client = enter(world, "ada 10");
    let answer: ((identity: { userId: string; expiresAt: number }) => void) | undefined;
    world.application.authenticate = () => new Promise((resolve) => (answer = resolve));
    client.send({ type: "refresh", ref: 1, token: "ada 10" });
    world.clock.advance(10_000);
    client.heard();
    answer!({ userId: "ada", expiresAt: world.clock.wall() + 1e6 });
    await new Promise(setImmediate);
    expect(client.heard()).toEqual([]);
    expect(client.wire.closing).toMatchObject({ code: 4402 });
    expect(world.clock.timers).toBe(0);
  });

  it("without a token is malformed", () => {
    const client = enter(worldOfTokens(), "ada 10");
    client.heard();
    client.send({ type: "refresh", ref: 1 } as never);
    expect(client.heard()).toEqual([failure("bad-request", 1)]);
  });
});

describe("a session without a link", () => {
  it("does not end with its token; who comes back needs a fresh one, and goes on with that", () => {
    const world = worldOfTokens();
    const client = enter(world, "ada 10");
    const { session } = client.heard()[0] as ConnectedMessage;
    client.wire.hangUp();
    world.clock.advance(20_000);
    const late = world.opened();
    late.send({ type: "connect", token: "ada 0", session: session!, received: 0 });
    expect(late.wire.closing).toMatchObject({ code: 4402 });
    const back = world.opened();
    back.send({ type: "connect", token: "ada 10", session: session!, received: 0 });
    expect(back.heard()).toMatchObject([{ type: "connected", resumed: true }]);
    world.clock.advance(9_000);
    expect(back.heard()).toEqual([expiring]);
    world.clock.advance(1_000);
    expect(back.wire.closing).toMatchObject({ code: 4402 });
  });
});
