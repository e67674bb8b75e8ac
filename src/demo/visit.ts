import { signal, type ReadonlySignal } from "@preact/signals";
import {
  CarillonError,
  createClient,
  longPolling,
  sse,
  webSocket,
  type Channel,
  type Client,
  type ClientState,
  type Link,
  type Member,
} from "../client/index.ts";
import { msgpackCodec } from "../client/msgpack.ts";
import { friendlyName } from "./friendly-name.ts";
import { createLines, type Line } from "./lines.ts";
import { recall, remember } from "./remembered.ts";
import { tapped } from "./tap.ts";
import type { WireLog } from "./wire-log.ts";

export const defaultChannel = "presence-lobby";

/** How messages are written on the wire. */
export type Encoding = "json" | "msgpack";

/** What was written and has not come back from the server yet. */
export interface Unsent {
  readonly key: number;
  readonly text: string;
}

/** How often each user was heard, and under which name somebody was last. */
export interface Rung {
  readonly lastName: string | undefined;
  readonly counts: ReadonlyMap<string, number>;
}

/** One person's stay on the page: who they are, where they are, and what they hear. */
export interface Visit {
  readonly name: ReadonlySignal<string>;
  readonly channel: ReadonlySignal<string>;
  readonly encoding: ReadonlySignal<Encoding>;
  readonly state: ReadonlySignal<ClientState>;
  readonly members: ReadonlySignal<readonly Member[]>;
  readonly lines: ReadonlySignal<readonly Line[]>;
  readonly unsent: ReadonlySignal<readonly Unsent[]>;
  readonly rung: ReadonlySignal<Rung>;
  /** Whether this is who the page itself is, now or before a reconnect. */
  isOwn(user: string): boolean;
  begin(): void;
  /** Another name needs another connection, because the server only learns it at the beginning of one. */
  rename(name: string): void;
  go(channel: string): void;
  encode(encoding: Encoding): void;
  say(text: string): void;
  /** Ends the link as a failing network would; the client comes back by itself. */
  drop(): void;
  /** Tries again after the server has turned the client away. */
  retry(): void;
}

interface Stay {
  readonly client: Client;
  readonly channel: Channel;
  /** Stops listening: a client's channels of one name are one object, and it may be visited again. */
  deafen(): void;
}

export function createVisit(wireLog: WireLog): Visit {
  const name = signal(recall("carillon.name") ?? friendlyName());
  const channel = signal(channelInAddress() ?? defaultChannel);
  const encoding = signal<Encoding>("json");
  const state = signal<ClientState>({ kind: "idle" });
  const members = signal<readonly Member[]>([]);
  const unsent = signal<readonly Unsent[]>([]);
  const rung = signal<Rung>({ lastName: undefined, counts: new Map() });
  const lines = createLines();
  const ownIds = new Set<string>();
  let stay: Stay | undefined;
  let link: Link | undefined;
  let changing: Promise<unknown> = Promise.resolve();
  let key = 0;

  const isOwn = (user: string): boolean => ownIds.has(user);
  const nameOf = (user: string): string => memberName(members.value.find((member) => member.user === user) ?? { user });

  function open(): Client {
    const url = new URL("/carillon", location.href);
    url.searchParams.set("name", name.value);
    const tap = {
      opened: (opened: Link) => (link = opened),
      sent: (frame: string | Uint8Array) => wireLog.add("sent", frame),
      received: (frame: string | Uint8Array) => wireLog.add("received", frame),
    };
    const client = createClient(url, {
      transports: [webSocket(), sse(), longPolling()].map((transport) => tapped(transport, tap)),
      ...(encoding.value === "msgpack" && { codec: msgpackCodec() }),
    });
    client.onState((next) => {
      if (next.kind === "open") ownIds.add(next.user ?? next.connection);
      state.value = next;
    });
    client.on("connect", ({ reconnects }) => {
      if (reconnects > 0) lines.notice("Back again, and still in the channel.");
    });
    client.on("disconnect", ({ willReconnect }) => {
      if (willReconnect) lines.notice("The connection was lost.");
    });
    client.on("error", (error) => lines.notice(`Something went wrong: ${error.message}`));
    return client;
  }

  function join(client: Client): Stay {
    const joined = client.channel(channel.value);
    const isHere = (): boolean => stay?.channel === joined;
    const tellMove = (member: Member, what: string): void => {
      if (!isOwn(member.user)) lines.notice(`${memberName(member)} ${what}.`);
    };
    const listening = [
      joined.presence.on("change", (present) => (members.value = present)),
      joined.presence.on("join", (member) => tellMove(member, "came in")),
      joined.presence.on("leave", (member) => tellMove(member, "left")),
      joined.on("*", (data, { event, from, time }) =>
        hear(textOf(event, data), from && (from.user ?? from.id), time ?? Date.now()),
      ),
    ];
    joined.subscribe().catch((error: unknown) => {
      if (isHere()) lines.notice(`${joined.name}: ${reasonOf(error)}`);
    });
    return { client, channel: joined, deafen: () => listening.forEach((end) => end()) };
  }

  function hear(text: string, user: string | undefined, time: number): void {
    const author = user === undefined ? { user: "", name: "the server" } : { user, name: nameOf(user) };
    const isMine = user !== undefined && isOwn(user);
    if (isMine) forget(unsent.value.find((waiting) => waiting.text === text));
    lines.said({ ...author, isOwn: isMine, text, time });
    const counts = new Map(rung.value.counts).set(author.user, (rung.value.counts.get(author.user) ?? 0) + 1);
    rung.value = { lastName: author.name, counts };
  }

  function forget(said: Unsent | undefined): void {
    if (said) unsent.value = unsent.value.filter((other) => other !== said);
  }

  /** One change after the other, and the old connection is gone before the new one asks who is here. */
  function start(): void {
    changing = changing.then(async () => {
      const last = stay;
      stay = undefined;
      last?.deafen();
      await last?.client.close();
      stay = join(open());
    });
  }

  function go(next: string): void {
    if (next === channel.value) return;
    channel.value = next;
    history.replaceState(null, "", `#${encodeURIComponent(next)}`);
    changing = changing.then(() => {
      if (!stay || stay.channel.name === next) return;
      const { client, channel: last, deafen } = stay;
      deafen();
      last.unsubscribe().catch((error: unknown) => lines.notice(`${last.name}: ${reasonOf(error)}`));
      members.value = [];
      lines.clear();
      stay = join(client);
    });
  }

  return {
    name,
    channel,
    encoding,
    state,
    members,
    lines: lines.all,
    unsent,
    rung,
    isOwn,
    begin() {
      remember("carillon.name", name.value);
      addEventListener("hashchange", () => go(channelInAddress() ?? defaultChannel));
      start();
    },
    rename(next) {
      if (next === name.value) return;
      name.value = next;
      remember("carillon.name", next);
      start();
    },
    go,
    encode(next) {
      if (next === encoding.value) return;
      encoding.value = next;
      start();
    },
    say(text) {
      const waiting = { key: key++, text };
      unsent.value = [...unsent.value, waiting];
      // What is written during a change of connections belongs to the next one.
      const published = changing.then(() => stay?.channel.publish("chat", { text }));
      published.then(
        () => forget(waiting),
        (error: unknown) => {
          forget(waiting);
          lines.notice(`“${text}” may not have arrived: ${reasonOf(error)}`);
        },
      );
    },
    // A code of the application's own, which means nothing to either side.
    drop: () => link?.close(4000, "dropped in the demo"),
    retry: start,
  };
}

/** What to call somebody: by the name that the server tells, if it tells one. */
export function memberName({ user, info }: Member): string {
  return typeof info === "object" && info !== null && "name" in info && typeof info.name === "string"
    ? info.name
    : `guest ${user.slice(0, 4)}`;
}

/** What is written in the page's own format is shown as it is, everything else as what it is. */
function textOf(event: string, data: unknown): string {
  if (
    event === "chat" &&
    typeof data === "object" &&
    data !== null &&
    "text" in data &&
    typeof data.text === "string"
  ) {
    return data.text;
  }
  return data instanceof Uint8Array ? `${event}: ${data.length} bytes` : `${event}: ${JSON.stringify(data)}`;
}

function reasonOf(error: unknown): string {
  return error instanceof CarillonError ? error.message : String(error);
}

/** What follows the `#`. */
export function channelInAddress(): string | undefined {
  try {
    return decodeURIComponent(location.hash.slice(1)) || undefined;
  } catch {
    return undefined;
  }
}
