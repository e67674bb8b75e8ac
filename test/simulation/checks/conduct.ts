/** What is held against what nodes and clients do, apart from publications. */
export interface ConductParts {
  readonly now: () => number;
  readonly fail: (message: string) => void;
}

const closeBytes = 2;

type Numbers = Map<string, number>;

/** Events and requests are handled at most once, in order; a connection opens and closes once; nothing speaks afterwards. */
export class Conduct {
  readonly #fail: (message: string) => void;
  readonly #handled = new Set<string>();
  readonly #lastHandled: Numbers = new Map();
  readonly #connections = new Map<string, "open" | "over">();
  readonly #told: Numbers = new Map();
  readonly #heard: Numbers = new Map();
  readonly #published = new Map<string, { readonly epoch: string; readonly offset: number }>();
  /** Sessions by their secrets: the wires that they are on. */
  readonly #sessions = new Map<string, { readonly name: string; readonly isServed: boolean }>();
  /** Questions that nobody has answered yet, and when they must have been. */
  readonly #open = new Map<string, number>();
  readonly #now: () => number;
  /** The longest frame so far; a limit may be passed by one, and by a close. */
  #longest = 0;

  constructor({ now, fail }: ConductParts) {
    this.#now = now;
    this.#fail = fail;
  }

  /** A node's handler ran for what a client sent or requested. */
  handled(connection: string, what: string, client: string, number: number): void {
    const key = `${what} ${client}:${number}`;
    if (this.#handled.has(key)) this.#fail(`I16 ${key} was handled twice`);
    this.#handled.add(key);
    if (this.#connections.get(connection) !== "open")
      this.#fail(`I13 ${key} was handled for a connection that is not open`);
    const last = this.#lastHandled.get(`${connection} ${client}`) ?? 0;
    if (number <= last) this.#fail(`I8 ${key} was handled after number ${last}`);
    this.#lastHandled.set(`${connection} ${client}`, number);
  }

  wasHandled(what: string, client: string, number: number): boolean {
    return this.#handled.has(`${what} ${client}:${number}`);
  }

  connected(connection: string): void {
    if (this.#connections.has(connection)) this.#fail(`I13 ${connection} connected twice`);
    this.#connections.set(connection, "open");
  }

  disconnected(connection: string): void {
    if (this.#connections.get(connection) !== "open") this.#fail(`I13 ${connection} disconnected twice`);
    this.#connections.set(connection, "over");
  }

  /** A node tells a connection its next number. */
  tells(connection: string): number {
    const number = (this.#told.get(connection) ?? 0) + 1;
    this.#told.set(connection, number);
    return number;
  }

  /** A client was told it. */
  hears(who: string, connection: string, number: number): void {
    const last = this.#heard.get(connection) ?? 0;
    if (number !== last + 1)
      this.#fail(`${number > last ? "I2" : "I1"} ${who} was told number ${number} of ${connection} after ${last}`);
    this.#heard.set(connection, number);
  }

  /** @returns how many numbers a connection was told and has not heard */
  unheard(connection: string): number {
    return (this.#told.get(connection) ?? 0) - (this.#heard.get(connection) ?? 0);
  }

  /** A node says on this wire that a session is on it. */
  attached(session: string, wire: { readonly name: string; readonly isServed: boolean }): void {
    const earlier = this.#sessions.get(session);
    this.#sessions.set(session, wire);
    if (earlier && earlier !== wire && earlier.isServed)
      this.#fail(`I12 a session is on ${earlier.name} and on ${wire.name}`);
  }

  /** A subscription begins on a wire, or goes on behind a gap; offsets that were told before may come again. */
  begins(wire: string, channel: string): void {
    this.#published.delete(`${wire} ${channel}`);
  }

  /** A node tells a publication on a wire. The clients would forgive a repetition; those of other dialects could not. */
  publishes(wire: string, channel: string, position: string): void {
    const [epoch, offset] = position.split(".") as [string, string];
    const last = this.#published.get(`${wire} ${channel}`);
    if (last?.epoch === epoch && Number(offset) <= last.offset)
      this.#fail(`I1 ${wire} carried ${position} of ${channel} after offset ${last.offset}`);
    this.#published.set(`${wire} ${channel}`, { epoch, offset: Number(offset) });
  }

  /** A node closes a wire: the code tells the client whether to come back, and what became of what it sent. */
  closes(wire: string, code: number): void {
    if (code !== 1000 && !(code >= 4000 && code <= 4999)) this.#fail(`I19 ${wire} was closed with ${code}`);
  }

  /** A node has sent so many bytes at once. */
  sent(bytes: number): void {
    this.#longest = Math.max(this.#longest, bytes);
  }

  /** So many bytes wait for a client of a node. */
  waits(connection: string, bytes: number, limit: number): void {
    if (bytes > limit + this.#longest + closeBytes)
      this.#fail(`I11 ${bytes} bytes wait for ${connection}, and ${limit} may`);
  }

  asks(question: string, deadlineMs: number): void {
    this.#open.set(question, this.#now() + deadlineMs);
  }

  answered(question: string): void {
    if (!this.#open.delete(question)) this.#fail(`I16 ${question} was answered twice`);
  }

  /** Those that a client still has to answer for. */
  openQuestions(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** A client is gone, and nothing it asked will be answered. */
  forget(client: string): void {
    for (const question of this.#open.keys()) if (question.startsWith(`${client} `)) this.#open.delete(question);
  }
}
