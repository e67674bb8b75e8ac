import { CarillonError } from "../errors/carillon-error.ts";
import { systemClock, type Clock } from "../platform/clock.ts";
import { systemRandom, type Random } from "../platform/random.ts";
import { createJsonCodec, type Codec } from "../protocol/codec.ts";
import { readEndpoint } from "./endpoint.ts";
import type { ReconnectOptions } from "./reconnect.ts";
import type { TokenOption } from "./token.ts";
import type { Transport } from "./transports/transport.ts";

/** Longer timers fire at once. @see HTML, "timer initialisation steps": the timeout is a signed 32-bit integer */
export const maxTimerMs: number = 2 ** 31 - 1;

/** Everything but the address may be left out. */
export interface ClientOptions {
  /**
   * What the server's `authenticate` hook sees. A function is asked at the first try after `connect()` and again
   * when the server says that the token expires or has expired; when it fails that counts as a failed try, and a `CarillonError` that is not
   * temporary closes the client.
   *
   * @default undefined // anonymous
   */
  readonly token?: TokenOption;
  /** How to come back after a connection or a try failed; `false`: not at all. */
  readonly reconnect?: false | ReconnectOptions;
  /**
   * How long the token, and then each transport up to the server's first answer, may take.
   *
   * @default 10_000 // 10 seconds
   */
  readonly connectTimeoutMs?: number;
  /**
   * How long requests, publishing, subscribing and unsubscribing wait for their answer.
   *
   * @default 10_000 // 10 seconds
   */
  readonly requestTimeoutMs?: number;
  /**
   * What becomes of messages while there is no connection: `"queue"` keeps up to 1,000 of them and 4 MiB until there is
   * one, `"reject"` fails them with `offline`. Subscriptions always wait.
   *
   * @default "queue"
   */
  readonly offline?: "queue" | "reject";
  /** Collects what is sent and published, so that several messages leave in one frame. */
  readonly batch?: BatchOptions;
  /** @default createJsonCodec() */
  readonly codec?: Codec;
  /**
   * Tried in order; the next one when the one before could not reach the server. What got through is tried first the
   * next time.
   *
   * @default [webSocket(), sse(), longPolling()] // as far as the platform has what they need
   */
  readonly transports?: readonly Transport[];
  /**
   * How long after a connection over another transport than the first one those before it are tried again, without a break
   * in the connection. The time doubles with each failure, up to 5 minutes; `0`: never.
   *
   * @default 10_000 // 10 seconds
   */
  readonly upgradeMs?: number;
  /** Time, for tests. */
  readonly clock?: Clock;
  /** Randomness, for tests. */
  readonly random?: Pick<Random, "next">;
}

/** How messages are collected before they leave. What the server waits for does not wait. */
export interface BatchOptions {
  /**
   * So many leave at once.
   *
   * @default 20
   */
  readonly maxMessages?: number;
  /**
   * The first of them waits no longer.
   *
   * @default 50 // 50 milliseconds
   */
  readonly maxDelayMs?: number;
}

/** The options with nothing left open. */
export interface Settings extends Pick<ClientOptions, "token"> {
  readonly url: string;
  readonly reconnect: Required<ReconnectOptions>;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly offline: "queue" | "reject";
  readonly batch: Required<BatchOptions> | undefined;
  readonly upgradeMs: number;
  readonly codec: Codec;
  readonly transports: readonly Transport[];
  readonly clock: Clock;
  readonly random: Pick<Random, "next">;
}

/** @throws {CarillonError} `option-invalid` */
export function readOptions(url: string | URL, options: ClientOptions): Settings {
  const settings: Settings = {
    connectTimeoutMs: 10_000,
    requestTimeoutMs: 10_000,
    offline: "queue",
    upgradeMs: 10_000,
    clock: systemClock,
    random: systemRandom,
    ...options,
    url: readEndpoint(url),
    codec: options.codec ?? createJsonCodec(),
    transports: options.transports ?? [],
    batch: options.batch && { maxMessages: 20, maxDelayMs: 50, ...options.batch },
    reconnect: {
      delayMs: 1_000,
      maxDelayMs: 30_000,
      jitter: "full",
      attempts: options.reconnect === false ? 0 : Infinity,
      ...options.reconnect,
    },
  };
  const { connectTimeoutMs, requestTimeoutMs, offline, batch, upgradeMs, transports, reconnect } = settings;
  checkMs("connectTimeoutMs", connectTimeoutMs);
  checkMs("requestTimeoutMs", requestTimeoutMs);
  if (upgradeMs !== 0) checkMs("upgradeMs", upgradeMs);
  if (batch) {
    checkMs("maxDelayMs", batch.maxDelayMs);
    check(batch.maxMessages >= 1, "maxMessages", "at least 1");
  }
  checkMs("delayMs", reconnect.delayMs);
  checkMs("maxDelayMs", reconnect.maxDelayMs);
  check(options.reconnect === false || reconnect.attempts >= 1, "attempts", "at least 1");
  check(["full", "none"].includes(reconnect.jitter), "jitter", "full or none");
  check(["queue", "reject"].includes(offline), "offline", "queue or reject");
  check(transports.length > 0, "transports", "given here; Node's are in carillon/client/node");
  return settings;
}

/** @throws {CarillonError} `option-invalid` unless a timer can be started with it */
export function checkMs(name: string, value: number): void {
  check(value >= 1 && value <= maxTimerMs, name, `1 to ${maxTimerMs}`);
}

/** @throws {CarillonError} `option-invalid` */
function check(isFine: boolean, name: string, rule: string): void {
  if (!isFine) throw new CarillonError("option-invalid", { message: `${name} must be ${rule}` });
}
