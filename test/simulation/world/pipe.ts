import type { Link, LinkHandler } from "../../../src/client/transports/transport.ts";
import type { Frame, Wire, WireHandler } from "../../../src/engine/ports/wire.ts";
import { closeCodes } from "../../../src/errors/close-codes.ts";
import type { ActorClock } from "./actor-clock.ts";
import { Lane, type Weather } from "./lane.ts";
import type { SeededRandom } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

/** Sees what passes; it must change nothing. */
export interface PipeTap {
  toClient(pipe: Pipe, frame: Frame): void;
  toServer(pipe: Pipe, frame: Frame): void;
  /** The server has sent it. */
  told(pipe: Pipe, frame: Frame): void;
  /** The server closes it. */
  closes(pipe: Pipe, code: number): void;
  event(pipe: Pipe, what: string): void;
}

/** What a pipe is made of. */
export interface PipeParts {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly random: SeededRandom;
  readonly weather: Weather;
  readonly client: ActorClock;
  readonly server: ActorClock;
  readonly subprotocol: string;
  readonly maxBufferedBytes: number;
  /** How likely a server's close is lost on its way. */
  readonly closeLoss: () => number;
  readonly tap: PipeTap;
}

/** How a pipe breaks. An end without a time is never told. */
export interface Break {
  /** What was sent before still arrives. */
  readonly keepsUnderway: boolean;
  readonly clientMs?: number;
  readonly serverMs?: number;
}

/** How long an end that closes waits for the other one. */
const closeMs = { server: 5_000, client: 3_000 };

/** One connection between a client and a node, from the one's `Link` to the other's `Wire`. */
export class Pipe {
  readonly name: string;
  readonly link: Link;
  readonly wire: Wire;
  readonly toClient: Lane;
  readonly toServer: Lane;
  readonly #parts: PipeParts;
  #linkHandler: LinkHandler | undefined;
  #wireHandler: WireHandler | undefined;
  #clientEnd: "open" | "closing" | "closed" = "open";
  #serverEnd: "open" | "closing" | "closed" = "open";
  /** As the client is told of it, perhaps only when it begins to receive. */
  #clientEnding: { readonly code: number; readonly reason: string } | undefined;
  #lastWriteAt: number;

  constructor(parts: PipeParts) {
    const { name, scheduler, random, weather, client, server, subprotocol } = parts;
    this.name = name;
    this.#parts = parts;
    this.#lastWriteAt = server.now();
    const toClient = new Lane({ scheduler, random, weather, receiver: client });
    const toServer = new Lane({ scheduler, random, weather, receiver: server });
    this.toClient = toClient;
    this.toServer = toServer;
    toClient.hold();
    const lastWriteAt = (): number => this.#lastWriteAt;
    this.wire = {
      transport: "in-process",
      get bufferedBytes() {
        return toClient.bytes;
      },
      get lastWriteAt() {
        return lastWriteAt();
      },
      send: (packet) => this.#tell(packet),
      whenDrained: (run) => {
        if (this.isServed) toClient.whenDrained(run);
      },
      pause: () => toServer.hold(),
      resume: () => toServer.release(),
      close: (code = 1005, reason = "") => this.#closeByServer(code, reason),
      destroy: () => this.#destroy(),
    };
    this.link = {
      subprotocol,
      get bufferedBytes() {
        return toServer.bytes;
      },
      send: (frames) => {
        for (const frame of frames) this.#say(frame);
      },
      receive: (handler) => {
        this.#linkHandler = handler;
        toClient.release();
        const ending = this.#clientEnding;
        if (ending) scheduler.after(0, () => handler.closed(ending.code, ending.reason));
      },
      close: (code = 1000, reason = "") => this.#closeByClient(code, reason),
    };
  }

  /** The server has not closed it, and does not know of its end. */
  get isServed(): boolean {
    return this.#serverEnd === "open";
  }

  get isOver(): boolean {
    return this.#serverEnd === "closed" && this.#clientEnd === "closed";
  }

  /** The faults are over: a direction that is dead takes the other one with it, and what is stuck moves. */
  heal(): void {
    this.toClient.speedUp();
    if (this.toClient.isDead || this.toServer.isDead)
      this.break({ keepsUnderway: false, clientMs: 100, serverMs: 100 });
  }

  serve(handler: WireHandler): void {
    this.#wireHandler = handler;
    // It broke before anybody was there.
    if (this.#serverEnd === "closed") this.#parts.scheduler.after(0, () => handler.closed(1006, ""));
  }

  /** Both directions die; who notices, and when, is another matter. */
  break({ keepsUnderway, clientMs, serverMs }: Break): void {
    const { scheduler, tap } = this.#parts;
    tap.event(this, `breaks ${clientMs?.toFixed(0) ?? "-"} ${serverMs?.toFixed(0) ?? "-"}`);
    this.toClient.die(keepsUnderway);
    this.toServer.die(keepsUnderway);
    if (clientMs !== undefined) scheduler.after(clientMs, () => this.#endClient(1006, ""));
    if (serverMs !== undefined) scheduler.after(serverMs, () => this.#endServer(1006, ""));
  }

  #tell(packet: readonly Frame[]): void {
    if (this.#serverEnd !== "open") return;
    this.#lastWriteAt = this.#parts.server.now();
    for (const frame of packet) {
      this.#parts.tap.told(this, frame);
      this.toClient.send(frame.length, () => {
        if (this.#clientEnd === "closed") return;
        this.#parts.tap.toClient(this, frame);
        this.#linkHandler?.frame(frame);
      });
    }
    if (this.toClient.bytes > this.#parts.maxBufferedBytes) {
      this.#closeByServer(closeCodes.slow.code, closeCodes.slow.meaning);
    }
  }

  #say(frame: Frame): void {
    if (this.#clientEnd !== "open") return;
    this.toServer.send(frame.length, () => {
      if (this.#serverEnd !== "open") return;
      this.#parts.tap.toServer(this, frame);
      this.#wireHandler?.receive(frame);
    });
  }

  #closeByServer(code: number, reason: string): void {
    if (this.#serverEnd !== "open") return;
    const { scheduler, random, closeLoss, tap } = this.#parts;
    tap.closes(this, code);
    this.#serverEnd = "closing";
    this.toServer.die();
    const back = random.time(this.#parts.weather.delayMs);
    if (random.chance(closeLoss())) this.toClient.die(true);
    this.toClient.send(2, () => {
      this.#endClient(code, reason);
      scheduler.after(back, () => this.#endServer(code, reason));
    });
    scheduler.after(closeMs.server, () => {
      this.toClient.die();
      this.#endServer(1006, "");
      scheduler.after(back, () => this.#endClient(1006, ""));
    });
  }

  #destroy(): void {
    if (this.#serverEnd === "closed") return;
    const { scheduler, random, tap, weather } = this.#parts;
    tap.event(this, "destroyed");
    this.#serverEnd = "closing";
    this.toClient.die(true);
    this.toServer.die();
    scheduler.after(0, () => this.#endServer(1006, ""));
    scheduler.after(random.time(weather.delayMs), () => this.#endClient(1006, ""));
  }

  #closeByClient(code: number, reason: string): void {
    if (this.#clientEnd !== "open") return;
    const { scheduler, tap } = this.#parts;
    tap.event(this, `closed by the client ${code}`);
    this.#clientEnd = "closing";
    this.toServer.send(2, () => {
      this.#endServer(code, reason);
      this.toClient.send(2, () => this.#endClient(code, reason));
      this.toClient.die(true);
    });
    scheduler.after(closeMs.client, () => {
      this.toServer.die();
      this.#endClient(1006, "");
      scheduler.after(closeMs.server, () => this.#endServer(1006, ""));
    });
  }

  #endClient(code: number, reason: string): void {
    if (this.#clientEnd === "closed") return;
    const { client, tap } = this.#parts;
    if (client.isStopped) {
      client.whenAwake(() => this.#endClient(code, reason));
      return;
    }
    this.#clientEnd = "closed";
    this.#clientEnding = { code, reason };
    tap.event(this, `over for the client ${code}`);
    this.#linkHandler?.closed(code, reason);
  }

  #endServer(code: number, reason: string): void {
    if (this.#serverEnd === "closed") return;
    const { server, tap } = this.#parts;
    if (server.isStopped) {
      server.whenAwake(() => this.#endServer(code, reason));
      return;
    }
    this.#serverEnd = "closed";
    tap.event(this, `over for the server ${code}`);
    this.#wireHandler?.closed(code, reason);
  }
}
