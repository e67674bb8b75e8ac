import { CarillonError, toCarillonError } from "../errors/carillon-error.ts";
import type { ClientMessage, RequestMessage } from "../protocol/messages.ts";
import type { Handlers } from "./handlers.ts";

/** How an answer leaves, and who hears what went wrong. */
export interface AnsweringLine {
  /** Does nothing when the link that asked is gone. @throws {CarillonError} when it cannot be sent */
  post(message: ClientMessage): void;
  failed(error: CarillonError): void;
  thrown(error: unknown): void;
}

/** Lets the application's handlers answer what the server requests. The first answer counts, and a failure is one. */
export function answerRequest({ ref, event, data }: RequestMessage, handlers: Handlers, line: AnsweringLine): void {
  let isAnswered = false;
  const answer = (message: ClientMessage): void => {
    if (isAnswered) return;
    try {
      line.post(message);
      isAnswered = true;
    } catch (error) {
      // When not even a refusal can be sent, the server's deadline ends it.
      if (message.type === "response") refuse(error);
      line.failed(error as CarillonError);
    }
  };
  const refuse = (error: unknown): void => {
    const { code, message } = toCarillonError(error, "handler-failed");
    answer({ type: "error", ref, code, message });
  };
  const reply = (answered: unknown): void => answer({ type: "response", ref, data: answered });
  const thrown = (error: unknown): void => {
    refuse(error);
    // A CarillonError was meant for the server, which has it now.
    if (!(error instanceof CarillonError)) line.thrown(error);
  };
  if (!handlers.call(event, [data, { event, reply }], thrown)) refuse(new CarillonError("no-handler"));
}
