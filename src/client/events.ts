import type { CarillonError } from "../errors/carillon-error.ts";

/**
 * The types behind an application's event map: the one generic that server and client share.
 *
 * A key is an event name. A value is the payload, or, for events that are requested, a function from payload to answer.
 *
 * @example
 * ```ts
 * interface Events {
 *   chat: { user: string; text: string };
 *   add: (numbers: { a: number; b: number }) => number;
 * }
 * ```
 */
export type EventName<Events extends object> = Exclude<Extract<keyof Events, string>, keyof LifecycleEvents>;

/** The events that can be requested: those whose meaning is a function, or not known. */
export type RequestName<Events extends object> = {
  [Name in EventName<Events>]: unknown extends Events[Name]
    ? Name
    : Events[Name] extends (data: never) => unknown
      ? Name
      : never;
}[EventName<Events>];

/** What is sent with an event. */
export type Payload<Meaning> = Meaning extends () => unknown
  ? undefined
  : Meaning extends (data: infer Data) => unknown
    ? Data
    : Meaning;

/** What a request of an event is answered with. */
export type Answer<Meaning> = Meaning extends (data: never) => infer Result ? Awaited<Result> : unknown;

/** `data` as a parameter: it may be left out when it may be `undefined`. */
export type DataParameter<Meaning> =
  undefined extends Payload<Meaning> ? [data?: Payload<Meaning>] : [data: Payload<Meaning>];

/** `"user:*"` means every event that begins with `user:`, `"*"` every event. */
export type EventPattern = `${string}*`;

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
}

export interface ConnectEvent {
  /** Successful reconnections so far; 0 for the first connection. */
  readonly reconnects: number;
  /** How many tries it took. */
  readonly attempts: number;
  /** The connection's id. */
  readonly connection: string;
}

export interface DisconnectEvent {
  /** A WebSocket close code. @see PROTOCOL.md, section 9 */
  readonly code: number;
  readonly reason: string;
  readonly willReconnect: boolean;
  /** Absent when the application closed the client. */
  readonly cause?: CarillonError;
}
