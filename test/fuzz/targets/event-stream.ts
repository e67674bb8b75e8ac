import { sse } from "../../../src/client/transports/sse.ts";
import { CarillonError } from "../../../src/errors/carillon-error.ts";
import { createJsonCodec } from "../../../src/protocol/codec.ts";
import { joinFrames, splitFrames } from "../frames.ts";
import { must, texts, type Target } from "../target.ts";

const codec = createJsonCodec();

/** What a client reads out of a stream of server-sent events, in chunks as they come over the network. */
export const eventStream: Target = {
  name: "event-stream",
  corpus: [
    joinFrames(texts("id: 0\n\n", 'data: {"type":"connected"}\n\nid: 1\n\n', 'data: {"type":"pong"}\n\n')),
    joinFrames(texts('data: {"a":\ndata: 1}\n\n: comment\n\nevent: bytes\nda', "ta: AQID\n\n")),
    joinFrames(texts("data: x\n\n", 'event: close\ndata: {"code":4408,"reason":"timeout"}\n\n')),
    joinFrames(texts("data: é", "\n", "\n", "data\n\ndata:\n\n", "retry: 10\n\nevent:bytes\ndata:AA==\n\n")),
  ],
  words: [
    "data: ",
    "event: ",
    "\n\n",
    "\r\n\r\n",
    "\n",
    "id: ",
    "event: close\n",
    '{"code":1000}',
    "null",
    ":",
    "bytes",
  ],
  executions: 500,
  async run(input) {
    const chunks = splitFrames(input).filter(({ length }) => length > 0);
    if (chunks.length === 0) return;
    const [cut, whole] = [await readStream(chunks), await readStream([Buffer.concat(chunks)])];
    must(JSON.stringify(cut) === JSON.stringify(whole), "chunks change what is read");
  },
};

interface Read {
  readonly frames: readonly unknown[];
  readonly closed: readonly unknown[];
}

/** Reads one stream through the transport, to its end. */
export async function readStream(chunks: readonly Uint8Array[]): Promise<Read> {
  const { fetch } = globalThis;
  const frames: unknown[] = [];
  const closed: unknown[] = [];
  let streams = 0;
  globalThis.fetch = (request) => {
    const url = request as string;
    if (url.includes("/open?")) return Promise.resolve(Response.json({ link: "1" }));
    if (!url.includes("/sse?") || (streams += 1) > 1) return Promise.resolve(new Response("", { status: 400 }));
    return Promise.resolve(new Response(streamOf(chunks)));
  };
  const wanted = new AbortController();
  try {
    const link = await sse().connect({ url: "ws://localhost/carillon", codec, signal: wanted.signal });
    await new Promise<void>((resolve) => {
      link.receive({
        frame(frame) {
          must(closed.length === 0, "a frame after the end");
          frames.push(typeof frame === "string" ? frame : [...frame]);
        },
        closed(code, reason) {
          closed.push([code, reason]);
          resolve();
        },
      });
    });
  } catch (error) {
    if (!(error instanceof CarillonError && error.code === "connect-failed")) throw error;
    closed.push("connect-failed");
  } finally {
    wanted.abort();
    globalThis.fetch = fetch;
  }
  must(closed.length === 1, "closed more than once");
  return { frames, closed };
}

function streamOf(chunks: readonly Uint8Array[]): ReadableStream {
  let next = 0;
  return new ReadableStream({
    pull(controller) {
      if (next < chunks.length) controller.enqueue(chunks[next++]);
      else controller.close();
    },
  });
}
