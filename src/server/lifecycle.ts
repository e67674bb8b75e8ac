import type { StandardSchemaV1 } from "@standard-schema/spec";
import type {
  Application,
  Ending,
  Failure,
  IncomingEvent,
  Interceptor,
  Middleware,
  Refusal,
} from "../engine/application.ts";
import type { LiveConnection } from "../engine/connection.ts";
import { CarillonError } from "../errors/carillon-error.ts";
import { errorFamily } from "../errors/families.ts";
import { Handlers } from "../events/handlers.ts";
import { checkHandler } from "./check-handler.ts";
import type { Logger } from "./logger.ts";
import type { ServerOptions } from "./options.ts";

type Handler<Event> = (event: Event) => unknown;

const ownTakers = { suspend: "onSuspend", resume: "onResume", refused: "onRefused" } as const;

/** What the application has plugged in by options, `use` and `on`. */
export class Lifecycle implements Application {
  readonly authenticate: Application["authenticate"];
  readonly schemas: ReadonlyMap<string, StandardSchemaV1>;
  readonly handlers: Handlers<Handler<IncomingEvent>> = new Handlers();
  readonly publicationListeners: Application["publicationListeners"] = new Handlers();
  interceptors: readonly Interceptor<LiveConnection>[] = [];
  readonly #own: Handlers<Handler<never>> = new Handlers();
  readonly #middleware: Middleware<LiveConnection>[] = [];
  readonly #logger: Logger;
  readonly #onFailure: (error: CarillonError) => void;
  failures = 0;

  constructor(
    { authenticate, schemas = {} }: ServerOptions,
    logger: Logger,
    onFailure: (error: CarillonError) => void,
  ) {
    this.authenticate = authenticate;
    this.schemas = new Map(
      Object.entries(schemas).filter((entry) => entry[1] !== undefined) as [string, StandardSchemaV1][],
    );
    this.#logger = logger;
    this.#onFailure = onFailure;
  }

  get middleware(): readonly Middleware<LiveConnection>[] {
    return this.#middleware;
  }

  use(middleware: Middleware<LiveConnection>): void {
    checkHandler("use", middleware);
    this.#middleware.push(middleware);
  }

  /** The list is replaced and never changed, so that a message meets the same ones all the way. */
  intercept(interceptor: Interceptor<LiveConnection>): () => void {
    checkHandler("intercept", interceptor);
    // One that is added twice is called twice, and taken away once.
    const own: Interceptor<LiveConnection> = (message) => interceptor(message);
    this.interceptors = [...this.interceptors, own];
    return () => {
      this.interceptors = this.interceptors.filter((other) => other !== own);
    };
  }

  readonly on = (event: string, handler: Handler<never>): (() => void) => {
    checkHandler(`on("${event}")`, handler);
    const isOwn = event === "connect" || event === "disconnect" || event === "error";
    return isOwn ? this.#own.add(event, handler) : this.handlers.add(event, handler as Handler<IncomingEvent>);
  };

  connected(connection: LiveConnection): void {
    this.#tell("connect", { connection }, connection);
  }

  disconnected(connection: LiveConnection, ending: Ending): void {
    this.#tell("disconnect", { connection, ...ending }, connection);
  }

  suspended(connection: LiveConnection): void {
    this.#tell("suspend", { connection }, connection);
  }

  resumed(connection: LiveConnection): void {
    this.#tell("resume", { connection }, connection);
  }

  /** Not by `on`: an application may well have events of these names. */
  onOwn(event: "suspend" | "resume" | "refused", handler: Handler<never>): () => void {
    checkHandler(ownTakers[event], handler);
    return this.#own.add(event, handler);
  }

  failed(failure: Failure<LiveConnection>): void {
    this.failures += 1;
    this.#onFailure(failure.error);
    const handlers = this.#own.find("error") as readonly Handler<Failure<LiveConnection>>[];
    if (handlers.length === 0) this.#log(failure);
    for (const handler of handlers) {
      const broken = (error: unknown): void =>
        this.#log({ error: new CarillonError("handler-failed", { cause: error }) });
      guarded(handler, { ...failure, family: errorFamily(failure.error) }, broken);
    }
  }

  get hearsRefusals(): boolean {
    return this.#own.find("refused").length > 0;
  }

  refused(refusal: Refusal<LiveConnection>): void {
    for (const handler of this.#own.find("refused") as readonly Handler<object>[]) {
      guarded(handler, refusal, (cause) =>
        this.failed({ ...refusal, error: new CarillonError("handler-failed", { cause }) }),
      );
    }
  }

  #tell(event: string, facts: object, connection: LiveConnection): void {
    for (const handler of this.#own.find(event) as readonly Handler<object>[]) {
      guarded(handler, facts, (cause) => {
        this.failed({ error: new CarillonError("handler-failed", { cause }), connection, event });
      });
    }
  }

  #log({ error, connection, channel, event }: Failure<LiveConnection>): void {
    this.#logger.error(
      { code: error.code, cause: error.cause, connection: connection?.id, channel, event },
      error.message,
    );
  }
}

/** Calls a handler; whether it throws or rejects, nobody but `failed` hears of it. */
function guarded<Event>(handler: Handler<Event>, event: Event, failed: (error: unknown) => void): void {
  try {
    const result = handler(event);
    if (result instanceof Promise) result.catch(failed);
  } catch (error) {
    failed(error);
  }
}
