import { CarillonError, toCarillonError } from "../errors/carillon-error.ts";
import type { ClientMessage, RequestMessage } from "../protocol/messages.ts";
import type { Handlers } from "./handlers.ts";

/** How an answer leaves. */
export interface AnsweringLine {
  /** Does nothing when the session that asked is gone. @throws {CarillonError} when it cannot be sent */
  post(message: ClientMessage): void;
  thrown(error: unknown): void;
}

/** Lets the application's handlers answer what the server requests. The first answer counts, and a failure is one. */
export function answerRequest({ ref, event, data }: RequestMessage, handlers: Handlers, line: AnsweringLine): void {
  let isAnswered = false;
  const answer = (message: ClientMessage): void => {
    if (!isAnswered) line.post(message);
    isAnswered = true;
  };
  // What cannot be sent is thrown into the handler and, from there, becomes the refusal.
  const reply = (answered: unknown): void => answer({ type: "response", ref, data: answered });
  const refuse = ({ code, message }: CarillonError): void => {
    try {
      answer({ type: "error", ref, code, message });
    } catch {
      // The server's deadline answers in its place.
    }
  };
  const thrown = (error: unknown): void => {
    refuse(toCarillonError(error, "handler-failed"));
    // A CarillonError was meant for the server, which has it now.
    if (!(error instanceof CarillonError)) line.thrown(error);
  };
  if (!handlers.call(event, [data, { event, reply }], thrown)) refuse(new CarillonError("no-handler"));
}
