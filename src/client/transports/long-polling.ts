import { openHttpLink } from "./http-link.ts";
import type { Transport } from "./transport.ts";

/** The transport over plain requests, one of which waits for news: it works wherever pages do. */
export function longPolling(): Transport {
  return {
    name: "long-polling",
    connect: (request) =>
      openHttpLink(request, async ({ isBinary, ready, get, frame, count }) => {
        ready();
        const answer = await get("poll");
        if (answer.status === 204) return;
        const body = isBinary ? new Uint8Array(await answer.arrayBuffer()) : await answer.text();
        frame(body);
        // Each frame of the server holds one message.
        count(request.codec.decode(body).length);
      }),
  };
}
