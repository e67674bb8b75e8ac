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
  /** Whispers accepted from clients. */
  readonly whispered: number;
  /** Whispers refused because they came too fast. */
  readonly whispersRefused: number;
  /** Publications and whispers of clients refused because too much was sent in their channel. */
  readonly throttled: number;
  /** Packets handed to clients by publications, whispers, broadcasts and presence. */
  readonly delivered: number;
  /** Events that clients sent or requested. */
  readonly received: number;
  /** Messages of clients that `server.intercept` dropped. */
  readonly dropped: number;
  /** Connections whose wire is gone and that may come back: they are among those that are open. */
  readonly suspended: number;
  /** Connections that came back. */
  readonly resumed: number;
  /** Publications that were replayed to clients who had missed them. */
  readonly recovered: number;
  /** Gaps that clients were told of. */
  readonly gaps: number;
  /** Publications with an id that had been published already. */
  readonly repeated: number;
  /** Publications that came from the broker once more, and were dropped. */
  readonly duplicates: number;
  /** Links and sessions that were ended because too much waited for them. */
  readonly slow: number;
  /** Connections that were ended with 4529, because their client kept sending too fast. */
  readonly tooFast: number;
  /** Failures reported to `server.on("error")`. */
  readonly failures: number;
}

/** The counters behind {@link Stats}. */
export class Counters {
  subscriptions = 0;
  connected = 0;
  refused = 0;
  published = 0;
  whispered = 0;
  whispersRefused = 0;
  throttled = 0;
  delivered = 0;
  received = 0;
  dropped = 0;
  suspended = 0;
  resumed = 0;
  recovered = 0;
  gaps = 0;
  repeated = 0;
  duplicates = 0;
  slow = 0;
  tooFast = 0;
}
