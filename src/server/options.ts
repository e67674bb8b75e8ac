import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Dialect } from "../dialects/dialect.ts";
import type { ConnectAttempt, Identity } from "../engine/application.ts";
import type { ChannelRule } from "../engine/channel-rules.ts";
import type { Later } from "../engine/later.ts";
import type { Limits } from "../engine/limits.ts";
import type { Broker } from "../engine/ports/broker.ts";
import type { EventName, Payload } from "../events/event-map.ts";
import type { Clock } from "../platform/clock.ts";
import type { Random } from "../platform/random.ts";
import type { AdmissionOptions } from "./admission.ts";
import type { TrustProxy } from "./client-address.ts";
import type { HealthOptions } from "./health.ts";
import type { Logger } from "./logger.ts";
import type { MessageRateOptions } from "./message-rate.ts";

/** What a server is made with. Everything has a default. */
export interface ServerOptions<
  Events extends object = Record<string, unknown>,
  Data extends object = Record<string, unknown>,
> {
  /**
   * Which dialect is spoken on which path. Paths are compared byte for byte.
   *
   * @default { "/carillon": native() }
   */
  readonly endpoints?: Readonly<Record<string, Dialect>>;
  /**
   * Joins the nodes of a cluster.
   *
   * @default memoryBroker() // one node
   */
  readonly broker?: Broker;
  /**
   * Says who a client is: return its identity, or `undefined` to refuse it with `unauthorized`. Throw a `CarillonError` to
   * refuse it with a code of your own, such as `token-expired`.
   *
   * @default everyone may connect, anonymously
   */
  readonly authenticate?: (attempt: ConnectAttempt) => Later<Identity<Data> | undefined>;
  /** How channels behave, by name or by pattern (`"feed-*"`); the exact name wins, then the longest pattern. */
  readonly channels?: Readonly<Record<string, ChannelRule<Events, Data>>>;
  /** Schemas of any Standard Schema library, by event: what clients send, request or publish has to fit. */
  readonly schemas?: { readonly [Name in EventName<Events>]?: StandardSchemaV1<unknown, Payload<Events[Name]>> };
  /**
   * Origins of pages that may connect besides the server's own, such as `"https://app.example.com"`; `"*"` is all of them.
   *
   * @default []
   */
  readonly origins?: readonly string[];
  /**
   * Proxies that stand before this server, and whose `X-Forwarded-For` says where a client is: how many one behind another,
   * or their addresses and ranges, such as `["10.0.0.0/8"]`.
   *
   * @default false // nobody is believed
   */
  readonly trustProxy?: TrustProxy;
  /** How many clients are let in, in total and from one address. */
  readonly admission?: AdmissionOptions;
  /** How fast one client may send; what comes faster waits, and is not read meanwhile. */
  readonly messageRate?: MessageRateOptions;
  /** How much clients may hold and do: each of them, each user, each channel. */
  readonly limits?: Partial<Limits>;
  /**
   * Bytes that may wait for all slow clients of this node together; beyond it the slowest are closed with 4508, and may come
   * back.
   *
   * @default a fifth of the heap's limit
   */
  readonly maxBufferedBytes?: number;
  /**
   * Where warnings and errors go.
   *
   * @default the console
   */
  readonly logger?: Logger;
  /** When this node is not fit for more clients; `server.health()` tells. */
  readonly health?: HealthOptions;
  /** For tests: the time. */
  readonly clock?: Clock;
  /** For tests: the randomness behind ids. */
  readonly random?: Random;
}
