/** Calls a function of the application's: whether it throws or rejects, nobody but `failed` hears of it. */
export function harmlessly(run: () => unknown, failed: (cause: unknown) => void): void {
  try {
    const result = run();
    if (result instanceof Promise) result.catch(failed);
  } catch (cause) {
    failed(cause);
  }
}
