import { WebSocket } from "ws";

/** Answers a peer's close frame with its code alone, as most servers do: `ws` would repeat the reason. */
export class TerseWebSocket extends WebSocket {
  /** Told before the close frame, also when `ws` writes it by itself: to answer the peer's, or because of a broken frame. */
  closing: ((code: number | undefined) => void) | undefined;

  /** @param reason our own is text; the peer's, which `ws` hands on from its frame, is bytes */
  override close(code?: number, reason?: string | Buffer): void {
    this.closing?.(code);
    super.close(code, typeof reason === "string" ? reason : undefined);
  }
}
