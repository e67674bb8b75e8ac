import { CarillonError } from "../errors/carillon-error.ts";
import type {
  HistoryMessage,
  Member,
  PublicationMessage,
  PublishMessage,
  RequestMessage,
  ServerMessage,
  SubscribeMessage,
  UnsubscribeMessage,
} from "../protocol/messages.ts";
import type { RefreshMessage } from "../protocol/token-messages.ts";
import { readError } from "./ending.ts";
import { checkMs, type Settings } from "./options.ts";
import type { Outbox, Sender } from "./outbox.ts";

type WithoutRef<Message> = Message extends unknown ? Omit<Message, "ref"> : never;

/** The messages that are answered. */
export type Asking = WithoutRef<
  SubscribeMessage | UnsubscribeMessage | PublishMessage | RequestMessage | HistoryMessage | RefreshMessage
>;

/** Whatever answers; which fields it has is the server's word, as with all its messages. */
export interface Answered {
  readonly members?: readonly Member[];
  readonly position?: string;
  readonly recovered?: boolean;
  readonly id?: string;
  readonly data?: unknown;
  readonly publications?: readonly PublicationMessage[];
  readonly top?: string;
  readonly covered?: boolean;
}

/** What is asked, and who waits for the answer. Exactly one of the two is called, at once and not in a later turn. */
export interface Question {
  /** What is asked; a `ref` is added. */
  readonly message: Asking;
  /** @default ClientOptions.requestTimeoutMs */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  resolve(answer: Answered): void;
  reject(error: CarillonError): void;
}

interface Pending extends Sender {
  readonly question: Question;
  release(): void;
}

/** Matches answers with what was asked; nothing is asked for ever. */
export interface Requests {
  /**
   * Asks as soon as there is a connection, and connects for it.
   *
   * @throws {CarillonError} `closed`, `option-invalid`
   */
  ask(question: Question): void;
  /** Takes an answer; one that nobody waits for is ignored. */
  read(message: ServerMessage & { readonly ref?: number }): void;
  /** Nothing will be answered. */
  lost(error: CarillonError): void;
}

export function createRequests(start: () => void, outbox: Outbox, { clock, requestTimeoutMs }: Settings): Requests {
  const pending = new Map<number, Pending>();
  // Never starts over, so that a late answer can only be one to nothing.
  let lastRef = 0;

  const take = (ref: number): Question | undefined => {
    const taken = pending.get(ref);
    pending.delete(ref);
    taken?.release();
    return taken?.question;
  };

  return {
    ask(question) {
      const { timeoutMs = requestTimeoutMs, signal } = question;
      checkMs("timeoutMs", timeoutMs);
      if (signal?.aborted) return question.reject(abortedError(signal));
      start();
      const ref = ++lastRef;
      const failed = (error: CarillonError): void => take(ref)?.reject(error);
      const abort = (): void => failed(abortedError(signal!));
      const timer = clock.after(timeoutMs, () => failed(new CarillonError("timeout")));
      signal?.addEventListener("abort", abort);
      let withdraw: (() => void) | undefined;
      const asked: Pending = {
        question,
        failed,
        release() {
          timer.cancel();
          signal?.removeEventListener("abort", abort);
          withdraw?.();
        },
      };
      pending.set(ref, asked);
      try {
        withdraw = outbox.post({ ...question.message, ref }, asked);
      } catch (error) {
        failed(error as CarillonError);
      }
    },
    read(message) {
      const question = take(message.ref!);
      if (message.type === "error") question?.reject(readError(message));
      else question?.resolve(message as Answered);
    },
    lost(error) {
      for (const ref of pending.keys()) take(ref)?.reject(error);
    },
  };
}

/** The error for what a signal ended. */
export function abortedError(signal: AbortSignal): CarillonError {
  return new CarillonError("aborted", { cause: signal.reason });
}
