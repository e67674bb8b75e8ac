import { native } from "../../../src/dialects/native/dialect.ts";
import type { Identity } from "../../../src/engine/application.ts";
import { CarillonError } from "../../../src/errors/carillon-error.ts";
import type { ServerOptions } from "../../../src/server/options.ts";
import { createServer, type Server } from "../../../src/server/server.ts";
import { ActorClock } from "../world/actor-clock.ts";
import { Network } from "../world/network.ts";
import type { SeededRandom } from "../world/random.ts";
import { Scheduler } from "../world/scheduler.ts";
import { Trace } from "../world/trace.ts";
import { channels, keyOf, rulesOf, tabsChannel, witnessUser } from "./channels.ts";
import { Roll } from "./roll.ts";
import { Tab, type Secret } from "./tab.ts";
import { Witness } from "./witness.ts";

const graceMs = 1_000;
/** How often it is looked at who is seen. */
const lookMs = 500;

/** One node and its clients, which come, go, and die. */
export class PresenceWorld {
  readonly random: SeededRandom;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly roll: Roll;
  readonly network: Network;
  readonly server: Server;
  readonly witness: Witness;
  readonly tabs: Tab[] = [];
  /** What went wrong first. */
  failure: string | undefined;
  /** How many secrets were heard. */
  heard = 0;
  readonly #clock: ActorClock;
  /** How often the token of a tab was replaced. */
  readonly #versions = new Map<string, number>();
  #names = 0;

  constructor(random: SeededRandom, print?: (line: string) => void) {
    const fail = (message: string): void => this.fail(message);
    this.random = random;
    this.scheduler = new Scheduler(random.part("ties"), (error) =>
      fail(String(error instanceof Error ? error.stack : error)),
    );
    const now = (): number => this.scheduler.now;
    this.trace = new Trace(now, print);
    this.roll = new Roll(now);
    this.#clock = new ActorClock(this.scheduler, random.whole(0, 1_000_000));
    this.server = this.#serve();
    const { server } = this;
    const clock = this.#clock;
    this.network = new Network({
      scheduler: this.scheduler,
      random: random.part("network"),
      weather: { delayMs: random.pick([1, 5, 20]) },
      stickiness: 1,
      closeLoss: () => 0,
      maxBufferedBytes: () => 1_048_576,
      nodes: () => [{ name: "node", clock, isUp: true, accept: (wire, handshake) => server.accept(wire, handshake) }],
      tap: {
        closes: (pipe, code) => this.trace.add(pipe.name, `closed by the server ${code}`),
        event: (pipe, what) => this.trace.add(pipe.name, what),
        toClient: (pipe, frame) => this.trace.add(pipe.name, `> ${String(frame).slice(0, 160)}`),
        toServer: (pipe, frame) => this.trace.add(pipe.name, `< ${String(frame).slice(0, 160)}`),
        told: () => undefined,
      },
    });
    this.witness = new Witness({ server, fail });
    this.#look();
  }

  fail(message: string): void {
    if (this.failure !== undefined) return;
    this.failure = message;
    this.trace.add("world", message);
    this.scheduler.stop();
  }

  open(user: string): Tab {
    this.#names += 1;
    const tab = new Tab(this, `t${this.#names}`, user);
    this.tabs.push(tab);
    return tab;
  }

  tokenOf({ name, user }: Tab): string {
    return `${name} ${this.#versions.get(name) ?? 0} ${user}`;
  }

  /** Its token does not count any more. */
  expire({ name }: Tab): void {
    this.#versions.set(name, (this.#versions.get(name) ?? 0) + 1);
  }

  /** The server says something in a private channel. */
  tell(channel: string): void {
    const secret: Secret = { label: channel, by: "server" };
    void this.server.channel(channel).publish("m", secret);
  }

  /** Nothing has happened for a while: everybody knows just who is there. */
  checkQuiet(): void {
    for (const channel of channels) {
      const wanted = this.roll.users(channel);
      const present = this.server.channel(channel).members.filter(({ user }) => user !== witnessUser);
      const users = [...new Set(present.map(({ user }) => user))];
      if (sorted(users) !== sorted(wanted))
        this.fail(`I9 in ${channel} the server sees ${difference(users, wanted)} when all is quiet`);
      const server = sorted(this.server.channel(channel).members.map(keyOf));
      if (sorted(this.witness.view.members(channel) ?? []) !== server)
        this.fail(`I9 in ${channel} the witness was told of others than the server sees`);
      for (const tab of this.tabs) if (!tab.isGone) this.#checkTab(tab, channel, server);
    }
    this.#checkIds();
  }

  #checkTab(tab: Tab, channel: string, server: string): void {
    const isThere = [...tab.wants].includes(channel);
    const { kind } = tab.client.channel(channel).state;
    if (kind !== (isThere ? "subscribed" : "unsubscribed")) this.fail(`liveness: ${tab.name} is ${kind} in ${channel}`);
    if (!isThere) return;
    if (sorted(tab.members(channel)) !== server || sorted(tab.view.members(channel) ?? []) !== server)
      this.fail(
        `I9 in ${channel} ${tab.name} sees others than the server: ${difference(tab.members(channel), server.split(","))}`,
      );
  }

  /** Where each connection is shown by itself, it is those of the tabs. */
  #checkIds(): void {
    const there = this.tabs.filter((tab) => !tab.isGone && [...tab.wants].includes(tabsChannel));
    const keys = there.map(({ user, client: { state } }) =>
      keyOf({ user, id: state.kind === "open" ? state.connection : "?" }),
    );
    const seen = this.server
      .channel(tabsChannel)
      .members.filter(({ user }) => user !== witnessUser)
      .map(keyOf);
    if (sorted(keys) !== sorted(seen)) this.fail(`I9 in ${tabsChannel} the server sees ${difference(seen, keys)}`);
  }

  /** Whoever is seen is there, or was a moment ago. */
  #look(): void {
    for (const channel of channels) {
      for (const { user } of this.server.channel(channel).members) {
        if (user !== witnessUser && !this.roll.mayBeSeen(channel, user))
          this.fail(`I9 ${user} is seen in ${channel} and has not been there for long`);
      }
    }
    this.scheduler.after(lookMs, () => this.#look());
  }

  #identify(token: string): Identity {
    if (token === witnessUser) return { userId: witnessUser };
    const [name = "", version, userId] = token.split(" ");
    if (Number(version) !== (this.#versions.get(name) ?? 0) || userId === undefined)
      throw new CarillonError("token-expired");
    return { userId };
  }

  #serve(): Server {
    const own = this.random.part("node");
    const wait = (): Promise<void> => new Promise((resolve) => void this.#clock.after(own.whole(0, 60), resolve));
    const options = {
      clock: this.#clock,
      random: own,
      logger: { info: ignore, warn: ignore, error: ignore },
      endpoints: { "/carillon": native({ resumeMs: 4_000, heartbeatMs: 2_000, connectTimeoutMs: 4_000 }) },
      channels: rulesOf(wait),
      limits: { presenceGraceMs: graceMs, presenceChangesPerSecond: this.random.part("limits").pick([1, 3, 100]) },
      authenticate: ({ token = "" }: { readonly token?: string }) => this.#identify(token),
    } as ServerOptions;
    return createServer(options);
  }
}

function sorted(names: readonly string[]): string {
  return names.toSorted().join();
}

/** Who is seen and is not there, and the other way round. */
function difference(seen: readonly string[], there: readonly string[]): string {
  const more = seen.filter((one) => !there.includes(one)).map((one) => `+${one}`);
  const less = there.filter((one) => !seen.includes(one)).map((one) => `-${one}`);
  return [...more, ...less].join(" ");
}

function ignore(): void {}
