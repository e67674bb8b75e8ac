import type { LiveConnection } from "../../engine/connection.ts";
import type { Engine } from "../../engine/engine.ts";
import { andThen, isPending, type Later } from "../../engine/later.ts";
import { isEventName } from "../../engine/names.ts";
import type { PublishRequest } from "../../engine/publishing.ts";
import { CarillonError } from "../../errors/carillon-error.ts";
import { dialectName } from "./encoder.ts";
import type { ClientMessage } from "./messages.ts";
import type { Room } from "./room.ts";

/** What an owner does in its room. */
export interface OwnAction {
  readonly room: Room;
  readonly owner: LiveConnection;
  readonly message: ClientMessage;
  /** The dialect has asked in its own way. */
  readonly isAuthorized: boolean;
}

/**
 * Publishes an action to the others in its room, in the owner's own words, and keeps it when it is state.
 *
 * @throws {CarillonError} as `publishFrom` does
 */
export function act(engine: Engine, { room, owner, message, isAuthorized }: OwnAction): Later<void> {
  const { funcKey, funcParams, isState, text } = message;
  const stateKey = isState ? room.stateKey(funcKey) : undefined;
  // Guests get the text; names that only this dialect has are told to the others as a message without a name.
  const event = isEventName(funcKey) ? funcKey : "message";
  const request: PublishRequest = { channel: room.uuid, event, data: funcParams, echo: false };
  const terms = { source: { dialect: dialectName, text }, isAuthorized };
  const publish = (wanted: PublishRequest): Later<void> =>
    andThen(engine.publishFrom(owner, wanted, terms), () => undefined);
  if (stateKey === undefined) return publish(request);
  const failed = (error: unknown): Later<void> => {
    if (!(error instanceof CarillonError && error.code === "limit-exceeded")) throw error;
    // Those who are there hear it anyway.
    engine.report({ error, connection: owner, channel: room.uuid, event });
    return publish(request);
  };
  try {
    const done = andThen(publish({ ...request, stateKey }), () => room.kept(funcKey, stateKey));
    return isPending(done) ? done.catch(failed) : undefined;
  } catch (error) {
    return failed(error);
  }
}
