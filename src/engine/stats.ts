/** Counts since the server was made, and what is there now. */
export interface Stats {
  /** Connections that are open now. */
  readonly connections: number;
  /** Channels with someone in them on this node. */
  readonly channels: number;
  /** Subscriptions that are live now. */
  readonly subscriptions: number;
  /** Connections that were opened. */
  readonly connected: number;
  /** Connection attempts that were refused. */
  readonly refused: number;
  /** Publications accepted from clients and from the server. */
  readonly published: number;
  /** Packets handed to clients by publications, broadcasts and presence. */
  readonly delivered: number;
  /** Events that clients sent or requested. */
  readonly received: number;
  /** Failures reported to `server.on("error")`. */
  readonly failures: number;
}

/** The counters behind {@link Stats}. */
export class Counters {
  subscriptions = 0;
  connected = 0;
  refused = 0;
  published = 0;
  delivered = 0;
  received = 0;
}
