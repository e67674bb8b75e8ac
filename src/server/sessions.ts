import { closeCodes, type CloseName } from "../errors/close-codes.ts";
import type { Session } from "../dialects/dialect.ts";
import type { Wire, WireHandler } from "../engine/ports/wire.ts";
import type { Clock } from "../platform/clock.ts";

/** The sessions whose wires are open, so that a server can end them all. */
export class Sessions {
  readonly #wires = new Set<Wire>();
  #emptied: (() => void) | undefined;

  get size(): number {
    return this.#wires.size;
  }

  /** Remembers the wire until it is closed. */
  watch(wire: Wire, session: Session): WireHandler {
    this.#wires.add(wire);
    return {
      receive: (frame) => session.receive(frame),
      closed: (code, reason) => {
        this.#wires.delete(wire);
        session.closed(code, reason);
        if (this.#wires.size === 0) this.#emptied?.();
      },
    };
  }

  /** Closes all wires, waits for the peers, and cuts off those that take longer than `timeoutMs`. */
  async closeAll(name: CloseName, clock: Clock, timeoutMs: number): Promise<void> {
    const { code, meaning } = closeCodes[name];
    const emptied = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    for (const wire of this.#wires) wire.close(code, meaning);
    if (this.#wires.size === 0) return;
    const timer = clock.after(timeoutMs, () => {
      for (const wire of this.#wires) wire.destroy();
    });
    await emptied;
    timer.cancel();
  }
}
