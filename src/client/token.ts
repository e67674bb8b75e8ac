/** A token, or what gives one. */
export type TokenOption = string | (() => string | Promise<string>);

/** Remembers the token that a provider gave until the server says that it has expired. */
export interface TokenSource {
  get(): Promise<string | undefined>;
  /** @returns whether there is hope for a fresh one */
  forget(): boolean;
}

export function createTokenSource(option: TokenOption | undefined): TokenSource {
  let token: string | undefined;
  return {
    get: async () => (typeof option === "function" ? (token ??= await option()) : option),
    forget() {
      token = undefined;
      return typeof option === "function";
    },
  };
}
