/** What an application keeps with a request, by name. */
export type Locals = Readonly<Record<string, unknown>>;

/** What is known of a client before it says anything: the facts of its HTTP request. */
export interface Handshake {
  readonly method: string;
  /** The request target before its `?`, byte for byte: endpoints are matched with it, and nothing is normalised. */
  readonly path: string;
  /** The whole address, for its query; the path in it is normalised. Made on every access, so that nobody pays for keeping it. */
  readonly url: URL;
  /** All headers; made on every access, too. */
  readonly headers: Headers;
  /** One header by its lower-case name, without making all of them; repeated ones are joined with a comma. */
  header(name: string): string | undefined;
  /** Names and values in turn, as they came: for what merging in `headers` would hide. */
  readonly rawHeaders: readonly string[];
  /** The client's address: the peer's, or what trusted proxies say. */
  readonly ip: string;
  /** The request came over TLS to this process. */
  readonly secure: boolean;
  /** What the application knew of the request before it came here: what its framework or middleware attached. */
  readonly locals: Locals;
}
