import { CarillonError } from "../../errors/carillon-error.ts";
import { closeCodes } from "../../errors/close-codes.ts";
import type { Authenticate } from "../../engine/application.ts";
import type { Handshake } from "../../engine/handshake.ts";
import { andThen, isPending, type Later } from "../../engine/later.ts";
import type { Frame, Wire } from "../../engine/ports/wire.ts";
import type { Session } from "../dialect.ts";
import { turnedAwayWith } from "../go-refusals.ts";
import { SimpleSession } from "../simple-session.ts";
import { act, follow, refuse, type Participant } from "./actions.ts";
import { LiveClient } from "./client.ts";
import { readClientMessage } from "./client-message.ts";
import { dialectName, errorPacket } from "./encoder.ts";
import { ConnectionError, RateLimitError } from "./errors.ts";
import { farewell, type Hub } from "./hub.ts";
import type { GoWsOptions } from "./options.ts";
import { RateWindow } from "./rate-window.ts";
import { CountedWire } from "./stats.ts";
import { StoredClient } from "./storage.ts";
import { tokenOf } from "./token.ts";

/** Begins a client's session. */
export function openSession(hub: Hub, wire: Wire, handshake: Handshake): Session {
  // Others may have come while middleware thought about it.
  const refusal = hub.gate.refusal(handshake.ip);
  if (refusal || hub.isClosing) return turnedAway(hub, wire, refusal?.message);
  const leave = hub.gate.enter(handshake.ip);
  const talk = new Talk(hub, wire, handshake);
  const gone = hub.opened(() => talk.session.drain());
  // Its own `onConnect` may have closed the hub.
  if (hub.isClosing) talk.session.drain();
  return {
    receive: (frame) => talk.session.receive(frame),
    closed(code, reason) {
      leave();
      return andThen(talk.session.closed(code, reason), gone);
    },
    drain: () => talk.session.drain(),
    ponged: () => talk.seen(),
  };
}

function turnedAway(hub: Hub, wire: Wire, message: string | undefined): Session {
  const { code, meaning } = closeCodes.unavailable;
  hub.mistake(new ConnectionError(message ?? farewell.reason, 503));
  wire.close(code, meaning);
  return { receive: () => undefined, closed: () => undefined };
}

/** What one client says, and what becomes of it. */
class Talk {
  readonly session: SimpleSession;
  readonly #hub: Hub;
  readonly #rate: RateWindow | undefined;
  #participant: Participant | undefined;

  constructor(hub: Hub, wire: Wire, handshake: Handshake) {
    const { engine, encoder, settings, counters } = hub;
    this.#hub = hub;
    this.#rate = settings.rateLimit && new RateWindow(settings.rateLimit);
    this.session = new SimpleSession({
      engine,
      wire: new CountedWire(wire, counters),
      handshake,
      dialect: dialectName,
      encoder,
      token: tokenOf(handshake, settings.tokenSubprotocol),
      authenticate: settings.getUserId && authenticateWith(settings.getUserId),
      opened: (connection) => {
        const client = new LiveClient(connection, engine.clock.wall(), engine.clock.now());
        hub.entered(client);
        this.#participant = { hub, client, stored: this.#store(client) };
      },
      moved: (move) => follow(move, this.#participant!),
      heard: (frame) => this.#hear(frame),
      failed: (error, connection) => hub.failed(error, connection),
      refused(error, refusedWire) {
        refusedWire.send(errorPacket(error.code === "forbidden" ? "unauthorized" : error.message));
        refusedWire.close(turnedAwayWith(error), error.code);
      },
      ended: () => {
        if (!this.#participant) return;
        this.#participant.stored?.end();
        hub.left(this.#participant.client);
      },
      // No reason: an identity may have ended as well as the server.
      farewell: { code: farewell.code },
    });
  }

  /** It said something, or answered a ping. */
  seen(): void {
    if (!this.#participant) return;
    const { client, stored } = this.#participant;
    const { clock } = this.#hub.engine;
    client.seen(clock.wall(), clock.now());
    stored?.seen(() => client.lastSeen);
  }

  #store(client: LiveClient): StoredClient | undefined {
    const { storage } = this.#hub.settings;
    if (!storage) return undefined;
    const { clientId, userId, createdAt, lastSeen } = client;
    const record = { clientId, userId, metadata: Object.fromEntries(client.metadata), createdAt, lastSeen };
    return new StoredClient(storage, record, (error) => this.#hub.failed(error, client.connection));
  }

  #hear(frame: Frame): Later<void> {
    const participant = this.#participant;
    if (!participant) return undefined;
    this.#hub.counters.messagesReceived += 1;
    this.seen();
    if (!this.#isWithinRate(participant)) return undefined;
    try {
      const message = readClientMessage(frame);
      if (!message) return undefined;
      const failed = (error: unknown): void => refuse(error, message, participant);
      try {
        const done = act(message, participant);
        return isPending(done) ? done.catch(failed) : undefined;
      } catch (error) {
        return failed(error);
      }
    } catch (error) {
      if (!(error instanceof CarillonError)) throw error;
      participant.client.connection.wire.send(errorPacket(error.message));
      return undefined;
    }
  }

  /** What is too much is dropped, and every message of it is told; the application is told once an interval. */
  #isWithinRate({ client }: Participant): boolean {
    const taken = this.#rate?.take(this.#hub.engine.clock.now()) ?? "heard";
    if (taken === "heard") return true;
    const message = "rate limit exceeded";
    client.connection.wire.send(errorPacket(message));
    if (taken === "first-dropped") this.#hub.mistake(new RateLimitError(message, { client }), client.connection);
    return false;
  }
}

function authenticateWith(getUserId: NonNullable<GoWsOptions["getUserId"]>): Authenticate {
  return ({ handshake }) =>
    andThen(getUserId(handshake), (userId) => (userId === undefined || userId === "" ? {} : { userId }));
}
