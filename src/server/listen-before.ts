import type { Server as HttpServer } from "node:http";
import { CarillonError } from "../errors/carillon-error.ts";

type Listener = (...args: unknown[]) => void;

/** A listener that comes before others. */
export interface Before<Args extends unknown[]> {
  readonly event: "request" | "checkContinue" | "upgrade";
  /** @returns whether it took what came; the others see it only if not */
  take(...args: Args): boolean;
  /** What becomes of what nobody takes, not even a listener that came later. */
  nobody(...args: Args): void;
}

/**
 * Puts a listener before those that an http server has already.
 *
 * @returns the function that takes it away again
 * @throws {CarillonError} `option-invalid` for what is no http server
 */
export function listenBefore<Args extends unknown[]>(
  httpServer: HttpServer,
  { event, take, nobody }: Before<Args>,
): () => void {
  // Applications of Express and Koa have listeners, too.
  if (typeof httpServer?.address !== "function") {
    throw new CarillonError("option-invalid", { message: "attach needs an http server; app.listen() returns it" });
  }
  const others = httpServer.listeners(event) as Listener[];
  for (const other of others) httpServer.off(event, other);
  let isOver = false;
  const listener = (...args: Args): void => {
    if (!isOver && take(...args)) return;
    for (const other of others) other.apply(httpServer, args);
    if (others.length === 0 && httpServer.listenerCount(event) <= 1) nobody(...args);
  };
  httpServer.on(event, listener);
  return () => {
    isOver = true;
    // Whoever came before it meanwhile goes on to call it, and it the others.
    if (!httpServer.listeners(event).includes(listener)) return;
    httpServer.off(event, listener);
    for (const other of others) httpServer.on(event, other);
  };
}
