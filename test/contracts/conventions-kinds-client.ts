import { WebSocketKindsClient } from "./websocket-kinds-client.ts";

/** What a dialect calls the fields of its messages. */
export interface FieldNames {
  readonly event: string;
  readonly payload: string;
  /** In the payload of what clients publish. */
  readonly channel: string;
}

/**
 * A client of a dialect that has events only, to which its conventions add the rest. The server answers `sync` with `synced`,
 * and what is published comes back to its publisher. Messages name no channel: a fence's are those of the last fence, others
 * those of the one channel besides.
 */
export abstract class ConventionsKindsClient extends WebSocketKindsClient {
  /** What the server has against what it does now. */
  protected refused: string | undefined;
  /** The users that are known to be in each channel. */
  protected readonly users: Map<string, Set<string>> = new Map();
  readonly #names: FieldNames;
  readonly #synced: (() => void)[] = [];
  #channel = "";
  #fence = "";
  #echoes = 0;

  constructor(url: string, names: FieldNames) {
    super(url);
    this.#names = names;
  }

  async join(channel: string): Promise<void> {
    if (channel.startsWith("fence-")) this.#fence = channel;
    else this.#channel = channel;
    await this.enter(channel);
  }

  /** To whoever is refused, or is not in the channel, it does not come back. */
  async publish(channel: string, event: string, data: unknown): Promise<void> {
    const echoes = this.#echoes;
    await this.ask(event, { [this.#names.channel]: channel, data });
    if (this.#echoes === echoes) throw new Error(this.refused ?? "it was not published");
  }

  members(channel: string): readonly string[] {
    return [...(this.users.get(channel) ?? [])];
  }

  protected told(text: string): void {
    const message = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const event = message[this.#names.event] as string;
    if (event === "synced") this.#synced.shift()?.();
    else this.learn(event, message[this.#names.payload]);
  }

  /** Resolves when the server has done it, and what it says to it has come. */
  protected async ask(event: string, payload: unknown): Promise<void> {
    this.refused = undefined;
    const synced = new Promise<void>((resolve) => this.#synced.push(resolve));
    this.say({ [this.#names.event]: event, [this.#names.payload]: payload });
    this.say({ [this.#names.event]: "sync" });
    await synced;
  }

  /** @param plain what the server means by it, if the server published it */
  protected hearEvent(event: string, payload: unknown, plain: unknown = payload): void {
    const isEcho = isObject(payload) && this.#names.channel in payload;
    if (isEcho) this.#echoes += 1;
    const channel = event === "fence" ? this.#fence : this.#channel;
    this.hear({ kind: "publication", channel, event, data: isEcho ? payload["data"] : plain });
  }

  protected hearMove(kind: "join" | "leave", channel: string, user: string): void {
    if (kind === "join") this.users.get(channel)?.add(user);
    else this.users.get(channel)?.delete(user);
    this.hear({ kind, channel, user });
  }

  /** Joins, and rejects when it is refused. */
  protected abstract enter(channel: string): Promise<void>;

  /** Takes what is no answer to `sync`. */
  protected abstract learn(event: string, payload: unknown): void;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
