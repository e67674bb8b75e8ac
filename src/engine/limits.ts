/** How much one client may hold. Each limit is refused at one past it, with `limit-exceeded`. */
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
}

export const defaultLimits: Limits = { subscriptions: 128, pendingRequests: 256, heldDeliveries: 300 };
