import { CarillonError } from "../errors/carillon-error.ts";
import type { Application, Identity } from "./application.ts";
import type { LiveConnection } from "./connection.ts";
import type { Handshake } from "./handshake.ts";
import { isUserId } from "./names.ts";
import { andThen, type Later } from "./later.ts";

/**
 * Asks who the client is and leads it through the middleware; `open` is the innermost step.
 *
 * @throws {CarillonError} `unauthorized`, `forbidden`, `closed` when the client is gone meanwhile, or what the
 * application's hooks throw
 */
export function connect(
  connection: LiveConnection,
  token: string | undefined,
  application: Application,
  open: () => void,
): Later<void> {
  return andThen(identify(connection.handshake, token, application), (identity) => {
    refuseIfGone(connection);
    takeIdentity(connection, identity);
    if (application.middleware.length === 0) return open();
    return runMiddleware(connection, application, open);
  });
}

/** Asks who a client is, and nothing else. @throws {CarillonError} `unauthorized`, or what the hook throws */
export function identify(handshake: Handshake, token: string | undefined, application: Application): Later<Identity> {
  if (!application.authenticate) return {};
  const identity = application.authenticate({
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
  return isThenable(identity) ? Promise.resolve(identity).then(checkIdentity) : checkIdentity(identity);
}

function isThenable(value: unknown): value is PromiseLike<Identity | undefined> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** What was waited for may have taken longer than the client did. */
function refuseIfGone(connection: LiveConnection): void {
  if (connection.state === "closed") throw new CarillonError("closed");
}

function checkIdentity(identity: Identity | undefined): Identity {
  if (typeof identity !== "object" || identity === null) throw new CarillonError("unauthorized");
  const { userId } = identity;
  if (userId !== undefined && !isUserId(userId)) {
    throw new Error(
      "authenticate must return a userId of 1 to 128 characters, none of them control characters, or none",
    );
  }
  if (identity.expiresAt !== undefined && !Number.isFinite(identity.expiresAt)) {
    throw new Error("authenticate must return expiresAt as Unix time in milliseconds, or none");
  }
  // Throws for what others could not be told.
  JSON.stringify(identity.info);
  return identity;
}

function takeIdentity(connection: LiveConnection, { userId, info, expiresAt, data = {} }: Identity): void {
  connection.userId = userId;
  connection.info = info;
  connection.expiresAt = expiresAt;
  for (const [key, value] of Object.entries(data)) connection.data.set(key, value);
}

async function runMiddleware(connection: LiveConnection, application: Application, open: () => void): Promise<void> {
  let opened = false;
  const step = async (index: number): Promise<void> => {
    if (!opened) refuseIfGone(connection);
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
