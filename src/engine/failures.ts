import { CarillonError, toCarillonError } from "../errors/carillon-error.ts";
import type { Application, Failure } from "./application.ts";
import type { LiveConnection } from "./connection.ts";
import { isPending, rejecting, type Later } from "./later.ts";

/** Tells the application what failed, and everyone else only what they may know. */
export class Failures {
  readonly #application: Application;

  constructor(application: Application) {
    this.#application = application;
  }

  report(failure: Failure<LiveConnection>): void {
    this.#application.failed(failure);
  }

  /** What an application's hook threw: its own `CarillonError` as it is, anything else hidden behind `code`. */
  ofHook(cause: unknown, code: "internal" | "forbidden", where: Omit<Failure<LiveConnection>, "error">): CarillonError {
    if (cause instanceof CarillonError) return cause;
    const error = new CarillonError(code, { cause });
    this.report({ error, ...where });
    return error;
  }

  /** Asks something of the broker; what it throws or rejects with is reported, and rejected with. */
  withBroker<Result>(operation: () => Later<Result>): Later<Result> {
    const result = rejecting(operation);
    if (!isPending(result)) return result;
    return result.catch((error: unknown) => {
      throw this.ofBroker(error);
    });
  }

  ofBroker(cause: unknown): CarillonError {
    const error = toCarillonError(cause, "broker-unavailable");
    this.report({ error });
    return error;
  }

  /** Something could not be said in some dialect; its clients did not get it. */
  ofEncoding(cause: unknown): void {
    this.report({ error: new CarillonError("payload-invalid", { message: "the data could not be encoded", cause }) });
  }
}
