import type { Interceptor, Refusal } from "../engine/application.ts";
import type { Connection, LiveConnection } from "../engine/connection.ts";
import type { Engine } from "../engine/engine.ts";
import type { Publication } from "../engine/publication.ts";
import type { Revocation } from "../engine/revoking.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { checkHandler } from "./check-handler.ts";
import { settled } from "./server-channel.ts";

/** What the server does about all clients and channels, whatever dialect is spoken. */
export interface Oversight<Events extends object, Data extends object> {
  /**
   * Sees what any client publishes, whispers, sends or requests, once, before the channel's rule and schemas do. It may
   * replace `event` and `data` of the message, or change what `data` holds in place; several are called in the order they were
   * added, each with what the last one left.
   *
   * What clients of go-rtc-lib say only its handler can read, so it is seen as it came: as sent, and without a channel.
   *
   * `false` drops the message, and its client does not notice: a publication is answered as if it had been accepted. A
   * request is refused with `no-handler`. A `CarillonError` that it throws is the client's answer; any other error is
   * reported, and the client is told `internal`.
   *
   * @returns the function that takes it away
   * @throws {CarillonError} `option-invalid` without a function
   *
   * @example
   * ```ts
   * server.intercept((message) => {
   *   if (message.channel === "chat") message.data = withoutLinks(message.data);
   * });
   * ```
   */
  intercept(interceptor: Interceptor<Connection<Events, Data>>): () => void;

  /**
   * Hears what is published through this node in every channel that fits a name or a pattern (`"chat-*"`, `"*"`), by
   * whomever, once it is accepted. In a cluster each publication goes through one node, so if all listen it is heard once.
   *
   * A publication that repeats an id is not heard again. What a listener throws reaches `error`.
   *
   * @returns the function that ends it
   * @throws {CarillonError} `option-invalid` when the `*` of a pattern is not its last character, or without a function
   */
  onPublication(pattern: string, listener: (publication: Publication) => unknown): () => void;

  /**
   * Told what clients wanted and did not get, and why: to connect, subscribe, publish, whisper, send or request. Their own
   * mistakes are no failures, so none of this reaches `error` or the log. What a client says that cannot be read at all is
   * answered to it only.
   *
   * @returns the function that takes the handler away
   * @throws {CarillonError} `option-invalid` without a function
   */
  onRefused(handler: (refusal: Refusal<Connection<Events, Data>>) => unknown): () => void;

  /**
   * Closes the connections that fit, on every node, with 4401: their clients stay away. Those whose client is away lose
   * their session, and those that are being let in are refused.
   *
   * Whether the same user or token gets in again is `authenticate`'s to say: tell it first, for example by `isRevoked` of
   * `jwt`. To send a user's clients away with another code, or to fetch a fresh token, use `disconnectUser`.
   *
   * @throws {CarillonError} `option-invalid` when nothing is named; rejects with `broker-unavailable`
   */
  revoke(revocation: Revocation): Promise<void>;
}

export function oversight<Events extends object, Data extends object>(
  lifecycle: Lifecycle,
  engine: Engine,
): Oversight<Events, Data> {
  return {
    // The engine's record is untyped; the application's event map types it.
    intercept: (interceptor) => lifecycle.intercept(interceptor as unknown as Interceptor<LiveConnection>),
    onPublication(pattern, listener) {
      checkHandler("onPublication", listener);
      return lifecycle.publicationListeners.add(pattern, listener);
    },
    onRefused: (handler) => lifecycle.onOwn("refused", handler),
    revoke: ({ user, session, token }) =>
      settled(
        engine.signal({
          kind: "revoke",
          ...(user !== undefined && { user }),
          ...(session !== undefined && { session }),
          ...(token !== undefined && { token }),
        }),
      ),
  };
}
