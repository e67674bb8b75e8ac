import { CarillonError } from "../errors/carillon-error.ts";
import { errorCodes, type ErrorCode } from "../errors/codes.ts";
import type { ErrorMessage } from "../protocol/messages.ts";

/** How a conversation with the server ended. */
export interface Ending {
  /** What the server closed with; 1002 when it could not be understood, 1006 when there was no word, 4504 when nothing came. */
  readonly code: number;
  readonly reason: string;
  readonly cause: CarillonError;
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

/** Reads a close code; `otherwise` is for those that say nothing. */
export function closeError(code: number, reason: string, otherwise: ErrorCode): CarillonError {
  const message = `the connection was closed with ${code} ${reason}`.trim();
  return new CarillonError(errorOfCloseCode[code] ?? otherwise, { message });
}

/** An error as the server told it. A code that is newer than this client becomes `internal`. */
export function readError({ code, message, details }: ErrorMessage): CarillonError {
  return Object.hasOwn(errorCodes, code)
    ? new CarillonError(code as ErrorCode, { message, details })
    : new CarillonError("internal", { message: `${message} (${code})`, details });
}
