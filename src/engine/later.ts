/**
 * A result that may be there at once.
 *
 * Awaiting a value that is there costs eight times the work itself, so ports that can finish at once say so, and the hot
 * path stays in one synchronous stretch.
 */
export type Later<Result> = Result | Promise<Result>;

export function isPending<Result>(later: Later<Result>): later is Promise<Result> {
  return later instanceof Promise;
}

/** What a call throws is a rejection, so that nobody has to expect both. */
export function rejecting<Result>(call: () => Result): Result | Promise<never> {
  try {
    return call();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Attempts something; what it throws or rejects with goes to `refused`, which throws in its turn. */
export function guarded<Result>(attempt: () => Later<Result>, refused: (error: unknown) => never): Later<Result> {
  try {
    const result = attempt();
    return isPending(result) ? result.catch(refused) : result;
  } catch (error) {
    return refused(error);
  }
}

/**
 * Continues at once when the result is there, and in its own time when it is not.
 *
 * Not called `then`: a module that exports a `then` is a thenable, and importing it dynamically never ends.
 */
export function andThen<Result, Next>(later: Later<Result>, next: (result: Result) => Later<Next>): Later<Next> {
  return isPending(later) ? later.then(next) : next(later);
}
