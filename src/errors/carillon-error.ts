import { errorCodes, type ErrorCode } from "./codes.ts";

/** What an error may carry besides its code. */
export interface CarillonErrorOptions {
  /** Replaces the table's sentence where a more exact one helps. */
  readonly message?: string;
  /** Facts for a program, such as the issues a schema found. Reaches the client, so never put secrets here. */
  readonly details?: unknown;
  readonly cause?: unknown;
}

/**
 * The one error class of Carillon.
 *
 * Thrown from an application's hook, or from its handler of a request, its code, message and details are the answer to the
 * client. Any other error reaches `server.on("error")` only, and the client is told a code without particulars.
 *
 * @example
 * ```ts
 * throw new CarillonError("forbidden", { message: "the game has started" });
 * ```
 */
export class CarillonError extends Error {
  override readonly name = "CarillonError";
  readonly code: ErrorCode;
  readonly details: unknown;

  constructor(code: ErrorCode, options: CarillonErrorOptions = {}) {
    super(options.message ?? errorCodes[code].message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details;
  }

  /** The same operation may succeed later without being changed. */
  get temporary(): boolean {
    return errorCodes[this.code].temporary;
  }
}

/** Keeps a `CarillonError` as it is and hides anything else behind `code`, with the original as its cause. */
export function toCarillonError(error: unknown, code: ErrorCode): CarillonError {
  return error instanceof CarillonError ? error : new CarillonError(code, { cause: error });
}
