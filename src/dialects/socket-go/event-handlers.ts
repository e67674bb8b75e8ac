import type { Ending } from "../../engine/application.ts";
import type { Engine } from "../../engine/engine.ts";
import { CarillonError, toCarillonError } from "../../errors/carillon-error.ts";
import { Handlers } from "../../events/handlers.ts";
import { harmlessly } from "../harmlessly.ts";
import type { LiveSocket, Socket } from "./socket.ts";

/** Handles an event of any client. */
export type SocketHandler<Data = unknown> = (socket: Socket, data: Data) => unknown;

/** Names that mean something of the server's own, and nothing when a client says them. */
const reserved: ReadonlySet<string> = new Set(["connect", "disconnect", "error"]);

export function isReserved(event: string): boolean {
  return reserved.has(event);
}

/** What the application does with the events of all clients; each handler is started in order, and not waited for. */
export class EventHandlers {
  readonly #lifecycle: Handlers<SocketHandler<never>> = new Handlers();
  readonly #events: Handlers<SocketHandler<never>> = new Handlers();

  /** @throws {CarillonError} `option-invalid` when the `*` of a pattern is not its last character */
  on(event: string, handler: SocketHandler<never>): () => void {
    return (isReserved(event) ? this.#lifecycle : this.#events).add(event, handler);
  }

  /** An event that a client sent. */
  heard(engine: Engine, socket: LiveSocket, event: string, data: unknown): void {
    this.#run(engine, this.#events, { socket, event, data });
  }

  connected(engine: Engine, socket: LiveSocket): void {
    this.#run(engine, this.#lifecycle, { socket, event: "connect", data: undefined });
  }

  disconnected(engine: Engine, socket: LiveSocket, ending: Ending): void {
    this.#run(engine, this.#lifecycle, { socket, event: "disconnect", data: ending });
  }

  /** A handler failed, which is the application's affair. */
  failed(engine: Engine, socket: LiveSocket, cause: unknown, event: string): void {
    const error = new CarillonError("handler-failed", { cause });
    engine.report({ error, connection: socket.connection, event });
    this.#tell(engine, socket, error);
  }

  /** What a client said was no message, or was let no further: nothing that the server should write down. */
  refused(engine: Engine, socket: LiveSocket, cause: unknown): void {
    const error = toCarillonError(cause, "internal");
    if (error !== cause) engine.report({ error, connection: socket.connection });
    this.#tell(engine, socket, error);
  }

  #run(engine: Engine, handlers: Handlers<SocketHandler<never>>, said: Said): void {
    call(handlers, said, (cause) => this.failed(engine, said.socket, cause, said.event));
  }

  #tell(engine: Engine, socket: LiveSocket, data: CarillonError): void {
    call(this.#lifecycle, { socket, event: "error", data }, (cause) => {
      // Not to the error handlers: it would come here again.
      const error = new CarillonError("handler-failed", { cause });
      engine.report({ error, connection: socket.connection, event: "error" });
    });
  }
}

interface Said {
  readonly socket: LiveSocket;
  readonly event: string;
  readonly data: unknown;
}

function call(
  handlers: Handlers<SocketHandler<never>>,
  { socket, event, data }: Said,
  failed: (cause: unknown) => void,
): void {
  for (const handler of handlers.find(event) as readonly SocketHandler[])
    harmlessly(() => handler(socket, data), failed);
  for (const handler of socket.handlersOf(event)) harmlessly(() => handler(data), failed);
}
