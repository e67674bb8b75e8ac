import { CarillonError } from "../errors/carillon-error.ts";
import type { Application, Authenticate, Identity } from "./application.ts";
import type { LiveConnection } from "./connection.ts";
import type { Handshake } from "./handshake.ts";
import { andThen, type Later } from "./later.ts";
import type { Limits } from "./limits.ts";
import { isUserId } from "./names.ts";
import type { Revocations } from "./revoking.ts";
import type { Users } from "./users.ts";
import { utf8Length } from "./utf8-length.ts";

/** A client on its way in. */
export interface Entrance {
  readonly connection: LiveConnection;
  readonly token: string | undefined;
  readonly application: Application;
  readonly authenticate: Authenticate | undefined;
  readonly revocations: Revocations;
  readonly users: Users;
  readonly limits: Limits;
}

/**
 * Asks who the client is and leads it through the middleware; `open` is the innermost step.
 *
 * @throws {CarillonError} `unauthorized`, `forbidden`, `limit-exceeded` for a user with too many connections,
 * `closed` when the client is gone meanwhile, or what the application's hooks throw
 */
export function connect(
  { connection, token, application, authenticate, revocations, users, limits }: Entrance,
  open: () => void,
): Later<void> {
  const refuseIfOut = (): void => {
    // What was waited for may have taken longer than the client did.
    if (connection.state === "closed") throw new CarillonError("closed");
    if (revocations.has(connection)) throw new CarillonError("unauthorized");
  };
  const openOnce = (): void => {
    revocations.end(connection);
    open();
  };
  revocations.begin(connection);
  return andThen(identify({ handshake: connection.handshake, token, authenticate, limits }), (identity) => {
    takeIdentity(connection, identity);
    refuseIfOut();
    users.enter(connection);
    if (application.middleware.length === 0) return openOnce();
    return runMiddleware(connection, application, refuseIfOut, openOnce);
  });
}

/** Asks who a client is, and nothing else. @throws {CarillonError} `unauthorized`, or what the hook throws */
export function identify({
  handshake,
  token,
  authenticate,
  limits,
}: Pick<Entrance, "token" | "authenticate" | "limits"> & { readonly handshake: Handshake }): Later<Identity> {
  if (!authenticate) return {};
  const identity = authenticate({
    token,
    ip: handshake.ip,
    handshake,
    // Made only for hooks that look at them.
    get headers() {
      return handshake.headers;
    },
    get url() {
      return handshake.url;
    },
  });
  // A promise of a library or of another realm must not be taken for the identity of an anonymous client.
  const check = (one: Identity | undefined): Identity => checkIdentity(one, limits);
  return isThenable(identity) ? Promise.resolve(identity).then(check) : check(identity);
}

function isThenable(value: unknown): value is PromiseLike<Identity | undefined> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function checkIdentity(identity: Identity | undefined, { infoBytes }: Limits): Identity {
  if (typeof identity !== "object" || identity === null) throw new CarillonError("unauthorized");
  const { userId } = identity;
  if (userId !== undefined && !isUserId(userId)) {
    throw new Error("a userId must have 1 to 128 characters, none of them control characters, or be left out");
  }
  if (identity.expiresAt !== undefined && !Number.isFinite(identity.expiresAt)) {
    throw new Error("expiresAt of an identity must be Unix time in milliseconds, or left out");
  }
  // Throws for what others could not be told; with presence, all of a channel are told it whenever somebody joins.
  const info = JSON.stringify(identity.info) as string | undefined;
  if (info !== undefined && utf8Length(info) > infoBytes) {
    throw new Error(`info of an identity must have at most ${infoBytes} bytes as JSON; limits.infoBytes says how many`);
  }
  return identity;
}

function takeIdentity(connection: LiveConnection, identity: Identity): void {
  const { userId, info, expiresAt, tokenId, data = {} } = identity;
  connection.userId = userId;
  connection.info = info;
  connection.expiresAt = expiresAt;
  connection.tokenId = tokenId;
  for (const [key, value] of Object.entries(data)) connection.data.set(key, value);
}

async function runMiddleware(
  connection: LiveConnection,
  application: Application,
  refuseIfOut: () => void,
  open: () => void,
): Promise<void> {
  let opened = false;
  const step = async (index: number): Promise<void> => {
    if (!opened) refuseIfOut();
    const middleware = application.middleware[index];
    if (!middleware) {
      if (opened) return;
      opened = true;
      open();
      return;
    }
    await middleware(connection, () => step(index + 1));
  };
  try {
    await step(0);
  } catch (error) {
    if (!opened) throw error;
    // The client is in already: what fails behind `next()` is the application's own affair.
    application.failed({ error: new CarillonError("handler-failed", { cause: error }), connection });
  }
  if (!opened) throw new CarillonError("forbidden");
}
