/** The token ends the connection in so many milliseconds, unless a `refresh` comes. */
export interface ExpiringMessage {
  readonly type: "expiring";
  readonly inMs: number;
}

/** A fresh token, before the present one ends the connection. */
export interface RefreshMessage {
  readonly type: "refresh";
  readonly ref: number;
  readonly token: string;
}

/** The answer to `refresh`. */
export interface RefreshedMessage {
  readonly type: "refreshed";
  readonly ref: number;
}
