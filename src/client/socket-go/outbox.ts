import { CarillonError } from "../../errors/carillon-error.ts";
import type { Clock, Timer } from "../../platform/clock.ts";
import { bytesOf } from "../transports/joining.ts";
import type { SocketGoLink } from "./link.ts";
import type { SocketGoSettings } from "./options.ts";

/** So many may wait for a batch, or for a link that is slow. */
const maxBatched = 1_000;
const maxWaiting = 100;
/** A link with so many bytes that have not left is given nothing more. */
const maxBufferedBytes = 1_048_576;
/** How often a link that is slow is looked at, because it does not say when it has room. */
const drainMs = 10;
/** What the header of a frame may add to it. */
const headerBytes = 14;

/** What leaves over one link. */
export interface Outbox {
  /** @throws {CarillonError} `queue-full` */
  post(frame: string): void;
  /** Everything that waits leaves now. */
  flush(): void;
  stop(): void;
}

/** @param stuck what was written has not left in time */
export function createOutbox(link: SocketGoLink, settings: OutboxSettings, stuck: () => void): Outbox {
  const { clock, batch, writeTimeoutMs } = settings;
  const waiting: string[] = [];
  let timer: Timer | undefined;
  let deadline: Timer | undefined;
  let written = 0;

  const watch = (): void => {
    const due = written;
    deadline = clock.after(writeTimeoutMs, () => {
      deadline = undefined;
      if (link.bufferedBytes === 0) return;
      if (written - link.bufferedBytes < due) stuck();
      else watch();
    });
  };
  const write = (frame: string): void => {
    written += bytesOf(frame) + headerBytes;
    link.send([frame]);
    if (!deadline && !link.isSelfTimed && link.bufferedBytes > 0) watch();
  };
  const drain = (): void => {
    timer?.cancel();
    timer = undefined;
    while (waiting.length > 0 && link.bufferedBytes < maxBufferedBytes) write(waiting.shift()!);
    if (waiting.length > 0) timer = clock.after(drainMs, drain);
  };

  return {
    post(frame) {
      if (waiting.length >= (batch ? maxBatched : maxWaiting)) {
        throw new CarillonError("queue-full", { message: batch ? "message buffer full" : "send buffer full" });
      }
      waiting.push(frame);
      if (!batch || waiting.length >= batch.size) drain();
      else timer ??= clock.after(batch.intervalMs, drain);
    },
    flush() {
      for (const frame of waiting.splice(0)) write(frame);
    },
    stop() {
      timer?.cancel();
      deadline?.cancel();
    },
  };
}

/** What an outbox goes by. */
export type OutboxSettings = Pick<SocketGoSettings, "batch" | "writeTimeoutMs"> & { readonly clock: Clock };
