import type { Delivery } from "../delivery.ts";
import type { Packet } from "./wire.ts";

/**
 * Puts deliveries into the words of one dialect.
 *
 * - Connections that would get the same bytes MUST share one encoder object; the engine encodes once for all of them.
 * - `undefined` means that this dialect has no word for it, and nothing is sent.
 * - It MUST depend on the delivery alone.
 */
export interface Encoder {
  encode(delivery: Delivery): Packet | undefined;
}
