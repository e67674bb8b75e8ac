import type { Client } from "./client.ts";
import { createClient as createClientOver } from "./create-client.ts";
import type { ClientOptions } from "./options.ts";
import { longPolling } from "./transports/long-polling.ts";
import { sse } from "./transports/sse.ts";
import type { Transport } from "./transports/transport.ts";
import { webSocket } from "./transports/websocket.ts";

/**
 * Makes a client of the server at `url`. It connects with the first `connect()`, subscription or message.
 *
 * http and https mean ws and wss; in a browser the address may be relative to the page.
 *
 * @throws {CarillonError} `option-invalid`
 *
 * @example
 * ```ts
 * const client = createClient<Events>("wss://example.com/carillon", { token: () => fetchToken() });
 * const lobby = client.channel("lobby");
 * lobby.on("chat", ({ user, text }) => console.log(user, text));
 * await lobby.subscribe();
 * await lobby.publish("chat", { user: "ada", text: "hi" });
 * ```
 */
export function createClient<Events extends object = Record<string, unknown>>(
  url: string | URL,
  options: ClientOptions = {},
): Client<Events> {
  return createClientOver<Events>(url, { ...options, transports: options.transports ?? platformTransports() });
}

/** What the platform can do. */
function platformTransports(): readonly Transport[] {
  return [...(globalThis.WebSocket ? [webSocket()] : []), ...("fetch" in globalThis ? [sse(), longPolling()] : [])];
}
