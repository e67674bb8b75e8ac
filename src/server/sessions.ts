import { closeCodes } from "../errors/close-codes.ts";
import type { Session } from "../dialects/dialect.ts";
import { andThen } from "../engine/later.ts";
import type { Wire, WireHandler } from "../engine/ports/wire.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Random } from "../platform/random.ts";

/** So few go at once. */
const fewSessions = 100;

/** Clients beyond that leave one after another, so that they do not all knock at another server in the same moment. */
const msPerSession = 1;

/** How sessions end. */
export interface Draining {
  readonly clock: Clock;
  readonly random: Pick<Random, "next">;
  /** Then those that are left are cut off. */
  readonly timeoutMs: number;
}

/** The sessions that are not over, so that a server can end them all. */
export class Sessions {
  readonly #open = new Map<Wire, Session>();
  #emptied: (() => void) | undefined;

  get size(): number {
    return this.#open.size;
  }

  /** Remembers the session until it is over. @param left called when its wire is closed */
  watch(wire: Wire, session: Session, left?: () => void): WireHandler {
    this.#open.set(wire, session);
    return {
      receive: (frame) => session.receive(frame),
      ...(session.ponged && { ponged: () => session.ponged?.() }),
      closed: (code, reason) => {
        left?.();
        void andThen(session.closed(code, reason), () => this.#forget(wire));
      },
    };
  }

  /** Lets all clients go, each at a moment of its own in the first half of the time, and waits until they have gone. */
  async drain({ clock, random, timeoutMs }: Draining): Promise<void> {
    if (this.#open.size === 0) return;
    const emptied = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    const spreadMs = this.#open.size <= fewSessions ? 0 : Math.min(timeoutMs / 2, this.#open.size * msPerSession);
    const timers: Timer[] = [clock.after(timeoutMs, () => this.#cut())];
    for (const [wire, session] of this.#open) {
      if (spreadMs === 0) letGo(wire, session);
      else timers.push(clock.after(random.next() * spreadMs, () => letGo(wire, session)));
    }
    await emptied;
    for (const timer of timers) timer.cancel();
  }

  #forget(wire: Wire): void {
    this.#open.delete(wire);
    if (this.#open.size === 0) this.#emptied?.();
  }

  #cut(): void {
    for (const wire of this.#open.keys()) wire.destroy();
  }
}

function letGo(wire: Wire, session: Session): void {
  if (session.drain) session.drain();
  else wire.close(closeCodes.moved.code, closeCodes.moved.meaning);
}
