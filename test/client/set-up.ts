import {
  createClient,
  type Client,
  type ClientOptions,
  type ClientState,
  type CarillonError,
} from "../../src/client/index.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import type { ConnectedMessage } from "../../src/protocol/messages.ts";
import { FakeTransport, type FakeLink } from "./fake-transport.ts";

export interface SetUp {
  readonly client: Client;
  readonly clock: ManualClock;
  readonly transport: FakeTransport;
  /** Every state since the client was made. */
  readonly states: ClientState[];
  /** What the event `error` told. */
  readonly errors: CarillonError[];
  /** Connects, or waits for the try that goes on, and lets the server accept it. */
  open(welcome?: Partial<ConnectedMessage>): Promise<FakeLink>;
  /** Lets time pass and what follows from it happen. */
  pass(ms: number): Promise<void>;
}

/** A client with time, chance and server in the hands of the test; waits are exact unless the options say otherwise. */
export function setUp(options: ClientOptions = {}): SetUp {
  const clock = new ManualClock();
  const transport = new FakeTransport("fake", options.codec);
  const client = createClient("ws://server/carillon", {
    clock,
    transports: [transport],
    random: { next: () => 0.5 },
    ...options,
    ...(options.reconnect !== false && { reconnect: { jitter: "none", ...options.reconnect } }),
  });
  const states: ClientState[] = [];
  const errors: CarillonError[] = [];
  client.onState((state) => states.push(state));
  client.on("error", (error) => errors.push(error));
  return {
    client,
    clock,
    transport,
    states,
    errors,
    async open(welcome = {}) {
      if (client.state.kind === "idle" || client.state.kind === "closed") client.connect().catch(() => {});
      await settled();
      const link = transport.last.accept();
      await settled();
      link.say({ ...connected, ...welcome });
      await settled();
      return link;
    },
    async pass(ms) {
      await settled();
      clock.advance(ms);
      await settled();
    },
  };
}

export const connected: ConnectedMessage = {
  type: "connected",
  connection: "c-1",
  heartbeatMs: 0,
  maxMessageBytes: 65_536,
};

/** Lets every promise run that can. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The code that a promise rejects with, or "resolved", or "pending". */
export async function outcome(promise: Promise<unknown>): Promise<string> {
  return Promise.race([
    promise.then(
      () => "resolved",
      (error: CarillonError) => error.code,
    ),
    settled().then(() => "pending"),
  ]);
}
