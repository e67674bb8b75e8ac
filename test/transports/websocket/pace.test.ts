import { once } from "node:events";
import type { Socket } from "node:net";
import { constants, deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { handshake } from "../../server/raw-client.ts";
import { Echo } from "../http/echo.ts";
import { serve, turn, until } from "../http/serve.ts";

/** A masked frame of at most 125 bytes; the mask is zeros. */
function masked(content: string | Uint8Array, opcode = 1): Buffer {
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | content.length, 0, 0, 0, 0]), Buffer.from(content)]);
}

const frames = (count: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, n) => masked(String(n).padStart(5, "0"))));

const numbers = (count: number): string[] => Array.from({ length: count }, (_, n) => String(n).padStart(5, "0"));

/** A close with 1000. */
const polite = masked(Uint8Array.of(3, 232), 8);

async function opened(url: string): Promise<Socket> {
  const { socket } = await handshake(url);
  socket!.resume();
  return socket!;
}

test("W29: 1,000 frames in one write are handled in order, and at most 64 before it is the others' turn", async () => {
  const echo = new Echo();
  const { url } = await serve(echo);
  const others = await opened(url);
  const socket = await opened(url);
  const [witness, sender] = echo.sessions;
  const counts: number[] = [];
  let handled = 0;
  echo.onFrame = (session) => {
    if (session === sender) handled += 1;
    else counts.push(handled);
  };
  const perTurn: number[] = [];
  socket.write(frames(1_000));
  others.write(masked("here"));
  while (sender!.received.length < 1_000) {
    const before = sender!.received.length;
    await turn();
    perTurn.push(sender!.received.length - before);
  }
  await until(() => witness!.received.length === 1);
  // A turn of the test's own may lie around two of the loop's.
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(128);
  expect(counts[0]).toBeLessThan(1_000);
  expect(sender!.received).toEqual(numbers(1_000));
});

test("a client that sends too fast is read no faster than it may send, and loses nothing", async () => {
  const echo = new Echo();
  const { url, clock } = await serve(echo);
  const socket = await opened(url);
  echo.onFrame = () => undefined;
  socket.write(frames(3_000));
  await until(() => echo.last.received.length === 2_000);
  for (let turns = 0; turns < 50; turns += 1) await turn();
  expect(echo.last.received).toHaveLength(2_000);
  for (let steps = 0; steps < 10; steps += 1) {
    clock.advance(50);
    for (let turns = 0; turns < 5; turns += 1) await turn();
  }
  expect(echo.last.received).toHaveLength(2_500);
  for (let steps = 0; steps < 11; steps += 1) {
    clock.advance(50);
    for (let turns = 0; turns < 5; turns += 1) await turn();
  }
  await until(() => echo.last.received.length === 3_000);
  expect(echo.last.received).toEqual(numbers(3_000));
});

test("options say how fast that is", async () => {
  const echo = new Echo();
  const { url, clock } = await serve(echo, { messageRate: { perSecond: 10, burst: 5 } });
  const socket = await opened(url);
  socket.write(frames(6));
  await until(() => echo.last.received.length === 5);
  for (let turns = 0; turns < 20; turns += 1) await turn();
  expect(echo.last.received).toHaveLength(5);
  clock.advance(100);
  await until(() => echo.last.received.length === 6);
});

test("who says much and leaves with a close frame is heard to the end, and only then gone", async () => {
  const echo = new Echo();
  const { url } = await serve(echo, { messageRate: { perSecond: 1, burst: 1 } });
  const socket = await opened(url);
  echo.onFrame = () => undefined;
  let atClose: number | undefined;
  const session = echo.last;
  void session.closed.then(() => (atClose = session.received.length));
  socket.write(Buffer.concat([frames(500), polite]));
  expect(await session.closed).toMatchObject({ code: 1000 });
  await turn();
  expect(atClose).toBe(500);
  expect(session.received).toEqual(numbers(500));
});

test("what is compressed to more than can wait is closed with 4529", async () => {
  const echo = new Echo({}, { compressFromBytes: 1, maxMessageBytes: 65_536 });
  const { url } = await serve(echo, { messageRate: { perSecond: 1, burst: 1 } });
  const headers = { "Sec-WebSocket-Extensions": "permessage-deflate" };
  const { socket } = await handshake(url, { headers });
  echo.onFrame = () => undefined;
  const deflated = deflateRawSync("x".repeat(65_536), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
  socket!.write(Buffer.concat(Array.from({ length: 18 }, () => masked(deflated, 0x41))));
  const [bytes] = (await once(socket!, "data")) as [Buffer];
  expect([bytes[0], bytes.readUInt16BE(2)]).toEqual([0x88, 4529]);
  socket!.destroy();
  expect(await echo.last.closed).toMatchObject({ code: 4529 });
  expect(echo.last.received).toHaveLength(1);
});

test.each<[object]>([[{ perSecond: 0 }], [{ burst: -1 }], [{ burst: 1.5 }], [{ perSecond: Number.NaN }]])(
  "messageRate does not take %j",
  async (messageRate) => {
    const [name = ""] = Object.keys(messageRate);
    await expect(serve(new Echo(), { messageRate })).rejects.toMatchObject({
      code: "option-invalid",
      message: expect.stringContaining(name) as string,
    });
  },
);
