import { CarillonError } from "../errors/carillon-error.ts";
import { AddressCounts, isLoopback } from "../engine/address-counts.ts";
import { TokenBucket } from "../engine/token-bucket.ts";
import type { Clock } from "../platform/clock.ts";
import type { Random } from "../platform/random.ts";
import type { Fault } from "../transports/http/exchange.ts";
import type { Logger } from "./logger.ts";

/** How many clients are let in. Each value is a whole number of at least 1, or `Infinity`. */
export interface AdmissionOptions {
  /**
   * Clients of this node; beyond it they are answered with 503.
   *
   * @default Infinity
   */
  readonly connections?: number;
  /**
   * Clients with one address, or with one /64 of IPv6; beyond it they are answered with 429. This machine's own addresses
   * are not counted.
   *
   * @default 100
   */
  readonly connectionsPerIp?: number;
  /**
   * Clients that are let in each second, and so many at once after a quiet second; beyond it they are answered with 503.
   *
   * @default 2_000
   */
  readonly handshakesPerSecond?: number;
}

export const admissionDefaults: Required<AdmissionOptions> = {
  connections: Infinity,
  connectionsPerIp: 100,
  handshakesPerSecond: 2_000,
};

/** What an admission is made of. */
export interface AdmissionParts {
  readonly options: AdmissionOptions | undefined;
  readonly clock: Clock;
  readonly random: Pick<Random, "next">;
  readonly logger: Logger;
}

/** A client that was let in, to be called when it is gone; more often than once does no harm. */
export type Leave = () => void;

/** A warning is written once in this time, however many clients are turned away. */
const warningEveryMs = 60_000;

/** Decides whether there is room for one more client. */
export class Admission {
  readonly #limits: Required<AdmissionOptions>;
  readonly #handshakes: TokenBucket | undefined;
  readonly #perAddress = new AddressCounts();
  readonly #clock: Clock;
  readonly #random: Pick<Random, "next">;
  readonly #logger: Logger;
  readonly #warnedAt = new Map<string, number>();
  #count = 0;
  #refusals = 0;

  /** @throws {CarillonError} `option-invalid` */
  constructor({ options = {}, clock, random, logger }: AdmissionParts) {
    const { connections, connectionsPerIp, handshakesPerSecond } = options;
    this.#limits = {
      connections: checked("connections", connections),
      connectionsPerIp: checked("connectionsPerIp", connectionsPerIp),
      handshakesPerSecond: checked("handshakesPerSecond", handshakesPerSecond),
    };
    const rate = this.#limits.handshakesPerSecond;
    this.#handshakes = rate === Infinity ? undefined : new TokenBucket(clock, rate);
    this.#clock = clock;
    this.#random = random;
    this.#logger = logger;
  }

  /** How many are in. */
  get size(): number {
    return this.#count;
  }

  /** How many were turned away. */
  get refusals(): number {
    return this.#refusals;
  }

  /** Addresses that are counted; for tests of what is left behind. */
  get addresses(): number {
    return this.#perAddress.size;
  }

  /** Lets a client in, and counts it until it leaves; or says why not. */
  enter(ip: string): Fault | Leave {
    const { connections, connectionsPerIp } = this.#limits;
    // What comes over a socket of the file system has no address.
    const isCounted = ip !== "" && !isLoopback(ip);
    if (isCounted && this.#perAddress.of(ip) >= connectionsPerIp) {
      return this.#refuse(429, "there are too many connections from this address");
    }
    if (this.#count >= connections) return this.#refuse(503, "the server is full");
    // Last, so that those who could not come in anyway take nobody's turn.
    if (this.#handshakes?.take() === false) return this.#refuse(503, "too many clients come at once");
    this.#count += 1;
    const forget = isCounted ? this.#perAddress.enter(ip) : undefined;
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      this.#count -= 1;
      forget?.();
    };
  }

  #refuse(status: number, message: string): Fault {
    this.#refusals += 1;
    const now = this.#clock.now();
    const warnedAt = this.#warnedAt.get(message);
    if (warnedAt === undefined || now - warnedAt >= warningEveryMs) {
      this.#warnedAt.set(message, now);
      this.#logger.warn({ connections: this.#count }, `clients are turned away with ${status}: ${message}`);
    }
    // Jittered, so that those who were turned away together do not come back together.
    const seconds = 1 + Math.floor(this.#random.next() * 10);
    return { status, message, headers: { "Retry-After": String(seconds) } };
  }
}

function checked(name: keyof AdmissionOptions, value: number = admissionDefaults[name]): number {
  if (value === Infinity || (Number.isSafeInteger(value) && value > 0)) return value;
  throw new CarillonError("option-invalid", {
    message: `admission: ${name} must be a whole number of at least 1, or Infinity`,
  });
}
