import type { Ending, Failure } from "../engine/application.ts";
import type { Connection } from "../engine/connection.ts";
import type { ErrorFamily } from "../errors/families.ts";
import type { Answer, EventName, EventPattern, Payload } from "../events/event-map.ts";

/** An event that a client sent or requested. */
export interface Incoming<Events extends object, Data extends object, Name extends string, Content, Result> {
  readonly connection: Connection<Events, Data>;
  readonly event: Name;
  readonly data: Content;
  /** Answers a request; the first answer counts. For an event that was merely sent it does nothing. */
  readonly reply: (data?: Result) => void;
}

/** A client is connected; what is sent to it from here on arrives. */
export interface ConnectEvent<Events extends object, Data extends object> {
  readonly connection: Connection<Events, Data>;
}

/** A client is gone. Comes exactly once for each that was connected. */
export interface DisconnectEvent<Events extends object, Data extends object> extends Ending {
  readonly connection: Connection<Events, Data>;
}

/** Something failed: a handler, a hook, the broker. */
export interface ErrorEvent<Events extends object, Data extends object> extends Failure<Connection<Events, Data>> {
  /** What the error is about. */
  readonly family: ErrorFamily;
}

/** `server.on`: lifecycle events, the application's events, and patterns of them. */
export interface ServerOn<Events extends object, Data extends object> {
  (event: "connect", handler: (event: ConnectEvent<Events, Data>) => unknown): () => void;
  (event: "disconnect", handler: (event: DisconnectEvent<Events, Data>) => unknown): () => void;
  (event: "error", handler: (event: ErrorEvent<Events, Data>) => unknown): () => void;
  <Name extends EventName<Events>>(
    event: Name,
    handler: (incoming: Incoming<Events, Data, Name, Payload<Events[Name]>, Answer<Events[Name]>>) => unknown,
  ): () => void;
  (pattern: EventPattern, handler: (incoming: Incoming<Events, Data, string, unknown, unknown>) => unknown): () => void;
}
