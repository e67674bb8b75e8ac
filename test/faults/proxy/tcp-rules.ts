import type { Direction } from "./log.ts";

/** What a TCP proxy does to the bytes and to the ends of its links. */
export type TcpFault =
  /** Everything comes later, order kept; jitter is drawn anew for each read. */
  | { readonly kind: "latency"; readonly ms: number; readonly jitterMs?: number }
  | { readonly kind: "bandwidth"; readonly bytesPerSecond: number }
  /** Written in pieces of so many bytes, with a pause after each. */
  | { readonly kind: "slice"; readonly bytes: number; readonly pauseMs?: number }
  /** Swallows what comes, and closes the link that long after it took hold. */
  | { readonly kind: "timeout"; readonly ms: number }
  /** The end of one side reaches the other side later. */
  | { readonly kind: "slow-close"; readonly ms: number }
  /** Both sides get an RST that long after it took hold. */
  | { readonly kind: "reset-peer"; readonly ms: number }
  /** The link is closed after so many bytes, which still arrive. */
  | { readonly kind: "limit-data"; readonly bytes: number }
  /** The receiving side gets a FIN at once; what is sent after it is lost, and the other direction goes on. */
  | { readonly kind: "half-close" }
  /** Nothing is read, so that the sender's window closes. */
  | { readonly kind: "pause-read" }
  /** All bits of the byte with this number, 0 for the first, are turned. */
  | { readonly kind: "corrupt"; readonly byte: number }
  /** New links are taken and never connected. */
  | { readonly kind: "accept-and-hang" }
  /** Links stay open, and nothing passes, not even their end. Those that missed something are reset when it is over. */
  | { readonly kind: "blackhole" };

export type TcpRule = TcpFault & {
  /** Absent: both. */
  readonly direction?: Direction;
  /** The part of the links that it concerns, drawn by chance for each. Absent: all. */
  readonly share?: number;
};

/** The first rule of a kind. */
export function ruleOf<Kind extends TcpFault["kind"]>(
  rules: readonly TcpRule[],
  kind: Kind,
): Extract<TcpFault, { readonly kind: Kind }> | undefined {
  return rules.find((rule) => rule.kind === kind) as Extract<TcpFault, { readonly kind: Kind }> | undefined;
}
