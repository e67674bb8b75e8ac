import { CarillonError, toCarillonError } from "../errors/carillon-error.ts";
import type { Application } from "./application.ts";
import type { LiveConnection } from "./connection.ts";
import { intercept, type InterceptingParts } from "./intercepting.ts";
import { andThen, type Later } from "./later.ts";
import { checkEventName } from "./names.ts";
import { validate } from "./validate.ts";

/** Ends a request; only its first call counts. */
export interface Reply {
  answer(data: unknown): void;
  fail(error: CarillonError): void;
}

/** An event from a client; with `reply`, it waits for an answer. */
export interface ClientEvent {
  readonly connection: LiveConnection;
  readonly event: string;
  readonly data: unknown;
  readonly reply: Reply | undefined;
  /** Where its dialect publishes it afterwards; interceptors are told so now, and not again. */
  readonly channel?: string | undefined;
  /** The dialect's own handlers, called before the application's: by then the event was let through, and fits its schema. */
  readonly own?: ((event: string, data: unknown) => Later<void>) | undefined;
}

/** What dispatching needs. */
export interface DispatchParts extends InterceptingParts {
  readonly application: Application;
}

/**
 * Hands an event from a client to the application's handlers, in the order they were added.
 *
 * Handlers are started in order and not waited for, so that one that takes its time, or asks the client something, holds up
 * nobody. What a handler throws reaches the application and, when the client waits for an answer, the client.
 *
 * @throws {CarillonError} `event-name-invalid`, `payload-invalid`, `no-handler`
 */
export function dispatch(parts: DispatchParts, clientEvent: ClientEvent): Later<void> {
  const { connection, event, data, reply, channel } = clientEvent;
  // A gap is told in the words of each dialect; where a dialect has handlers of its own, its clients may use this one freely.
  if (event !== "gap" || !clientEvent.own) checkEventName(event);
  if (parts.application.interceptors.length === 0) return handOut(parts, clientEvent);
  const message =
    channel === undefined
      ? { connection, action: reply ? ("request" as const) : ("send" as const), event, data }
      : { connection, action: "publish" as const, channel, event, data };
  return andThen(intercept(parts, message), (isWanted) => {
    if (isWanted) return handOut(parts, { ...clientEvent, event: message.event, data: message.data });
    if (reply) throw new CarillonError("no-handler");
    return undefined;
  });
}

function handOut(
  { application, failures }: DispatchParts,
  { connection, event, data, reply, own }: ClientEvent,
): Later<void> {
  const handlers = application.handlers.find(event);
  if (handlers.length === 0 && !own) {
    if (reply) throw new CarillonError("no-handler");
    return undefined;
  }
  return andThen(validate(application.schemas, { connection, event, data }, failures), (valid) => {
    const done = own?.(event, valid);
    let waiting = reply;
    const end = (run: (reply: Reply) => void): void => {
      const first = waiting;
      waiting = undefined;
      if (first) run(first);
    };
    const incoming = {
      connection,
      event,
      data: valid,
      reply: (answer?: unknown) => end((open) => open.answer(answer)),
    };
    const failed = (cause: unknown): void => {
      // Thrown for the client, which hears it: nothing has failed.
      const isAnswer = cause instanceof CarillonError && waiting !== undefined;
      if (!isAnswer) failures.report({ error: new CarillonError("handler-failed", { cause }), connection, event });
      end((open) => open.fail(toCarillonError(cause, "handler-failed")));
    };
    for (const handler of handlers) {
      try {
        const result = handler(incoming);
        if (result instanceof Promise) result.catch(failed);
      } catch (error) {
        failed(error);
      }
    }
    return done;
  });
}
