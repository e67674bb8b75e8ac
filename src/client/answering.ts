import { toCarillonError, CarillonError } from "../errors/carillon-error.ts";
import type { ClientMessage, RequestMessage } from "../protocol/messages.ts";
import type { Handlers } from "./handlers.ts";

/** How an answer leaves. */
export interface AnsweringLine {
  /** @throws {CarillonError} when it cannot be sent */
  post(message: ClientMessage): void;
  thrown(error: unknown): void;
}

/** Lets the application's handlers answer what the server requests. The first answer counts, and a failure is one. */
export function answerRequest({ ref, event, data }: RequestMessage, handlers: Handlers, line: AnsweringLine): void {
  let isAnswered = false;
  const refuse = ({ code, message }: CarillonError): void => line.post({ type: "error", ref, code, message });
  const answer = (give: () => void): void => {
    if (isAnswered) return;
    isAnswered = true;
    try {
      give();
    } catch (error) {
      refuse(toCarillonError(error, "handler-failed"));
    }
  };
  const reply = (answered: unknown): void => answer(() => line.post({ type: "response", ref, data: answered }));
  const thrown = (error: unknown): void => {
    answer(() => refuse(toCarillonError(error, "handler-failed")));
    // A CarillonError was meant for the server, which has it now.
    if (!(error instanceof CarillonError)) line.thrown(error);
  };
  if (!handlers.call(event, [data, { event, reply }], thrown)) refuse(new CarillonError("no-handler"));
}
