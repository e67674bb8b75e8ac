import { createServer, type Server } from "carillon";
import { rtbroadcaster, type Rtbroadcaster } from "carillon/dialects/rtbroadcaster";

export interface Talk {
  readonly server: Server;
  readonly rooms: Rtbroadcaster;
}

/**
 * Talks with slides: a speaker turns the pages, and whoever looks sees the same page, also who comes late, because the page is
 * state. When the speaker leaves, the talk is over.
 */
export function createTalks(): Talk {
  const rooms = rtbroadcaster({ ownerLeaves: "close", maxRooms: 100 });
  return { rooms, server: createServer({ endpoints: { "/broadcasting": rooms, "/broadcast": rooms } }) };
}
