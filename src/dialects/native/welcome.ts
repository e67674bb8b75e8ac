import type { LiveConnection } from "../../engine/connection.ts";
import type { ConnectedMessage } from "../../protocol/messages.ts";
import type { NativeOptions } from "./options.ts";

/** What a client is told when it is in. */
export function welcomeOf(
  { id, userId }: LiveConnection,
  { heartbeatMs, maxMessageBytes }: Required<NativeOptions>,
  secret: string | undefined,
): ConnectedMessage {
  return {
    type: "connected",
    connection: id,
    ...(userId !== undefined && { user: userId }),
    heartbeatMs,
    maxMessageBytes,
    ...(secret !== undefined && { session: secret }),
  };
}
