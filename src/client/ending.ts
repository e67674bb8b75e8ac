import { CarillonError } from "../errors/carillon-error.ts";
import { errorCodes, type ErrorCode } from "../errors/codes.ts";
import type { ErrorMessage } from "../protocol/messages.ts";

/** How a conversation with the server ended. */
export interface Ending {
  /** What the server closed with; 1002 if it could not be understood, 1006 without a word, 4504 if nothing came. */
  readonly code: number;
  readonly reason: string;
  readonly cause: CarillonError;
}

/** The server's close codes in the words of the error table; the others only say that the connection is gone. */
const errorOfCloseCode: Readonly<Record<number, ErrorCode>> = {
  1000: "closed",
  4401: "unauthorized",
  4402: "token-expired",
  4403: "forbidden",
  4410: "closed",
};

/** Reads a close code; `otherwise` is for those that say nothing. */
export function closeError(code: number, reason: string, otherwise: ErrorCode): CarillonError {
  return new CarillonError(errorOfCloseCode[code] ?? otherwise, { message: `closed with ${code} ${reason}`.trim() });
}

/** An error as the server told it. A code that is newer than this client becomes `internal`. */
export function readError({ code, message, details }: ErrorMessage): CarillonError {
  return new CarillonError(Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : "internal", { message, details });
}
