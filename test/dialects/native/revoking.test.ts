import { describe, expect, it } from "vitest";
import type { ConnectedMessage } from "../../../src/protocol/messages.ts";
import { gate, nothingLeft, turn } from "../../engine/support.ts";
import { nativeWorld, type NativeClient, type NativeWorld } from "./support.ts";

/** A client with a session, as this user and by this token. */
function sessionOf(world: NativeWorld): { readonly client: NativeClient; readonly welcome: ConnectedMessage } {
  world.application.authenticate = ({ token }) => ({ userId: "ada", ...(token !== undefined && { tokenId: token }) });
  const client = world.opened();
  client.send({ type: "connect", token: "t-1", resume: true });
  const [welcome] = client.heard();
  return { client, welcome: welcome as ConnectedMessage };
}

function comeBack(world: NativeWorld, { session }: ConnectedMessage, token: string): NativeClient {
  const client = world.opened();
  client.send({ type: "connect", session: session!, received: 0, token });
  return client;
}

describe("a session that is revoked", () => {
  it("N29: ends while its client is away, and is not resumed", () => {
    const world = nativeWorld();
    const { client, welcome } = sessionOf(world);
    client.send({ type: "subscribe", ref: 1, channel: "lobby" });
    client.wire.hangUp();
    expect(world.engine.stats()).toMatchObject({ suspended: 1 });
    void world.engine.signal({ kind: "revoke", session: welcome.connection });
    expect(world.engine.stats()).toMatchObject({ ...nothingLeft, suspended: 0 });
    expect(world.application.disconnects).toMatchObject([{ code: 4401 }]);
    expect(comeBack(world, welcome, "t-1").heard()).toMatchObject([{ type: "connected", resumed: false }]);
  });

  it("N29: ends while its client is on its way back, and is not resumed", async () => {
    const world = nativeWorld();
    const { client, welcome } = sessionOf(world);
    client.wire.hangUp();
    const asked = gate();
    world.application.authenticate = async () => {
      await asked.passed;
      return undefined;
    };
    const back = comeBack(world, welcome, "t-1");
    void world.engine.signal({ kind: "revoke", user: "ada" });
    await asked.open();
    await turn();
    expect(back.wire.closing?.code).toBe(4401);
    expect(world.engine.stats()).toMatchObject(nothingLeft);
  });

  it("N29: is not resumed over another link while its first one takes its time to close", () => {
    const world = nativeWorld();
    world.application.authenticate = () => ({ userId: "ada" });
    const client = world.opened({ peerAnswersClose: false });
    client.send({ type: "connect", resume: true });
    const [welcome] = client.heard();
    void world.engine.signal({ kind: "revoke", user: "ada" });
    const back = comeBack(world, welcome as ConnectedMessage, "t-1");
    expect(back.heard()).toMatchObject([{ type: "connected", resumed: false }]);
  });

  it("N29: is found by the token that it came back with, and no longer by the one before", () => {
    const world = nativeWorld();
    const { client, welcome } = sessionOf(world);
    client.wire.hangUp();
    const back = comeBack(world, welcome, "t-2");
    void world.engine.signal({ kind: "revoke", token: "t-1" });
    expect(back.wire.closing).toBeUndefined();
    void world.engine.signal({ kind: "revoke", token: "t-2" });
    expect(back.wire.closing?.code).toBe(4401);
  });
});
