/** A wire that has more to say than its client takes. */
export interface Debtor {
  /** Ends it because it reads too slowly. */
  shed(): void;
}

/**
 * What may wait for all slow clients of a node together.
 *
 * Each has a limit of its own; many of them at that limit would still be too much. Beyond this one the slowest go first.
 */
export class OutboundBudget {
  readonly #limit: number;
  readonly #owed = new Map<Debtor, number>();
  #total = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  get owedBytes(): number {
    return this.#total;
  }

  /** To be called when a wire falls behind, and with `0` when it has caught up or is gone. */
  owe(debtor: Debtor, bytes: number): void {
    this.#total += bytes - (this.#owed.get(debtor) ?? 0);
    if (bytes > 0) this.#owed.set(debtor, bytes);
    else this.#owed.delete(debtor);
    while (this.#total > this.#limit) this.#shedSlowest();
  }

  #shedSlowest(): void {
    let slowest: Debtor | undefined;
    let most = 0;
    for (const [debtor, bytes] of this.#owed) {
      if (bytes <= most) continue;
      slowest = debtor;
      most = bytes;
    }
    if (!slowest) return;
    this.owe(slowest, 0);
    slowest.shed();
  }
}
