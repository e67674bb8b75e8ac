import { harmlessly } from "../harmlessly.ts";

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
    for (const { run } of [...this.#hooks]) harmlessly(() => run(told), failed);
  }
}

interface Hook<Told> {
  readonly run: (told: Told) => unknown;
}
