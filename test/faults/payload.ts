import { createHash } from "node:crypto";

/** What is published under faults: it says who published it as the how manieth, and proves it. */
export interface Payload {
  readonly pub: number;
  /** 1 for the publisher's first. */
  readonly seq: number;
  readonly channel: string;
  readonly sum: string;
  /** Only makes it larger. */
  readonly pad?: string;
}

export function payload(pub: number, seq: number, channel: string, pad?: string): Payload {
  return { pub, seq, channel, sum: sumOf(pub, seq, channel, pad), ...(pad !== undefined && { pad }) };
}

/** It is whole, and was published in this channel. */
export function isGenuine(data: unknown, heardIn: string): data is Payload {
  if (typeof data !== "object" || data === null) return false;
  const { pub, seq, channel, sum, pad } = data as Payload;
  return channel === heardIn && sum === sumOf(pub, seq, channel, pad);
}

function sumOf(pub: number, seq: number, channel: string, pad = ""): string {
  return createHash("sha1").update(`${pub} ${seq} ${channel} ${pad}`).digest("base64url").slice(0, 12);
}
