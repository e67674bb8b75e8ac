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
export type EventName<Events extends object> = Extract<keyof Events, string>;

/** What is sent with an event. */
export type Payload<Meaning> = Meaning extends (data: infer Data) => unknown ? Data : Meaning;

/** What a request of an event is answered with. */
export type Answer<Meaning> = Meaning extends (data: never) => infer Result ? Awaited<Result> : unknown;

/** `"user:*"` means every event that begins with `user:`, `"*"` every event. */
export type EventPattern = `${string}*`;
