import { CarillonError } from "../errors/carillon-error.ts";
import type { Clock } from "../platform/clock.ts";
import type { ClientMessage, ServerMessage } from "../protocol/messages.ts";
import { readError } from "./ending.ts";
import type { Outbox, Sender } from "./outbox.ts";

/** The messages that answer something, by their type. */
export type AnswerTo<Type extends ServerMessage["type"]> = Extract<ServerMessage, { readonly type: Type }>;

/** What is asked, and who waits for the answer. Exactly one of the two is called, at once and not in a later turn. */
export interface Question<Type extends ServerMessage["type"]> {
  /** Anything else with the same `ref` is no answer. */
  readonly answer: Type;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  message(ref: number): ClientMessage;
  resolve(answer: AnswerTo<Type>): void;
  reject(error: CarillonError): void;
}

interface Pending extends Sender {
  /** A question, whatever its answer. */
  readonly question: {
    readonly answer: string;
    resolve(answer: never): void;
    reject(error: CarillonError): void;
  };
  release(): void;
}

/** Matches answers with what was asked; nothing is asked for ever. */
export interface Requests {
  ask<Type extends ServerMessage["type"]>(question: Question<Type>): void;
  /** Takes an answer; one that nobody waits for, or of another kind than was asked for, is ignored. */
  read(message: ServerMessage, ref: number): void;
  /** The link is gone, and what was sent on it will not be answered; with an error, nothing will. */
  lost(error?: CarillonError): void;
}

export function createRequests(outbox: Outbox, clock: Clock): Requests {
  const pending = new Map<number, Pending>();
  // Never starts over, so that a late answer can only be one to nothing.
  let lastRef = 0;

  const take = (ref: number): Pending["question"] | undefined => {
    const taken = pending.get(ref);
    pending.delete(ref);
    taken?.release();
    return taken?.question;
  };

  return {
    ask(question) {
      const { signal } = question;
      if (signal?.aborted) return question.reject(abortedError(signal));
      const ref = ++lastRef;
      const failed = (error: CarillonError): void => take(ref)?.reject(error);
      const abort = (): void => failed(abortedError(signal!));
      const timer = clock.after(question.timeoutMs, () => failed(new CarillonError("timeout")));
      signal?.addEventListener("abort", abort);
      let withdraw = (): void => {};
      const asked: Pending = {
        question,
        failed,
        release() {
          timer.cancel();
          signal?.removeEventListener("abort", abort);
          withdraw();
        },
      };
      pending.set(ref, asked);
      try {
        withdraw = outbox.post(question.message(ref), asked);
      } catch (error) {
        failed(error as CarillonError);
      }
    },
    read(message, ref) {
      const asked = pending.get(ref);
      if (!asked?.isSent) return;
      if (message.type === "error") take(ref)!.reject(readError(message));
      else if (message.type === asked.question.answer) take(ref)!.resolve(message as never);
    },
    lost(error) {
      for (const [ref, { isSent }] of pending) {
        if (isSent || error) take(ref)?.reject(error ?? new CarillonError("connection-closed"));
      }
    },
  };
}

/** The error for what a signal ended. */
export function abortedError(signal: AbortSignal): CarillonError {
  return new CarillonError("aborted", { cause: signal.reason });
}
