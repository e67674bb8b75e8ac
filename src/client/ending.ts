import { CarillonError } from "../errors/carillon-error.ts";
import { mayReconnect } from "../errors/close-codes.ts";
import { errorCodes, type ErrorCode } from "../errors/codes.ts";
import type { ErrorMessage } from "../protocol/messages.ts";

/** How a conversation with the server ended, and what that means for coming back. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
  readonly cause: CarillonError;
  /** The same client would be turned away again. */
  readonly final: boolean;
  /** Another token would help. */
  readonly expired: boolean;
}

/** The server's close codes in the words of the error table; the others only say that the connection is gone. */
const errorOfCloseCode: Readonly<Record<number, ErrorCode>> = {
  1000: "closed",
  1009: "payload-too-large",
  4400: "bad-request",
  4401: "unauthorized",
  4402: "token-expired",
  4403: "forbidden",
  4410: "closed",
  4500: "internal",
  4504: "timeout",
  4529: "rate-limited",
};

/** Reads a close code. `told` is the error that the server sent before; `otherwise` is for codes that say nothing. */
export function readEnding(code: number, reason: string, told: CarillonError | undefined, otherwise: ErrorCode): Ending {
  const message = `the connection was closed with ${code}${reason && `: ${reason}`}`;
  return {
    code,
    reason,
    cause: told ?? new CarillonError(errorOfCloseCode[code] ?? otherwise, { message }),
    final: !mayReconnect(code),
    expired: code === 4402 || told?.code === "token-expired",
  };
}

/** An error as the server told it. A code that is newer than this client becomes `internal`. */
export function readError({ code, message, details }: ErrorMessage): CarillonError {
  return Object.hasOwn(errorCodes, code)
    ? new CarillonError(code as ErrorCode, { message, details })
    : new CarillonError("internal", { message: `${message} (${code})`, details });
}
