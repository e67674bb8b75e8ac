import type { Server } from "../server/server.ts";
import type { ServerOptions } from "../server/options.ts";

/**
 * What a dialect may have: the kinds of channels, and `publishing`, that clients publish.
 *
 * There are no cases of what it does not have.
 */
export type ChannelKind =
  | "public"
  | "private"
  | "presence"
  | "whispers"
  | "state"
  | "owner"
  | "server-only"
  | "publishing";

/** One thing that a client was told, whatever its dialect calls it. */
export interface Heard {
  readonly kind: "publication" | "whisper" | "join" | "leave" | "state";
  readonly channel: string;
  readonly event?: string;
  readonly data?: unknown;
  /** Who came or went. */
  readonly user?: string;
}

/** One client, which speaks the dialect. */
export interface KindsClient {
  /** Resolves when it is in the channel, and rejects when it is refused. */
  join(channel: string): Promise<unknown>;
  leave(channel: string): Promise<unknown>;
  /** Resolves when the server has accepted it, and rejects when it is refused. Needed for `publishing`. */
  publish?(channel: string, event: string, data: unknown): Promise<unknown>;
  /** Needed for `whispers`; what is refused need not be told. */
  whisper?(channel: string, event: string, data: unknown): void;
  /** The users that it knows to be there. Needed for `presence`. */
  members?(channel: string): readonly string[];
  /** Everything that it was told, the oldest first. */
  heard(): readonly Heard[];
  close(): Promise<unknown>;
  /** Its process dies: it says nothing more, and does not come back. */
  drop(): unknown;
}

/** A server that runs, and its clients. */
export interface KindsSetting {
  readonly server: Server;
  /** Makes a client that is connected; its user is the server's `userId`. Without one it is anonymous. */
  connect(user?: string): Promise<KindsClient>;
  stop(): Promise<void>;
}

/** How the contract gets at a dialect. */
export interface KindsDriver {
  readonly name: string;
  readonly kinds: ReadonlySet<ChannelKind>;
  /** Starts a server with these options and whatever the dialect needs, `authenticate` included. */
  start(options: Pick<ServerOptions, "channels" | "limits">): Promise<KindsSetting>;
}
