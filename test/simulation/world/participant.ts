import { createClient, type Client, type ClientOptions } from "../../../src/client/index.ts";
import { toCarillonError } from "../../../src/errors/carillon-error.ts";
import { createJsonCodec, type Codec } from "../../../src/protocol/codec.ts";
import { Listening, type ToldGap } from "../checks/listening.ts";
import { checkPage, type Page } from "../checks/page.ts";
import { payload, positionOf, textOf, type Payload } from "../checks/truth.ts";
import { channels, historyChannels } from "../config.ts";
import { ActorClock } from "./actor-clock.ts";
import type { Caller } from "./network.ts";
import type { Numbered } from "./node-actor.ts";
import type { SeededRandom } from "./random.ts";
import type { World } from "./world.ts";

/** What a publish may fail with. */
const excuses: ReadonlySet<string> = new Set(["timeout", "broker-unavailable", "closed", "queue-full"]);

/** One client process, its application included. */
export class Participant implements Caller {
  readonly name: string;
  /** Its user. */
  readonly user: string;
  readonly clock: ActorClock;
  readonly client: Client;
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #listenings = new Map<string, Listening>();
  /** Where it stood in channels that it has left. */
  readonly #leftAt = new Map<string, string>();
  /** What it published, to be published again. */
  readonly #published: { readonly channel: string; readonly data: Payload; readonly id: string }[] = [];
  #numbers = 0;
  #isGone = false;
  #token = "";

  constructor(world: World, name: string, user: string) {
    const { config, scheduler, network, random } = world;
    const own = random.part(name);
    this.#world = world;
    this.#random = own;
    this.name = name;
    this.user = user;
    this.clock = new ActorClock(scheduler, own.whole(0, 1_000_000));
    const options: ClientOptions = {
      transports: [network.transport("upper", this), network.transport("lower", this)],
      token: () => (this.#token = world.identities.tokenOf(user)),
      clock: this.clock,
      random: own.part("client"),
      codec: this.#tapped(createJsonCodec()),
      connectTimeoutMs: 2_000,
      requestTimeoutMs: config.requestTimeoutMs,
      reconnect: { delayMs: 200, maxDelayMs: 2_000 },
      ...({
        upgradeMs: config.upgradeMs,
        ...(config.batches && { batch: { maxMessages: 5, maxDelayMs: 40 } }),
      } as object),
    };
    this.client = createClient("ws://world/carillon", options);
    this.#listen();
    this.client.connect().catch(() => undefined);
    this.#trace("comes");
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** The channels that its application is in. */
  get listenings(): ReadonlyMap<string, Listening> {
    return this.#listenings;
  }

  subscribe(name: string, restores = false): void {
    if (this.#isIdle || this.#listenings.has(name)) return;
    const left = restores ? this.#leftAt.get(name) : undefined;
    const { truth, scheduler } = this.#world;
    const hasHistory = historyChannels.includes(name);
    const fail = (message: string): void => this.#world.fail(message);
    const parts = { who: this.name, channel: name, hasHistory, truth, now: () => scheduler.now, fail };
    const listening = new Listening(parts, left === undefined ? undefined : positionOf(left));
    this.#listenings.set(name, listening);
    this.#trace(`subscribes to ${name} ${left ?? ""}`);
    const channel = this.client.channel(name) as unknown as { subscribe(options?: object): Promise<void> };
    const question = this.#asks(`subscribe ${name}`);
    channel.subscribe(left === undefined ? {} : { since: left }).then(question, (error: unknown) => {
      question(error);
      if (this.#listenings.get(name) === listening) this.#forget(name);
    });
  }

  unsubscribe(name: string): void {
    if (this.#isIdle || !this.#listenings.has(name)) return;
    this.#trace(`leaves ${name}`);
    this.#forget(name);
    const question = this.#asks(`unsubscribe ${name}`);
    this.client.channel(name).unsubscribe().then(question, question);
  }

  publish(channel: string, hasOwnId: boolean): void {
    if (this.#isIdle) return;
    this.#numbers += 1;
    const number = this.#numbers;
    const data = payload(this.name, number, channel, this.#random.whole(0, this.#world.config.paddingBytes));
    this.#world.truth.attempt(channel, data);
    const id = hasOwnId ? `${this.name.replace(".", "-")}-${number}` : undefined;
    if (id !== undefined) this.#published.push({ channel, data, id });
    this.#publish(channel, data, id);
  }

  /** Publishes once more what it has published before. */
  publishAgain(): void {
    const again = this.#published.at(-1 - this.#random.whole(0, 5));
    if (!again || this.#isIdle) return;
    this.#world.truth.attempt(again.channel, again.data);
    this.#publish(again.channel, again.data, again.id);
  }

  send(): void {
    if (this.#isIdle) return;
    this.#numbers += 1;
    try {
      this.client.send("note", { client: this.name, number: this.#numbers } satisfies Numbered);
    } catch (error) {
      this.#trace(`cannot send ${toCarillonError(error, "internal").code}`);
    }
  }

  request(): void {
    if (this.#isIdle) return;
    this.#numbers += 1;
    const asked: Numbered = { client: this.name, number: this.#numbers };
    const question = this.#asks(`ask ${asked.number}`);
    this.client.request("ask", asked).then((answered) => {
      question();
      const { client, number } = answered as Numbered;
      const { conduct } = this.#world;
      if (client !== this.name || number !== asked.number)
        this.#fail(`I16 ${this.name} asked ${asked.number} and was answered ${client}:${number}`);
      if (!conduct.wasHandled("ask", client, number))
        this.#fail(`I16 ${client}:${number} was answered and not handled`);
    }, question);
  }

  history(name: string, limit: number, isBackwards: boolean): void {
    const channel = this.client.channel(name) as unknown as HistoryReader;
    const at = this.#listenings.get(name)?.at;
    if (this.#isIdle || !channel.history || !historyChannels.includes(name) || !at) return;
    const question = this.#asks(`history ${name}`);
    const range = isBackwards ? { before: textOf(at), limit } : { after: textOf(at), limit };
    channel.history(range).then((page) => {
      question();
      checkPage(page, { who: this.name, channel: name, ...range }, this.#world);
    }, question);
  }

  /** The machine sleeps, or the process is stopped. */
  sleep(ms: number, stands: boolean): void {
    if (this.clock.isStopped) return;
    this.#trace(`sleeps for ${ms}`);
    this.clock.stop(stands);
    this.#world.scheduler.after(ms, () => this.clock.goOn());
  }

  /** The application closes it. */
  leave(): void {
    if (this.#isIdle) return;
    this.#trace("leaves");
    this.#isGone = true;
    for (const name of this.#listenings.keys()) this.#forget(name);
    const question = this.#asks("close");
    void this.client.close().then(() => {
      question();
      this.#trace("has left");
      if (this.clock.timers > 0) this.#fail(`I13 ${this.name} left ${this.clock.timers} timers behind`);
    });
  }

  /** The process dies. */
  vanish(): void {
    this.#trace("vanishes");
    this.#isGone = true;
    this.clock.kill();
    for (const listening of this.#listenings.values()) listening.end();
    this.#world.conduct.forget(this.name);
    for (const pipe of this.#world.network.pipesOf(this.name)) {
      pipe.break({ keepsUnderway: false, serverMs: this.#random.time(500) });
    }
  }

  /** No application runs in it. */
  get #isIdle(): boolean {
    return this.#isGone || this.clock.isStopped;
  }

  #publish(channel: string, data: Payload, id: string | undefined): void {
    const { truth } = this.#world;
    const question = this.#asks(`publish ${data.number}`);
    const options = id === undefined ? {} : { id };
    const publishing = this.client.channel(channel).publish("m", data, options);
    publishing.then(
      (accepted) => {
        question();
        const { id: given, position } = accepted as { readonly id: string; readonly position?: string };
        const published = truth.publication(channel, given);
        if (!published || (published.data as Payload).number !== data.number)
          this.#fail(`I4 ${this.name} was told that ${data.number} is in ${channel} as ${given}, where it is not`);
        const entry = position === undefined ? undefined : truth.find(channel, positionOf(position));
        if (historyChannels.includes(channel) && entry?.publication.id !== given)
          this.#fail(`I4 ${this.name} was told that ${given} is at ${position} in ${channel}, where it is not`);
      },
      (error: unknown) => {
        question(error);
        const { code } = toCarillonError(error, "internal");
        // Given up by the client, it may still be waiting its turn on a node that the client has left.
        if (code === "timeout") truth.mayBeLate(data);
        if (!excuses.has(code)) this.#fail(`I16 ${this.name} could not publish ${data.number}: ${code}`);
      },
    );
  }

  #asks(what: string): (error?: unknown) => void {
    const { conduct, scheduler } = this.#world;
    const question = `${this.name} ${what} at ${scheduler.now} ${this.#random.next()}`;
    conduct.asks(question, this.#world.config.requestTimeoutMs);
    return (error) => {
      this.#trace(`${what} ${error === undefined ? "is done" : toCarillonError(error, "internal").code}`);
      conduct.answered(question);
    };
  }

  #listen(): void {
    const { client } = this;
    client.on("tick", (data) => {
      const { client: connection, number } = data as Numbered;
      this.#alive("tick");
      this.#world.conduct.hears(this.name, connection, number);
    });
    const on = client.on.bind(client) as unknown as (event: string, handler: (what: unknown) => void) => void;
    on("gap", (what) => {
      const gap = what as ToldGap;
      this.#trace(`gap ${gap.channel} ${gap.from ?? ""} ${gap.to ?? ""} ${gap.reason}`);
      this.#alive("gap");
      this.#world.gaps += 1;
      const listening = this.#listenings.get(gap.channel);
      if (listening) listening.gap(gap);
      else this.#fail(`I13 ${this.name} was told of a gap in ${gap.channel}, where it is not`);
    });
    on("connect", (what) => this.#trace(`is connected ${JSON.stringify(what)}`));
    on("error", (what) => this.#trace(`is told ${toCarillonError(what, "internal").code} ${(what as Error).message}`));
    for (const name of channels) {
      client.channel(name).on("m", (data, publication) => {
        const { id, position } = publication as { readonly id?: string; readonly position?: string };
        this.#trace(`hears ${name} ${(data as Payload).by}:${(data as Payload).number} ${position ?? ""}`);
        this.#alive("publication");
        this.#world.heard += 1;
        const listening = this.#listenings.get(name);
        if (listening) listening.publication(id ?? "", data, position);
        else this.#fail(`I13 ${this.name} heard ${id} in ${name}, where it is not`);
      });
    }
  }

  /** Looks at what the server says before the client does, and changes nothing. */
  #tapped(codec: Codec): Codec {
    return {
      ...codec,
      decode: (frame) => {
        const messages = codec.decode(frame);
        for (const message of messages) this.#look(message as Readonly<Record<string, unknown>>);
        return messages;
      },
    };
  }

  #look({ type, channel, position, recovered, user }: Readonly<Record<string, unknown>>): void {
    if (type === "subscribed" && recovered === undefined)
      this.#listenings.get(String(channel))?.begins(typeof position === "string" ? positionOf(position) : undefined);
    if (type === "connected" && user !== this.#token)
      this.#fail(`I18 ${this.name} is ${this.#token} and was taken for ${String(user)}`);
  }

  #forget(name: string): void {
    const listening = this.#listenings.get(name);
    this.#listenings.delete(name);
    listening?.end();
    if (listening?.at) this.#leftAt.set(name, textOf(listening.at));
  }

  #alive(what: string): void {
    if (this.#isGone) this.#fail(`I13 ${this.name} heard a ${what} after it had left`);
    if (this.clock.isStopped) throw new Error(`${this.name} hears a ${what} while it is stopped`);
  }

  #fail(message: string): void {
    this.#world.fail(message);
  }

  #trace(event: string): void {
    this.#world.trace.add(this.name, event);
  }
}

interface HistoryReader {
  history?(range: { readonly after?: string; readonly before?: string; readonly limit: number }): Promise<Page>;
}
