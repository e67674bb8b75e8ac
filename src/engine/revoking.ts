import { CarillonError } from "../errors/carillon-error.ts";
import type { LiveConnection } from "./connection.ts";

/** Whose connections are no longer wanted. Of several fields, a connection must fit all. */
export interface Revocation {
  /** The user that `authenticate` named. */
  readonly user?: string;
  /** The id of its connection, which lasts as long as the session does. */
  readonly session?: string;
  /** The `tokenId` that `authenticate` named. */
  readonly token?: string;
}

/** @throws {CarillonError} `option-invalid` for one that would fit everyone */
export function checkRevocation({ user, session, token }: Revocation): void {
  const given = [user, session, token].filter((one) => one !== undefined);
  if (given.length > 0 && given.every((one) => typeof one === "string" && one !== "")) return;
  throw new CarillonError("option-invalid", { message: "revoke needs a user, a session or a token" });
}

export function fits({ user, session, token }: Revocation, connection: LiveConnection): boolean {
  return (
    (user === undefined || user === connection.userId) &&
    (session === undefined || session === connection.id) &&
    (token === undefined || token === connection.tokenId)
  );
}

/** Remembers what is revoked while clients are being let in: who they are was perhaps found out before. */
export class Revocations {
  readonly #arriving = new Map<LiveConnection, Revocation[]>();

  begin(connection: LiveConnection): void {
    this.#arriving.set(connection, []);
  }

  /** To be called once it is in, or will never be. */
  end(connection: LiveConnection): void {
    this.#arriving.delete(connection);
  }

  add(revocation: Revocation): void {
    for (const since of this.#arriving.values()) since.push(revocation);
  }

  /** Whether it was revoked since it began. */
  has(connection: LiveConnection): boolean {
    return this.#arriving.get(connection)?.some((revocation) => fits(revocation, connection)) ?? false;
  }
}
