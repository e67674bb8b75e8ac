import { CarillonError } from "../errors/carillon-error.ts";
import type { Clock } from "../platform/clock.ts";
import type { ClientMessage, ServerMessage } from "../protocol/messages.ts";
import { readError } from "./ending.ts";
import type { Outbox } from "./outbox.ts";

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

interface Pending {
  readonly question: Question<never>;
  isSent: boolean;
  release(): void;
}

/** Matches answers with what was asked; nothing is asked for ever. */
export class Requests {
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  readonly #pending = new Map<number, Pending>();
  /** Never starts over, so that a late answer can only be one to nothing. */
  #lastRef = 0;

  constructor(outbox: Outbox, clock: Clock) {
    this.#outbox = outbox;
    this.#clock = clock;
  }

  ask<Type extends ServerMessage["type"]>(question: Question<Type>): void {
    const { signal } = question;
    if (signal?.aborted) return question.reject(abortedError(signal));
    const ref = ++this.#lastRef;
    const fail = (error: CarillonError): void => this.#take(ref)?.reject(error);
    const abort = (): void => fail(abortedError(signal!));
    const timer = this.#clock.after(question.timeoutMs, () => fail(new CarillonError("timeout")));
    signal?.addEventListener("abort", abort);
    let withdraw = (): void => {};
    const pending: Pending = {
      question,
      isSent: false,
      release() {
        timer.cancel();
        signal?.removeEventListener("abort", abort);
        withdraw();
      },
    };
    this.#pending.set(ref, pending);
    try {
      withdraw = this.#outbox.post(question.message(ref), { sent: () => (pending.isSent = true), failed: fail });
    } catch (error) {
      fail(error as CarillonError);
    }
  }

  /** @returns whether the message was one that answers, known or not */
  read(message: ServerMessage): boolean {
    if (!("ref" in message) || message.ref === undefined || message.type === "request") return false;
    const pending = this.#pending.get(message.ref);
    if (pending?.isSent && (message.type === "error" || message.type === pending.question.answer)) {
      const question = this.#take(message.ref)!;
      if (message.type === "error") question.reject(readError(message));
      else question.resolve(message as never);
    }
    return true;
  }

  /** The link is gone: what was sent on it will not be answered. */
  lost(): void {
    for (const [ref, { isSent }] of this.#pending) {
      if (isSent) this.#take(ref)?.reject(new CarillonError("connection-closed"));
    }
  }

  clear(error: CarillonError): void {
    for (const ref of this.#pending.keys()) this.#take(ref)?.reject(error);
  }

  #take(ref: number): Question<never> | undefined {
    const pending = this.#pending.get(ref);
    this.#pending.delete(ref);
    pending?.release();
    return pending?.question;
  }
}

/** The error for what a signal ended. */
export function abortedError(signal: AbortSignal): CarillonError {
  return new CarillonError("aborted", { cause: signal.reason });
}
