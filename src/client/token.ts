/** A token, or what gives one. */
export type TokenOption = string | (() => string | Promise<string>);

/** Remembers the token that a provider gave until the server says that it has expired. */
export class TokenSource {
  readonly #option: TokenOption | undefined;
  #token: string | undefined;

  constructor(option: TokenOption | undefined) {
    this.#option = option;
  }

  async get(): Promise<string | undefined> {
    if (typeof this.#option !== "function") return this.#option;
    return (this.#token ??= await this.#option());
  }

  /** @returns whether there is hope for a fresh one */
  forget(): boolean {
    this.#token = undefined;
    return typeof this.#option === "function";
  }
}
