import { CarillonError } from "../errors/carillon-error.ts";
import { errorFamily, type ErrorFamily } from "../errors/families.ts";
import type { Application, Refusal } from "./application.ts";
import type { LiveConnection } from "./connection.ts";
import { guarded, type Later } from "./later.ts";

/** These are failures, which are reported as such, or mean that nobody is there any more. */
const noRefusals: ReadonlySet<ErrorFamily> = new Set<ErrorFamily>(["broker", "connection", "internal"]);

/** Tells the application what its clients are refused, if it wants to know. */
export class Refusals {
  readonly #application: Pick<Application, "hearsRefusals" | "refused">;

  constructor(application: Pick<Application, "hearsRefusals" | "refused">) {
    this.#application = application;
  }

  /** Does what a client wants; what that throws or rejects with is told, and thrown on. */
  watch<Result>(
    connection: LiveConnection,
    action: Refusal["action"],
    { channel, event }: { readonly channel?: string; readonly event?: string },
    attempt: () => Later<Result>,
  ): Later<Result> {
    if (!this.#application.hearsRefusals) return attempt();
    const refused = (error: unknown): never => {
      const { handshake } = connection;
      const where = { ...(channel !== undefined && { channel }), ...(event !== undefined && { event }) };
      this.tell({ action, handshake, connection, ...where }, error);
      throw error;
    };
    return guarded(attempt, refused);
  }

  tell(attempted: Omit<Refusal<LiveConnection>, "error" | "family">, error: unknown): void {
    if (!this.#application.hearsRefusals || !(error instanceof CarillonError)) return;
    const family = errorFamily(error);
    if (noRefusals.has(family)) return;
    this.#application.refused({ ...attempted, error, family: attempted.action === "whisper" ? "whisper" : family });
  }
}
