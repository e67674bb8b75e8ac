import { CarillonError } from "../errors/carillon-error.ts";

/**
 * Refuses what cannot be called when it is added: called for a client, it would fail for each of them.
 *
 * @param taker such as `use`
 * @throws {CarillonError} `option-invalid`
 */
export function checkHandler(taker: string, handler: unknown): void {
  if (typeof handler === "function") return;
  throw new CarillonError("option-invalid", { message: `${taker} needs a function` });
}
