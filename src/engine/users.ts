import { CarillonError } from "../errors/carillon-error.ts";
import type { LiveConnection } from "./connection.ts";

/** How many connections each user has on this node. Those whose client may come back are among them. */
export class Users {
  readonly #counts = new Map<string, number>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** To be called when it is known who it is: one that is not in yet counts, or many could come in together. */
  enter(connection: LiveConnection): void {
    const { userId } = connection;
    if (userId === undefined) return;
    const count = this.#counts.get(userId) ?? 0;
    // Not temporary, or each of its clients would come back for as long as the others stay.
    if (count >= this.#limit) {
      throw new CarillonError("limit-exceeded", { message: `at most ${this.#limit} connections of one user` });
    }
    this.#counts.set(userId, count + 1);
    connection.isCounted = true;
  }

  /** To be called when it is over; harmless for one that did not come in. */
  leave(connection: LiveConnection): void {
    if (!connection.isCounted) return;
    connection.isCounted = false;
    const userId = connection.userId!;
    const left = this.#counts.get(userId)! - 1;
    if (left > 0) this.#counts.set(userId, left);
    else this.#counts.delete(userId);
  }
}
