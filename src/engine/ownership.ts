import { CarillonError } from "../errors/carillon-error.ts";
import type { EffectiveRule } from "./channel-rules.ts";
import type { LiveConnection } from "./connection.ts";
import type { Failures } from "./failures.ts";

/** Who owns one channel, as this node sees it: every subscriber whom the rule accepts or, without its word, the first user. */
export class Ownership {
  readonly #rule: EffectiveRule;
  readonly #owners = new Set<LiveConnection>();
  #first: string | undefined;

  constructor(rule: EffectiveRule) {
    this.#rule = rule;
  }

  has(connection: LiveConnection): boolean {
    return this.#owners.has(connection);
  }

  joined(connection: LiveConnection, channel: string, failures: Failures): void {
    if (this.#accepts(connection, channel, failures)) this.#owners.add(connection);
  }

  /** @returns whether it was the last one that owned the channel. */
  left(connection: LiveConnection): boolean {
    return this.#owners.delete(connection) && this.#owners.size === 0;
  }

  /** Nobody is there any more, so that the next one is the first again. */
  reset(): void {
    this.#owners.clear();
    this.#first = undefined;
  }

  #accepts(connection: LiveConnection, channel: string, failures: Failures): boolean {
    const { owner } = this.#rule;
    if (!owner) return (this.#first ??= identityOf(connection)) === identityOf(connection);
    try {
      return owner({ connection, action: "subscribe", channel }) === true;
    } catch (cause) {
      failures.report({ error: new CarillonError("internal", { cause }), connection, channel });
      return false;
    }
  }
}

/** A user id may look like a connection's id, which is no secret. */
function identityOf({ id, userId }: LiveConnection): string {
  return userId === undefined ? `connection ${id}` : `user ${userId}`;
}
