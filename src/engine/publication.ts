/** Who a publication came from. */
export interface Sender {
  /** The connection's id. */
  readonly id: string;
  readonly user?: string;
}

/** What a client said in its own dialect, for those that speak it too. */
export interface Source {
  readonly dialect: string;
  readonly text: string;
}

/** A place in one channel's history. Positions of different epochs cannot be compared. */
export interface Position {
  /** Changes whenever history was lost or recreated, so that a stale client starts over instead of skipping. */
  readonly epoch: string;
  /** 1 for the first publication of the epoch, then +1 each. */
  readonly offset: number;
  /** Random, stored with the publication: the same offset with another tag is another history. */
  readonly tag: string;
}

/**
 * What was published in a channel: words that every dialect understands, nothing that only one does.
 *
 * `id` and `time` are set once, at publishing, and are the same on all nodes.
 */
export interface Publication {
  readonly channel: string;
  readonly event: string;
  /** A JSON value, `undefined`, or bytes as a whole. In a batch: the list of payloads, oldest first. */
  readonly data: unknown;
  readonly id: string;
  /** Unix time in milliseconds. */
  readonly time: number;
  /** Absent when the server published. */
  readonly from?: Sender;
  /** The connection that is left out. */
  readonly except?: string;
  /** The publisher's own words, which clients of the same dialect get instead of a translation. */
  readonly source?: Source;
  /** Several payloads that were collected and belong together. */
  readonly batch?: true;
  /** It is its channel's state under this key, until another is; without `data` it removes what is there. */
  readonly stateKey?: string;
  /** Where it stands in its channel's history; absent where none is kept. The broker sets it. */
  readonly position?: Position;
}
