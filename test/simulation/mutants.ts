import type { Mutation } from "./mutation.ts";

/** A planted bug, and the seed that finds it. */
export interface Mutant extends Mutation {
  readonly name: string;
  /** The first seed in which it breaks a promise, as `gate.ts` found it. */
  readonly seed: number;
}

/** Bugs that such code has had, in this project or in others; the simulation has to find each of them. */
export const mutants: readonly Mutant[] = [
  {
    name: "epochs are ignored",
    file: "brokers/memory/history.ts",
    find: "if (epoch !== top.epoch || offset > top.offset || offset < this.#base) return false;\n    return tag",
    replace:
      "if (offset > top.offset || offset < this.#base) return false;\n    if (epoch !== top.epoch) return true;\n    return tag",
    seed: 111,
  },
  {
    name: "an offset is accepted without its tag",
    file: "brokers/memory/history.ts",
    find: "return tag === (offset === top.offset ? top.tag : this.#at(offset - this.#base).previousTag);",
    replace: "return tag !== undefined;",
    seed: 2,
  },
  {
    name: "a subscription is answered before the broker sends the channel",
    file: "engine/channels.ts",
    find: "this.#follow(channel, channel.continuity, subscribed) : subscribed;",
    replace:
      "this.#follow(channel, channel.continuity, subscribed) : void Promise.resolve(subscribed).catch(() => undefined);",
    seed: 7,
  },
  {
    name: "one message in sixteen is kept and not sent",
    file: "dialects/native/session-wire.ts",
    find: "if (this.#maxBytes > 0) this.#keep(packet);\n    this.#link?.send(packet);",
    replace:
      "if (this.#maxBytes > 0) this.#keep(packet);\n    if (this.#kept.length % 16 !== 15) this.#link?.send(packet);",
    seed: 1,
  },
  {
    name: "a resume repeats what the client has",
    file: "dialects/native/conversation.ts",
    find: "    this.#wire.acknowledged(received);\n    const earlier",
    replace: "    const earlier",
    seed: 1,
  },
  {
    name: "a resume skips one message",
    file: "dialects/native/session-wire.ts",
    find: "for (let at = this.#head; at < this.#kept.length; at += 1) link.send",
    replace: "for (let at = this.#head + 1; at < this.#kept.length; at += 1) link.send",
    seed: 1,
  },
  {
    name: "a resume repeats in reverse",
    file: "dialects/native/session-wire.ts",
    find: "for (let at = this.#head; at < this.#kept.length; at += 1) link.send(this.#kept[at]!);",
    replace: "for (let at = this.#kept.length - 1; at >= this.#head; at -= 1) link.send(this.#kept[at]!);",
    seed: 1,
  },
  {
    name: "the server forgets to count what it received",
    file: "dialects/native/conversation.ts",
    find: "resumed: true, received: this.#received });",
    replace: "resumed: true, received: this.#acknowledged - (this.#acknowledged % 5) });",
    seed: 1,
  },
  {
    name: "ids are forgotten",
    file: "brokers/memory/recent-ids.ts",
    find: "return known && this.#clock.now() - known.at <= windowMs ? known.accepted : undefined;",
    replace: "return known && this.#clock.now() - known.at <= 500 ? known.accepted : undefined;",
    seed: 1,
  },
  {
    name: "the publisher's id is not used",
    file: "engine/publishing.ts",
    find: "return this.#publish(meant, rule, id !== undefined);",
    replace: "return this.#publish(meant, rule, false);",
    seed: 1,
  },
  {
    name: "a retry has another id",
    file: "client/subscription.ts",
    find: "echo, id } as Asking,",
    replace: "echo } as Asking,",
    seed: 1,
  },
  {
    name: "a timer is not cleared",
    file: "dialects/native/parked-sessions.ts",
    find: "    this.#deadlines.get(conversation)?.cancel();\n",
    replace: "",
    seed: 1,
  },
  {
    name: "what a parked session keeps is not bounded",
    file: "dialects/native/session-wire.ts",
    find: "if (!this.#link) this.#host.overflowed();\n    else while",
    replace: "if (!this.#link) return;\n    else while",
    seed: 1,
  },
  {
    name: "a gap comes after what is newer",
    file: "engine/continuity.ts",
    find: "this.#host.gap(from, to, reason);",
    replace: "queueMicrotask(() => this.#host.gap(from, to, reason));",
    seed: 2,
  },
  {
    name: "a gap is told where nothing is missing",
    file: "engine/joining.ts",
    find: "if (isSamePosition(since, last)) return recovered(joining, continuity, nothing);",
    replace: 'if (isSamePosition(since, last)) return withGap(joining, continuity, "expired");',
    seed: 1,
  },
  {
    name: "a session is resumed by another user",
    file: "dialects/native/arrival.ts",
    find: " && userId === earlier.connection.userId;",
    replace: ' && userId !== "";',
    seed: 2,
  },
  {
    name: "two links win one session",
    file: "dialects/native/conversation.ts",
    find: "if (earlier) earlier.close(code, meaning);\n    else",
    replace: "if (earlier) void [code, meaning];\n    else",
    seed: 1,
  },
  {
    name: "a server that drains does not say what it took",
    file: "dialects/native/conversation.ts",
    find: "    if (this.secret !== undefined) this.#acknowledge();\n    this.#wire.close(",
    replace: "    this.#wire.close(",
    seed: 10,
  },
  {
    name: "a server that drains takes clients",
    file: "server/endpoints.ts",
    find: 'if (opening.kind === "refuse" || this.#closing) throw',
    replace: 'if (opening.kind === "refuse") throw',
    seed: 3,
  },
  {
    name: "the tail is not checked",
    file: "engine/tail-check.ts",
    find: "for (const checked of slice) checked.visit();",
    replace: "for (const checked of slice) void checked;",
    seed: 2,
  },
  {
    name: "a late answer is taken for another question's",
    file: "client/subscription.ts",
    find: "      if (joining !== question) return;\n",
    replace: "      void question;\n",
    seed: 2,
  },
  {
    name: "what waits for a read is dropped in silence",
    file: "engine/continuity.ts",
    find: "      this.#overflows += 1;\n      this.#readsAgain = true;",
    replace: "      this.#last = heard.position;",
    seed: 2,
  },
  {
    name: "history expires by the wall clock",
    file: "brokers/memory/streams.ts",
    find: "    const now = this.#clock.now();\n    // Whoever",
    replace: "    const now = this.#clock.wall();\n    // Whoever",
    seed: 1,
  },
  {
    name: "the close code is lost",
    file: "dialects/native/conversation.ts",
    find: "this.#wire.close(closeCodes.moved.code, closeCodes.moved.meaning);",
    replace: "this.#wire.close();",
    seed: 1,
  },
  {
    name: "a batch is out of order",
    file: "client/outbox.ts",
    find: "if (wire && !isOpening) leave([...queue]);",
    replace: "if (wire && !isOpening) leave([...queue].reverse());",
    seed: 1,
  },
  {
    name: "a slow client may not come back",
    file: "errors/close-codes.ts",
    find: "return code !== 1000 && (code < 4400 || code > 4499);",
    replace: "return code !== 1000 && (code < 4400 || code > 4508);",
    seed: 1,
  },
  {
    name: "what came while history was read is told twice",
    file: "engine/joining.ts",
    find: "  subscription.takePublications();\n  return { position: last, recovered: true, missed };",
    replace: "  void subscription;\n  return { position: last, recovered: true, missed };",
    seed: 2,
  },
  {
    name: "the client does not say where it was",
    file: "client/subscription.ts",
    find: "...(isReturning && { since: position })",
    replace: "...(isReturning && !position && { since: position })",
    seed: 1,
  },
  {
    name: "a repetition of the broker's is handed out",
    file: "engine/continuity.ts",
    find: 'if (place === "old") return this.#host.repeated();',
    replace: 'if (place === "old") return this.#host.publication(heard.publication);',
    seed: 1,
  },
  {
    name: "everything unanswered is sent again, not only after a drain",
    file: "client/outbox.ts",
    find: "(index === 0 || (isDrained && isKept) ? 0 : 1)",
    replace: "(index === 0 || isKept ? 0 : 1)",
    seed: 1,
  },
];
