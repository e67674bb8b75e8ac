import { memoryBroker } from "../../src/brokers/memory.ts";
import type {
  Application,
  Ending,
  Failure,
  IncomingEvent,
  Interceptor,
  Middleware,
  Refusal,
} from "../../src/engine/application.ts";
import { ChannelRules, type ChannelRule } from "../../src/engine/channel-rules.ts";
import type { LiveConnection } from "../../src/engine/connection.ts";
import type { Delivery } from "../../src/engine/delivery.ts";
import { Engine } from "../../src/engine/engine.ts";
import type { Since } from "../../src/engine/joining.ts";
import type { Handshake } from "../../src/engine/handshake.ts";
import { andThen, type Later } from "../../src/engine/later.ts";
import { defaultLimits, type Limits } from "../../src/engine/limits.ts";
import type { Accepted, Broker, BrokerEvents, HistoryPage, Signal } from "../../src/engine/ports/broker.ts";
import type { Encoder } from "../../src/engine/ports/encoder.ts";
import type { Member } from "../../src/engine/presence.ts";
import type { Publication } from "../../src/engine/publication.ts";
import type { Published } from "../../src/engine/publishing.ts";
import { Handlers } from "../../src/events/handlers.ts";
import type { Random } from "../../src/platform/random.ts";
import { FakeWire, type FakeWireOptions } from "../../src/testing/fake-wire.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";

/** An application that remembers what it was told. */
export class TestApplication implements Application {
  authenticate: Application["authenticate"];
  readonly middleware: Middleware<LiveConnection>[] = [];
  readonly handlers: Handlers<(incoming: IncomingEvent) => unknown> = new Handlers();
  readonly interceptors: Interceptor<LiveConnection>[] = [];
  readonly publicationListeners: Application["publicationListeners"] = new Handlers();
  readonly schemas: Map<string, NonNullable<ReturnType<Application["schemas"]["get"]>>> = new Map();
  readonly connects: LiveConnection[] = [];
  readonly suspensions: LiveConnection[] = [];
  readonly resumptions: LiveConnection[] = [];
  readonly disconnects: (Ending & { readonly connection: LiveConnection })[] = [];
  readonly reported: Failure<LiveConnection>[] = [];
  hearsRefusals = true;
  readonly refusals: Refusal<LiveConnection>[] = [];
  whenConnected: (connection: LiveConnection) => void = () => undefined;

  get failures(): number {
    return this.reported.length;
  }

  /** The codes of what failed. */
  get failureCodes(): readonly string[] {
    return this.reported.map(({ error }) => error.code);
  }

  connected(connection: LiveConnection): void {
    this.connects.push(connection);
    this.whenConnected(connection);
  }

  disconnected(connection: LiveConnection, ending: Ending): void {
    this.disconnects.push({ connection, ...ending });
  }

  suspended(connection: LiveConnection): void {
    this.suspensions.push(connection);
  }

  resumed(connection: LiveConnection): void {
    this.resumptions.push(connection);
  }

  failed(failure: Failure<LiveConnection>): void {
    this.reported.push(failure);
  }

  refused(refusal: Refusal<LiveConnection>): void {
    this.refusals.push(refusal);
  }
}

/** A dialect of one line per delivery. */
export const textEncoder: Encoder = { encode: (delivery) => (isShown(delivery) ? [lineOf(delivery)] : undefined) };

function isShown(delivery: Delivery): boolean {
  if (delivery.kind === "join") return delivery.isFirst || delivery.member.id !== undefined;
  return delivery.kind !== "leave" || delivery.isLast || delivery.member.id !== undefined;
}

/** Where each connection is shown by itself, with its id. */
function nameOf({ user, id }: Member): string {
  return id === undefined ? user : `${user}#${id}`;
}

export function lineOf(delivery: Delivery): string {
  switch (delivery.kind) {
    case "publication":
      return `${delivery.publication.channel} ${delivery.publication.event} ${JSON.stringify(delivery.publication.data)}`;
    case "whisper":
      return `${delivery.channel} ~${delivery.from.user ?? delivery.from.id} ${delivery.event} ${JSON.stringify(delivery.data)}`;
    case "join":
      return `${delivery.channel} +${nameOf(delivery.member)}`;
    case "leave":
      return `${delivery.channel} -${nameOf(delivery.member)}`;
    case "gap":
      return `${delivery.channel} gap ${delivery.from?.offset ?? "?"}..${delivery.to.offset} ${delivery.reason}`;
    case "subscribed":
    case "unsubscribed":
      return `server ${delivery.kind} ${delivery.channel}`;
    case "event":
      return `! ${delivery.event} ${JSON.stringify(delivery.data)}`;
    case "batch":
      return `! ${delivery.event} × ${JSON.stringify(delivery.items)}`;
    case "request":
      return `?${delivery.ref} ${delivery.event} ${JSON.stringify(delivery.data)}`;
  }
}

export interface TestClientOptions extends FakeWireOptions {
  readonly encoder?: Encoder;
}

/** A client of the line dialect: what a session does, done by hand. */
export class TestClient {
  readonly wire: FakeWire;
  readonly connection: LiveConnection;
  readonly #engine: Engine;

  constructor(engine: Engine, { encoder = textEncoder, ...options }: TestClientOptions = {}) {
    this.#engine = engine;
    this.wire = new FakeWire({ clock: engine.clock, ...options });
    this.connection = engine.admit({ dialect: "text", handshake: handshake(), encoder, wire: this.wire });
    this.wire.handler = {
      receive: () => undefined,
      closed: (code, reason) => engine.disconnect(this.connection, { code, reason }),
    };
  }

  connect(token?: string): Later<void> {
    return this.#engine.connect(this.connection, token, () => this.wire.send(["welcome"]));
  }

  subscribe(channel: string, since?: Since, token?: string): Later<void> {
    return andThen(
      this.#engine.join(this.connection, channel, since, token),
      ({ members, position, recovered, start }) => {
        const users = members?.map(nameOf).join(",");
        const facts = [
          `subscribed ${channel}`,
          ...(users === undefined ? [] : [`[${users}]`]),
          ...(position ? [`@${position.offset}`] : []),
          ...(recovered === undefined ? [] : [recovered ? "recovered" : "not recovered"]),
        ];
        this.wire.send([facts.join(" ")]);
        start();
      },
    );
  }

  unsubscribe(channel: string): void {
    this.#engine.leave(this.connection, channel);
  }

  publish(
    channel: string,
    event: string,
    data?: unknown,
    options: { echo?: boolean; id?: string; stateKey?: string } = {},
  ): Later<Published> {
    return this.#engine.publishFrom(this.connection, { channel, event, data, ...options });
  }

  whisper(channel: string, event: string, data?: unknown): Later<void> {
    return this.#engine.whisperFrom(this.connection, { channel, event, data });
  }

  /** An event, and what it was answered with. */
  request(event: string, data?: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const received = (async () =>
        this.#engine.receive(this.connection, event, data, { answer: resolve, fail: reject }))();
      received.catch(reject);
    });
  }

  send(event: string, data?: unknown): Later<void> {
    return this.#engine.receive(this.connection, event, data);
  }

  /** What it was sent since the last time. */
  heard(): readonly unknown[] {
    return this.wire.takeFrames();
  }
}

export interface World {
  readonly engine: Engine;
  readonly application: TestApplication;
  readonly clock: ManualClock;
  client(options?: TestClientOptions): TestClient;
  /** A client that is connected, as this user; what it was sent so far is taken. */
  connected(userId?: string, options?: TestClientOptions): TestClient;
}

export interface WorldOptions {
  readonly broker?: Broker;
  readonly channels?: Readonly<Record<string, ChannelRule>>;
  readonly limits?: Partial<Limits>;
  /** Shared with the broker, where both measure the same time. */
  readonly clock?: ManualClock;
}

/** An engine with everything around it. */
export function world({
  clock = new ManualClock(),
  broker = memoryBroker({ clock }),
  channels = {},
  limits = {},
}: WorldOptions = {}): World {
  const application = new TestApplication();
  const engine = new Engine({
    broker,
    application,
    clock,
    rules: new ChannelRules(channels),
    limits: { ...defaultLimits, ...limits },
    random: countingRandom(),
  });
  // Brokers here start at once; a promise is only what the port asks for.
  void engine.start();
  const client = (options?: TestClientOptions): TestClient => new TestClient(engine, options);
  return {
    engine,
    application,
    clock,
    client,
    connected(userId, options) {
      const authenticate = application.authenticate;
      application.authenticate = () => (userId === undefined ? {} : { userId, info: { name: userId } });
      const opened = client(options);
      void opened.connect();
      application.authenticate = authenticate;
      opened.heard();
      return opened;
    },
  };
}

/** Ids that can be read: 1, 2, 3. */
export function countingRandom(): Random {
  let count = 0;
  return { next: () => 0.5, uuid: () => String((count += 1)) };
}

export function handshake(): Handshake {
  return {
    method: "GET",
    path: "/carillon",
    url: new URL("http://localhost/carillon?room=7"),
    headers: new Headers({ host: "localhost" }),
    header: (name) => (name === "host" ? "localhost" : undefined),
    rawHeaders: ["Host", "localhost"],
    ip: "127.0.0.1",
    secure: false,
    locals: {},
  };
}

interface Step {
  readonly name: string;
  run(): void;
  resolve(): void;
  reject(error: unknown): void;
}

/** A broker whose every call waits until the test lets it finish, the oldest first. */
export class PendingBroker implements Broker {
  /** What was called, in order. */
  readonly calls: string[] = [];
  readonly channels: Set<string> = new Set();
  /** The state of every channel. */
  kept: readonly Publication[] = [];
  isClosed = false;
  #events: BrokerEvents | undefined;
  readonly #steps: Step[] = [];

  /** What has not finished yet. */
  get pending(): readonly string[] {
    return this.#steps.map(({ name }) => name);
  }

  start(events: BrokerEvents): Promise<void> {
    this.#events = events;
    return Promise.resolve();
  }

  subscribe(channel: string): Promise<void> {
    return this.#later(`subscribe ${channel}`, () => void this.channels.add(channel));
  }

  unsubscribe(channel: string): Promise<void> {
    return this.#later(`unsubscribe ${channel}`, () => void this.channels.delete(channel));
  }

  publish(publication: Publication): Promise<Accepted> {
    const { channel, event } = publication;
    return this.#later(`publish ${channel} ${event}`, () => this.deliver(publication)).then(() => ({}));
  }

  read(channel: string): Promise<HistoryPage> {
    const top = { epoch: "e", offset: 0, tag: "0" };
    return this.#later(`read ${channel}`, () => undefined).then(() => ({ top, isCovered: true, publications: [] }));
  }

  state(channel: string): Promise<readonly Publication[]> {
    return this.#later(`state ${channel}`, () => undefined).then(() => this.kept);
  }

  clearState(channel: string): Promise<void> {
    return this.#later(`clear ${channel}`, () => undefined);
  }

  signal(signal: Signal): Promise<void> {
    return this.#later(`signal ${signal.kind}`, () => this.#events!.signal(signal));
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  /** Something that another node published. */
  deliver(publication: Publication): void {
    if (this.channels.has(publication.channel)) this.#events!.publication(publication);
  }

  /** Lets the oldest calls finish. */
  async finish(count = 1): Promise<void> {
    for (const step of this.#steps.splice(0, count)) {
      step.run();
      step.resolve();
    }
    await turn();
  }

  /** Lets the oldest call fail. */
  async fail(error: unknown = new Error("the network is gone")): Promise<void> {
    this.#steps.shift()?.reject(error);
    await turn();
  }

  async finishAll(): Promise<void> {
    while (this.#steps.length > 0) await this.finish();
  }

  #later(name: string, run: () => void): Promise<void> {
    this.calls.push(name);
    return new Promise((resolve, reject) => this.#steps.push({ name, run, resolve, reject }));
  }
}

/** Something to be awaited that ends when the test says so. */
export interface Gate<Value = void> {
  readonly passed: Promise<Value>;
  readonly open: (value: Value) => Promise<void>;
  readonly fail: (error: unknown) => Promise<void>;
}

export function gate<Value = void>(): Gate<Value> {
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  return {
    passed: promise,
    open: (value) => {
      resolve(value);
      return turn();
    },
    fail: (error) => {
      reject(error);
      return turn();
    },
  };
}

/** Ends when everything that only waits for promises has run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The code of what a call throws or rejects with. */
export async function codeOf(run: () => unknown): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

export const nothingLeft = { connections: 0, channels: 0, subscriptions: 0 };
