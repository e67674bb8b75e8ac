import type { LiveConnection } from "../../engine/connection.ts";
import type { Engine } from "../../engine/engine.ts";
import { andThen, type Later } from "../../engine/later.ts";
import type { Joined } from "../../engine/membership.ts";
import { CarillonError } from "../../errors/carillon-error.ts";
import { published } from "./encoder.ts";

/** Puts a client into a room, which is a channel, by the server's decision; nothing happens when it is in it. */
export function joinRoom(engine: Engine, connection: LiveConnection, room: string): Promise<void> {
  if (connection.subscriptions.has(room)) return Promise.resolve();
  return settled(() => andThen(engine.joinUnasked(connection, room), (joined) => beginIn(connection, room, joined)));
}

/** Tells a client who is in the room, where that is shown, and lets it hear what is said there. */
export function beginIn(connection: LiveConnection, room: string, { members, start }: Joined): void {
  connection.deliver({ kind: "subscribed", channel: room, ...(members && { members }) });
  start();
}

/** Reaches everyone in the room, on every node and in every dialect. */
export function publishIn(engine: Engine, room: string, event: string, data: unknown): Promise<void> {
  return settled(() =>
    andThen(engine.publish(engine.compose({ channel: room, data, ...published(event) })), () => undefined),
  );
}

/** As {@link publishIn}; whoever is in more than one of the rooms hears it once. */
export function publishInAll(engine: Engine, rooms: Iterable<string>, event: string, data: unknown): Promise<void> {
  return settled(() => {
    const [first, ...others] = Array.from(new Set(rooms), (channel) =>
      engine.compose({ channel, data, ...published(event) }),
    );
    if (!first) return undefined;
    const { id, time } = first;
    const publications = [first, ...others.map((publication) => ({ ...publication, id, time }))];
    return engine.signal({ kind: "union", publications });
  });
}

/** At once where it can be, and always a promise, which may be dropped. */
function settled(run: () => Later<void>): Promise<void> {
  let promise: Promise<void>;
  try {
    promise = Promise.resolve(run());
  } catch (error) {
    promise = Promise.reject(error);
  }
  // Left while it was being let in: that is where it wanted to be.
  const done = promise.catch((error: unknown) => {
    if (!(error instanceof CarillonError) || error.code !== "closed") throw error;
  });
  done.catch(() => undefined);
  return done;
}
