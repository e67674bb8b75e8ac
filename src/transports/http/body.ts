import type { Clock } from "../../platform/clock.ts";
import type { Exchange, Fault } from "./exchange.ts";

/** How long a body may take. */
const bodyTimeoutMs = 15_000;

/** From the end of this time on, it has to come at {@link minBytesPerSecond}. */
const headStartMs = 2_000;

/** Whoever sends fewer is not slow, but sits on the connection. */
const minBytesPerSecond = 1_024;

/** Chunks are put together when there are so many: each costs more than the byte it may hold. */
const chunksKept = 256;

/** What every answer needs that leaves a part of the body unread: the rest would be taken for the next request. */
const close = { Connection: "close" };

/**
 * Reads a body of at most `maxBytes`, and hands it to `done`. What is wrong with it is answered here; a client that leaves
 * is forgotten.
 *
 * @param isExpected the client waits for 100 before it sends
 */
export function readBody(
  exchange: Exchange,
  { clock, maxBytes, isExpected }: { readonly clock: Clock; readonly maxBytes: number; readonly isExpected: boolean },
  done: (body: Buffer) => void,
): void {
  const { request, response } = exchange;
  const tooLarge: Fault = { status: 413, message: `a body has at most ${maxBytes} bytes`, headers: close };
  const { "content-length": declared, "content-encoding": encoding } = request.headers;
  if (declared !== undefined && Number(declared) > maxBytes) {
    exchange.fail(tooLarge);
    return;
  }
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    exchange.fail({ status: 415, message: "bodies are not to be compressed", headers: close });
    return;
  }
  const begun = clock.now();
  let chunks: Buffer[] = [];
  let size = 0;
  const stop = (): void => {
    timer.cancel();
    request.off("data", take).off("end", finish).off("close", stop);
  };
  const fail = (fault: Fault): void => {
    stop();
    exchange.fail(fault);
  };
  const take = (chunk: Buffer): void => {
    size += chunk.length;
    if (size > maxBytes) fail(tooLarge);
    else if (chunks.push(chunk) >= chunksKept) chunks = [Buffer.concat(chunks)];
  };
  const finish = (): void => {
    stop();
    done(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
  };
  const watch = (): void => {
    const sinceMs = clock.now() - begun;
    if (sinceMs < bodyTimeoutMs && size >= ((sinceMs - headStartMs) / 1_000) * minBytesPerSecond) {
      timer = clock.after(1_000, watch);
    } else fail({ status: 408, message: "the body did not come in time", headers: close });
  };
  let timer = clock.after(headStartMs, watch);
  request.on("data", take).on("end", finish).on("close", stop);
  // Somebody before us has seen that there is nothing.
  if (request.readableEnded) finish();
  else if (isExpected) response.writeContinue();
}
