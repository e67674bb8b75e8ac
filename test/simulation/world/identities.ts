import type { Identity } from "../../../src/engine/application.ts";
import { CarillonError } from "../../../src/errors/carillon-error.ts";

/** Who is who: a user's token is its id of the moment, and when the user becomes another, the old one has expired. */
export class Identities {
  readonly #versions = new Map<string, number>();
  readonly #now: () => number;
  #failsUntil = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  tokenOf(user: string): string {
    return `${user}.${this.#versions.get(user) ?? 1}`;
  }

  /** The same person comes back as somebody else. */
  change(user: string): void {
    this.#versions.set(user, (this.#versions.get(user) ?? 1) + 1);
  }

  /** Nobody is known for so long. */
  fail(ms: number): void {
    this.#failsUntil = this.#now() + ms;
  }

  heal(): void {
    this.#failsUntil = 0;
  }

  /** The `authenticate` hook. */
  identify(token: string | undefined): Identity {
    if (this.#now() < this.#failsUntil) throw new Error("the users' database is away");
    const user = token?.split(".")[0] ?? "";
    if (token !== this.tokenOf(user)) throw new CarillonError("token-expired");
    return { userId: token };
  }
}
