import { aoWebsockets } from "../dialects/ao-websockets/index.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { createRegistry, groups } from "../dialects/go-rtc-lib/index.ts";
import { goWs } from "../dialects/go-ws/index.ts";
import { native } from "../dialects/native/dialect.ts";
import { rtbroadcaster } from "../dialects/rtbroadcaster/index.ts";
import { socketGo } from "../dialects/socket-go/index.ts";

export type DialectName = "native" | "socket-go" | "go-ws" | "rtbroadcaster" | "ao-websockets" | "go-rtc-lib";

/** What the dialects of the standalone server are made with. */
export interface DialectSettings {
  readonly dialects: readonly DialectName[];
  readonly maxMessageBytes: number;
}

interface Offer {
  readonly paths: readonly string[];
  /** As it works without any code of an application's. */
  make(settings: DialectSettings): Dialect;
}

const offers: Readonly<Record<DialectName, Offer>> = {
  native: { paths: ["/carillon"], make: ({ maxMessageBytes }) => native({ maxMessageBytes }) },
  "socket-go": { paths: ["/socket"], make: () => socketGo({ conventions: true }) },
  "go-ws": { paths: ["/ws"], make: () => goWs({ enableWhispers: true }) },
  rtbroadcaster: { paths: ["/broadcast", "/broadcasting"], make: () => rtbroadcaster() },
  "ao-websockets": { paths: ["/ao"], make: () => aoWebsockets({ conventions: true }) },
  "go-rtc-lib": { paths: ["/rtc"], make: () => createRegistry({ handleMessage: groups }) },
};

export const dialectNames: readonly DialectName[] = Object.keys(offers) as readonly DialectName[];

/** The rooms of the demo page, where whoever is in one speaks in a language of its own. */
export function demoEndpointsFor({ dialects }: DialectSettings): Readonly<Record<string, Dialect>> {
  return dialects.includes("rtbroadcaster")
    ? { "/languages/broadcast": rtbroadcaster({ publish: "subscribers" }) }
    : {};
}

/** Every path with its dialect; the paths of one dialect share what it knows, such as its rooms. */
export function endpointsFor(settings: DialectSettings): Readonly<Record<string, Dialect>> {
  const chosen = dialectNames.filter((name) => settings.dialects.includes(name));
  const mounted = chosen.flatMap((name) => {
    const { paths, make } = offers[name];
    const dialect = make(settings);
    return paths.map((path) => [path, dialect] as const);
  });
  return Object.fromEntries(mounted);
}
