import { createServer, type Server } from "carillon";
import { goWs, type GoWs } from "carillon/dialects/go-ws";

export interface Hall {
  readonly server: Server;
  readonly hub: GoWs;
}

/**
 * A public channel for all, a presence channel that shows who is there, a private channel for each user, and whispers.
 *
 * A token is a name here; where it matters, it is a signed one.
 */
export function createHall(): Hall {
  const hub = goWs({
    getUserId: ({ url }) => url.searchParams.get("token")?.slice(0, 20) || undefined,
    authHandler: (userId, channel) => channel.startsWith("presence-") || channel === `private-${userId}`,
    enableWhispers: true,
    whisperMiddleware: ({ event }) => event === "typing",
    onConnect: ({ metadata, userId }) => metadata.set("name", userId),
  });
  const server = createServer({ endpoints: { "/ws": hub } });
  // Whoever is mentioned is told so, and nobody else.
  void server.channel("chat").subscribe(({ data, from }) => {
    const text = String((data as { text?: unknown } | null)?.text);
    for (const [, name] of text.matchAll(/@(\w+)/g)) {
      const note = { text: `${from?.user} mentions you` };
      void hub.broadcast({ channelName: `private-${name}`, event: "note", data: note, senderId: "hall" });
    }
  });
  return { hub, server };
}
