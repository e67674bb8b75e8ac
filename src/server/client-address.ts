import { BlockList, isIP } from "node:net";
import { CarillonError } from "../errors/carillon-error.ts";
import type { Logger } from "./logger.ts";

/** Whom `X-Forwarded-For` is believed: nobody, so many proxies one behind another, or proxies with these addresses. */
export type TrustProxy = false | number | readonly string[];

/** What is known of where a request comes from. */
export interface Origination {
  /** The other end of the socket; empty when it has no address. */
  readonly peer: string;
  /** `X-Forwarded-For`, repeated ones joined with a comma. */
  readonly forwardedFor: string | undefined;
}

/** Tells whether an address is a proxy of ours, seen from here: the peer is number 0, the one behind it number 1. */
type IsTrusted = (address: string, number: number) => boolean;

/**
 * Finds a client's address behind proxies.
 *
 * `X-Forwarded-For` is read from its right end, which the nearest proxy wrote, and only as far as proxies are trusted: what
 * stands further left is anybody's word. An entry that is no address ends it, too.
 *
 * @param logger warned once, when a peer that is not trusted names an address
 * @throws {CarillonError} `option-invalid`
 */
export function clientAddress(trustProxy: TrustProxy = false, logger: Logger): (from: Origination) => string {
  const isTrusted = trustRule(trustProxy);
  let isReported = false;
  return ({ peer, forwardedFor }) => {
    const address = plainAddress(peer) ?? peer;
    if (forwardedFor === undefined) return address;
    if (isTrusted(address, 0)) return walk(address, forwardedFor, isTrusted);
    if (!isReported) {
      logger.warn({}, "X-Forwarded-For came from a peer that is not trusted; behind a proxy of yours, set trustProxy");
    }
    isReported = true;
    return address;
  };
}

function walk(peer: string, forwardedFor: string, isTrusted: IsTrusted): string {
  let address = peer;
  let end = forwardedFor.length;
  for (let number = 0; end >= 0 && isTrusted(address, number); number += 1) {
    const comma = end === 0 ? -1 : forwardedFor.lastIndexOf(",", end - 1);
    const next = plainAddress(withoutPort(forwardedFor.slice(comma + 1, end).trim()));
    if (next === undefined) break;
    address = next;
    end = comma;
  }
  return address;
}

function trustRule(trustProxy: TrustProxy): IsTrusted {
  if (trustProxy === false) return () => false;
  if (typeof trustProxy === "number") {
    if (Number.isSafeInteger(trustProxy) && trustProxy > 0) return (_address, number) => number < trustProxy;
    throw new CarillonError("option-invalid", {
      message: "trustProxy: the number of proxies must be a whole number of at least 1, or false",
    });
  }
  const trusted = new BlockList();
  for (const range of trustProxy) addRange(trusted, range);
  return (address) => {
    const version = isIP(address);
    return version !== 0 && trusted.check(address, version === 4 ? "ipv4" : "ipv6");
  };
}

function addRange(trusted: BlockList, range: string): void {
  const [, address = "", bits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(range) ?? [];
  const version = isIP(address);
  const most = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? most : Number(bits);
  if (version === 0 || prefix > most) {
    throw new CarillonError("option-invalid", {
      message: `trustProxy: "${range}" is no address, and no range such as "10.0.0.0/8"`,
    });
  }
  trusted.addSubnet(address, prefix, version === 4 ? "ipv4" : "ipv6");
}

/** One spelling for one address: IPv4 in IPv6 is IPv4. `undefined`: it is no address. */
function plainAddress(text: string): string | undefined {
  if (text.includes("%") || isIP(text) === 0) return undefined;
  const mapped = /^::ffff:(\d+\.[\d.]+)$/i.exec(text)?.[1];
  return mapped ?? text.toLowerCase();
}

/** Some proxies add the port. */
function withoutPort(text: string): string {
  return /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
}
