/** How much one client may hold, and for how long. */
export interface Limits {
  /**
   * Channels that one connection may be subscribed to.
   *
   * @default 128
   */
  readonly subscriptions: number;
  /**
   * Requests that may wait for one client's answer.
   *
   * @default 256
   */
  readonly pendingRequests: number;
  /**
   * Deliveries that are kept for a client whose subscription or connection is not ready; beyond it the client is
   * closed as too slow, and may come back.
   *
   * @default 300
   */
  readonly heldDeliveries: number;
  /**
   * Publications that one subscription with `since` is replayed. More are not, and the client is told a gap.
   *
   * @default 300
   */
  readonly recoveredPublications: number;
  /**
   * Bytes of payloads that one subscription with `since` is replayed. More are not, and the client is told a gap.
   *
   * @default 1_048_576 // 1 MiB
   */
  readonly recoveredBytes: number;
  /**
   * Whispers that one connection may send in a second, and all at once.
   *
   * @default 10
   */
  readonly whispersPerSecond: number;
  /**
   * How long a client may be without its wire until it leaves the channels with presence, in milliseconds.
   *
   * @default 5_000 // 5 seconds
   */
  readonly presenceGraceMs: number;
}

export const defaultLimits: Limits = {
  subscriptions: 128,
  pendingRequests: 256,
  heldDeliveries: 300,
  recoveredPublications: 300,
  recoveredBytes: 1_048_576,
  whispersPerSecond: 10,
  presenceGraceMs: 5_000,
};
