import { CarillonError } from "../../errors/carillon-error.ts";
import { errorCodes, type ErrorCode } from "../../errors/codes.ts";
import type { ErrorMessage } from "../../protocol/messages.ts";

/** What a client is told of an error, but for its details. */
export function errorMessage(
  { code, message, temporary }: CarillonError,
  ref: number | undefined,
): ErrorMessage & { readonly code: ErrorCode } {
  return { type: "error", ...(ref !== undefined && { ref }), code, message, ...(temporary && { temporary }) };
}

/** What a client answered instead of an answer. */
export function readErrorMessage({
  code,
  message,
}: {
  readonly code: string;
  readonly message: string;
}): CarillonError {
  const known = Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : "handler-failed";
  return new CarillonError(known, { message: message.slice(0, 500) });
}
