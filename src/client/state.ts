import type { CarillonError } from "../errors/carillon-error.ts";

/** Where a client is with its connection. */
export type ClientState =
  /** Nothing has asked for a connection yet. */
  | { readonly kind: "idle" }
  | {
      readonly kind: "connecting";
      /** 1 for the first try. */
      readonly attempt: number;
    }
  | {
      readonly kind: "open";
      /** The name of the transport that got through. */
      readonly transport: string;
      /** The connection's id; no secret, and a new one after every reconnect that could not resume the session. */
      readonly connection: string;
      /** Who the server takes the client for; absent for anonymous ones. */
      readonly user?: string | undefined;
    }
  | {
      readonly kind: "waiting";
      /** Unix time in ms of the next try. */
      readonly retryAt: number;
      /** The number of the next try. */
      readonly attempt: number;
      /** Why the last try or connection ended. */
      readonly cause: CarillonError;
    }
  | {
      readonly kind: "closed";
      /** Absent when the application closed the client. */
      readonly cause?: CarillonError | undefined;
    };
