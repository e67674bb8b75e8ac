import { WireAround } from "../dialects/wire-around.ts";
import type { Frame, Wire, WireHandler } from "../engine/ports/wire.ts";
import { closeCodes } from "../errors/close-codes.ts";
import type { Clock } from "../platform/clock.ts";
import type { MessageRate } from "../transports/pace.ts";
import { Intake } from "../transports/websocket/intake.ts";

/** A wire that an application has opened: it is read at the pace that all clients have. */
export class OwnWire extends WireAround {
  readonly #intake: Intake;
  #handler: WireHandler | undefined;

  constructor(wire: Wire, clock: Clock, rate: MessageRate) {
    super(wire);
    this.#intake = new Intake({
      clock,
      rate,
      source: wire,
      receive: (frame: Frame) => this.#handler?.receive(frame),
      flooded: () => this.close(closeCodes["rate-limited"].code, closeCodes["rate-limited"].meaning),
    });
  }

  /** @returns what the wire is to report to */
  serve(handler: WireHandler): WireHandler {
    this.#handler = handler;
    return {
      receive: (frame) => this.#intake.take(frame),
      closed: (code, reason) => this.#intake.finish(() => handler.closed(code, reason)),
      ...(handler.ponged && { ponged: () => handler.ponged?.() }),
    };
  }

  override pause(): void {
    this.#intake.pause();
  }

  override resume(): void {
    this.#intake.resume();
  }

  override close(code?: number, reason?: string): void {
    this.#intake.end();
    super.close(code, reason);
  }

  override destroy(): void {
    this.#intake.end();
    super.destroy();
  }
}
