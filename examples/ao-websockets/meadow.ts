import { createServer, type Server } from "carillon";
import { aoWebsockets, type AoWebsockets } from "carillon/dialects/ao-websockets";

export interface Meadow {
  readonly server: Server;
  readonly websockets: AoWebsockets;
}

/**
 * Everyone is a dot that moves. Moves are many, so they are collected, and told ten times a second; what somebody says to those
 * nearby is told at once, and to them alone.
 */
export function createMeadow(everyMs = 100): Meadow {
  const websockets = aoWebsockets();
  websockets.useBatch("dot:moved", everyMs);
  // It waits as moves do: told before the last of them, it would be undone by that.
  websockets.useBatch("dot:left", everyMs);
  websockets.subscribe("dot:*", ({ event, connection }) => {
    if (event === "dot:enter") connection.sendMessage({ event: "dot:you", payload: { id: connection.id } });
  });
  websockets.subscribe("dot:move", ({ payload, connection }) => {
    const [x, y] = [Number(payload?.["x"]), Number(payload?.["y"])];
    if (!isIn(x) || !isIn(y)) return;
    connection.set("place", { x, y });
    websockets.publish({ event: "dot:moved", payload: { id: connection.id, x, y } });
  });
  websockets.subscribe("dot:say", ({ payload, connection }) => {
    const here = connection.get("place") as Place | undefined;
    const said = { id: connection.id, text: String(payload?.["text"]).slice(0, 100) };
    websockets.publish({ event: "dot:said", payload: said }, (other) =>
      isNear(here, other.get("place") as Place | undefined),
    );
  });
  websockets.onConnectionClose(({ id }) => websockets.publish({ event: "dot:left", payload: { id } }));
  return { websockets, server: createServer({ endpoints: { "/ws": websockets } }) };
}

interface Place {
  readonly x: number;
  readonly y: number;
}

const size = 400;
const earshot = 100;

function isIn(value: number): boolean {
  return value >= 0 && value <= size;
}

function isNear(one: Place | undefined, other: Place | undefined): boolean {
  return one !== undefined && other !== undefined && Math.hypot(one.x - other.x, one.y - other.y) <= earshot;
}
