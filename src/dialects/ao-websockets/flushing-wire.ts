import { WireAround } from "../wire-around.ts";

/** A wire on which what waits in batches is sent before this side closes it. */
export class FlushingWire extends WireAround {
  /** Set once there may be something that waits. */
  flush: (() => void) | undefined;

  override close(code?: number, reason?: string): void {
    this.flush?.();
    super.close(code, reason);
  }
}
