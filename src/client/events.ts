import type { CarillonError } from "../errors/carillon-error.ts";
import type { EventName, Payload } from "../events/event-map.ts";

/** The events of an application's map; those of {@link LifecycleEvents} are not its own. */
export type ClientEventName<Events extends object> = Exclude<EventName<Events>, keyof LifecycleEvents>;

/** The events that can be requested: those whose meaning is a function, or not known. */
export type RequestName<Events extends object> = {
  [Name in ClientEventName<Events>]: unknown extends Events[Name]
    ? Name
    : Events[Name] extends (data: never) => unknown
      ? Name
      : never;
}[ClientEventName<Events>];

/** `data` as a parameter: it may be left out when it may be `undefined`. */
export type DataParameter<Meaning> =
  undefined extends Payload<Meaning> ? [data?: Payload<Meaning>] : [data: Payload<Meaning>];

/** What a handler learns besides the data. */
export interface EventContext<Reply> {
  readonly event: string;
  /** Answers when the server requested the event; the first reply counts. Does nothing for an event that was sent. */
  reply(answer: Reply): void;
}

/** Called with what the server sends. A handler that throws or rejects harms no other; see the event `error`. */
export type EventHandler<Data, Reply> = (data: Data, context: EventContext<Reply>) => unknown;

/** What happens to the client itself. */
export interface LifecycleEvents {
  /** The connection is open. */
  readonly connect: ConnectEvent;
  /** An open connection ended. */
  readonly disconnect: DisconnectEvent;
  /** Something failed that nobody waits for: a handler, a sent message, a subscription after a reconnect. */
  readonly error: CarillonError;
  /** Publications of a channel were missed; comes before anything newer. */
  readonly gap: GapEvent;
}

/** The connection is open, for the first time or again. */
export interface ConnectEvent {
  /** Successful reconnections so far; 0 for the first connection. */
  readonly reconnects: number;
  /** How many tries it took. */
  readonly attempts: number;
  /** The connection's id. */
  readonly connection: string;
  /** It is the connection from before: nothing was missed, and everything that was asked is still being answered. */
  readonly resumed: boolean;
}

/** Publications that were missed for good. */
export interface GapEvent {
  readonly channel: string;
  /** The last position before the gap; absent when none is known. */
  readonly from?: string | undefined;
  /** What comes next was published after it; absent on channels without history. */
  readonly to?: string | undefined;
  /**
   * - `"expired"`: the history does not go back as far
   * - `"reset"`: the history began anew
   * - `"too-much"`: more was missed than a server replays at once; `channel.history` has it
   * - `"no-history"`: the channel keeps none
   */
  readonly reason: "expired" | "reset" | "too-much" | "no-history";
}

/** An open connection ended: how, and whether the client comes back by itself. */
export interface DisconnectEvent {
  /** A WebSocket close code. @see PROTOCOL.md, section 11 */
  readonly code: number;
  readonly reason: string;
  readonly willReconnect: boolean;
  /** Absent when the application closed the client. */
  readonly cause?: CarillonError;
}
