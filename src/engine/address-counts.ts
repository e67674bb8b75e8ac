/** Counts clients by their addresses. */
export class AddressCounts {
  readonly #counts = new Map<string, number>();

  /** How many addresses have clients; for tests of what is left behind. */
  get size(): number {
    return this.#counts.size;
  }

  /** How many clients count as this address. */
  of(ip: string): number {
    return this.#counts.get(countedAddress(ip)) ?? 0;
  }

  /** One more is there. @returns to be called once, when it is gone */
  enter(ip: string): () => void {
    const address = countedAddress(ip);
    this.#counts.set(address, this.of(ip) + 1);
    return () => {
      const left = this.#counts.get(address)! - 1;
      if (left > 0) this.#counts.set(address, left);
      else this.#counts.delete(address);
    };
  }
}

/** Whom a client counts as: an IPv6 customer has at least a /64 to choose addresses from. */
export function countedAddress(ip: string): string {
  if (!ip.includes(":")) return ip;
  const [head = "", tail] = ip.split("::");
  const groups = head === "" ? [] : head.split(":");
  const behind = tail === undefined || tail === "" ? [] : tail.split(":");
  // An IPv4 address at the end is two groups.
  const written = groups.length + behind.length + (ip.includes(".") ? 1 : 0);
  const all = tail === undefined ? groups : [...groups, ...Array<string>(8 - written).fill("0"), ...behind];
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}

/** Whether it is this machine itself: a proxy on it stands for all its clients. */
export function isLoopback(ip: string): boolean {
  return ip === "::1" || ip.startsWith("127.");
}
