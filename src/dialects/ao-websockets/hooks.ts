/** What the application wants to be told of. */
export class Hooks<Told> {
  readonly #hooks = new Set<Hook<Told>>();

  /** @returns the function that takes it away again */
  add(run: (told: Told) => unknown): () => void {
    const hook = { run };
    this.#hooks.add(hook);
    return () => void this.#hooks.delete(hook);
  }

  run(told: Told, failed: (cause: unknown) => void): void {
    for (const { run } of [...this.#hooks]) guarded(() => run(told), failed);
  }
}

interface Hook<Told> {
  readonly run: (told: Told) => unknown;
}

/** Whether it throws or rejects, nobody but `failed` hears of it. */
export function guarded(run: () => unknown, failed: (cause: unknown) => void): void {
  try {
    const result = run();
    if (result instanceof Promise) result.catch(failed);
  } catch (cause) {
    failed(cause);
  }
}
