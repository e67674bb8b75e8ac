/** How much clients may hold and do. What is not said to be a user's, a channel's or the node's is one connection's. */
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
  /**
   * Joins and leaves of one channel that are told in a second on this node, and all at once. Beyond it they are gathered for
   * a second, and only the outcome is told.
   *
   * @default 100
   */
  readonly presenceChangesPerSecond: number;
  /**
   * Channels with someone in them on this node.
   *
   * @default 1_000_000
   */
  readonly channels: number;
  /**
   * Bytes of what `authenticate` says about a user to others, as JSON; more is the application's mistake, and refuses the
   * client with `internal`.
   *
   * @default 1_024 // 1 KiB
   */
  readonly infoBytes: number;
  /**
   * How long the broker may take for anything that is asked of it, in milliseconds; then it fails with `broker-unavailable`.
   *
   * @default 10_000 // 10 seconds
   */
  readonly brokerTimeoutMs: number;
  /**
   * Connections that one user may have on this node; sessions whose client is away and may come back count, anonymous
   * clients do not. One more is refused with `limit-exceeded`, and does not try again by itself.
   *
   * @default 100
   */
  readonly connectionsPerUser: number;
  /**
   * Bytes that clients cause to be sent in one channel of this node in a second, and all at once: each message times the
   * number of those who hear it here. Beyond it they are refused with `rate-limited`; what the server publishes is neither
   * counted nor refused. A channel that was quiet takes one publication of any size.
   *
   * @default 134_217_728 // 128 MiB
   */
  readonly channelBytesPerSecond: number;
}

export const defaultLimits: Limits = {
  subscriptions: 128,
  pendingRequests: 256,
  heldDeliveries: 300,
  recoveredPublications: 300,
  recoveredBytes: 1_048_576,
  whispersPerSecond: 10,
  presenceGraceMs: 5_000,
  presenceChangesPerSecond: 100,
  channels: 1_000_000,
  infoBytes: 1_024,
  brokerTimeoutMs: 10_000,
  connectionsPerUser: 100,
  channelBytesPerSecond: 134_217_728,
};
