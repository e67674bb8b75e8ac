import type { Transport } from "../../../src/client/transports/transport.ts";
import type { Handshake } from "../../../src/engine/handshake.ts";
import type { Wire, WireHandler } from "../../../src/engine/ports/wire.ts";
import { CarillonError } from "../../../src/errors/carillon-error.ts";
import type { ActorClock } from "./actor-clock.ts";
import type { Weather } from "./lane.ts";
import { Pipe, type PipeTap } from "./pipe.ts";
import type { SeededRandom } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

/** A server that may be reached. */
export interface Reachable {
  readonly name: string;
  readonly clock: ActorClock;
  /** It can be reached; whether it takes clients is for it to say. */
  readonly isUp: boolean;
  accept(wire: Wire, handshake: Handshake): Promise<WireHandler>;
}

/** A client's place in the network. */
export interface Caller {
  readonly name: string;
  readonly clock: ActorClock;
}

/** What a network is made of. */
export interface NetworkParts {
  readonly scheduler: Scheduler;
  readonly random: SeededRandom;
  readonly weather: Weather;
  /** How likely a client comes back to the node it was on. */
  readonly stickiness: number;
  readonly closeLoss: () => number;
  readonly maxBufferedBytes: () => number;
  readonly nodes: () => readonly Reachable[];
  readonly tap: PipeTap;
}

/** Everything between clients and nodes. */
export class Network {
  /** The pipes that are not over, by their clients. */
  readonly pipes: Map<Pipe, { readonly caller: Caller; readonly node: Reachable }> = new Map();
  readonly #parts: NetworkParts;
  readonly #homes = new Map<string, string>();
  /** Which transports do not get through, and until when. */
  readonly #blocked = new Map<string, number>();
  #opened = 0;

  constructor(parts: NetworkParts) {
    this.#parts = parts;
  }

  /** No new connection of this transport gets through for so long. */
  block(transport: string, ms: number): void {
    this.#blocked.set(transport, this.#parts.scheduler.now + ms);
  }

  /** The faults are over. */
  heal(): void {
    this.#blocked.clear();
    for (const pipe of this.pipes.keys()) pipe.heal();
  }

  pipesOf(name: string): readonly Pipe[] {
    const found: Pipe[] = [];
    for (const [pipe, { caller, node }] of this.pipes) {
      if (pipe.isOver) this.pipes.delete(pipe);
      else if (caller.name === name || node.name === name) found.push(pipe);
    }
    return found;
  }

  transport(name: string, caller: Caller): Transport {
    const { scheduler, random, weather } = this.#parts;
    return {
      name,
      connect: ({ url, codec: { subprotocol }, signal }) =>
        new Promise((resolve, reject) => {
          const fail = (): void => reject(new CarillonError("connect-failed"));
          const isBlocked = (this.#blocked.get(name) ?? 0) > scheduler.now;
          signal.addEventListener("abort", fail);
          if (signal.aborted || (isBlocked && random.chance(0.5))) return fail();
          // A proxy that lets nothing through, and says nothing either.
          if (isBlocked) return;
          scheduler.after(random.time(weather.delayMs), () => {
            const node = signal.aborted ? undefined : this.#choose(caller);
            if (!node) return fail();
            const pipe = this.#open(caller, node, name, subprotocol);
            const arrived = (act: () => void): void => {
              scheduler.after(random.time(weather.delayMs), () => whenRunning(caller.clock, act));
            };
            whenRunning(node.clock, () => {
              node.accept(pipe.wire, handshakeOf(new URL(url), subprotocol)).then(
                (handler) => {
                  pipe.serve(handler);
                  arrived(() => {
                    if (signal.aborted) pipe.link.close(1000);
                    else resolve(pipe.link);
                  });
                },
                () => {
                  // Whoever spreads the clients has heard of it, too.
                  this.#homes.delete(caller.name);
                  pipe.break({ keepsUnderway: false, clientMs: 0, serverMs: 0 });
                  arrived(fail);
                },
              );
            });
          });
        }),
    };
  }

  #open(caller: Caller, node: Reachable, transport: string, subprotocol: string): Pipe {
    const { scheduler, random, weather, closeLoss, maxBufferedBytes, tap } = this.#parts;
    this.#opened += 1;
    const name = `${caller.name}>${node.name}#${this.#opened}`;
    const pipe = new Pipe({
      name,
      scheduler,
      random: random.part(name),
      weather,
      client: caller.clock,
      server: node.clock,
      subprotocol,
      maxBufferedBytes: maxBufferedBytes(),
      closeLoss,
      tap,
    });
    this.pipes.set(pipe, { caller, node });
    tap.event(pipe, `opens ${transport}`);
    return pipe;
  }

  #choose(caller: Caller): Reachable | undefined {
    const { random, stickiness, nodes } = this.#parts;
    const up = nodes().filter(({ isUp }) => isUp);
    if (up.length === 0) return undefined;
    const home = up.find(({ name }) => name === this.#homes.get(caller.name));
    const chosen = home && random.chance(stickiness) ? home : random.pick(up);
    this.#homes.set(caller.name, chosen.name);
    return chosen;
  }
}

/** Runs it now, or when the process goes on. */
export function whenRunning(clock: ActorClock, run: () => void): void {
  if (clock.isStopped) clock.whenAwake(() => whenRunning(clock, run));
  else run();
}

/** What a server knows of a client that comes from here. */
export function handshakeOf(url: URL, subprotocol: string): Handshake {
  const headers = { host: url.host, "sec-websocket-protocol": subprotocol };
  return {
    method: "GET",
    path: url.pathname,
    url,
    headers: new Headers(headers),
    rawHeaders: Object.entries(headers).flat(),
    header: (name) => (Object.hasOwn(headers, name) ? headers[name as keyof typeof headers] : undefined),
    ip: "127.0.0.1",
    locals: {},
    secure: false,
  };
}
