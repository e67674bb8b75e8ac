import { CarillonError, toCarillonError } from "../errors/carillon-error.ts";
import type { Application } from "./application.ts";
import type { LiveConnection } from "./connection.ts";
import type { Failures } from "./failures.ts";
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
}

/**
 * Hands an event from a client to the application's handlers, in the order they were added.
 *
 * Handlers are started in order and not waited for, so that one that takes its time, or asks the client something, holds up
 * nobody. What a handler throws reaches the application and, when the client waits for an answer, the client.
 *
 * @throws {CarillonError} `event-name-invalid`, `payload-invalid`, `no-handler`
 */
export function dispatch(
  application: Application,
  failures: Failures,
  { connection, event, data, reply }: ClientEvent,
): Later<void> {
  checkEventName(event);
  const handlers = application.handlers.find(event);
  if (handlers.length === 0) {
    if (reply) throw new CarillonError("no-handler");
    return undefined;
  }
  return andThen(validate(application.schemas, { connection, event, data }, failures), (valid) => {
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
  });
}
