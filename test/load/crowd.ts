import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/**
 * Clients in a process of their own, so that they share nothing with the server but the machine.
 *
 * The program is told orders, and answers each of them once, in order.
 */
export class Crowd<Order extends object> {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;
  readonly #answers: unknown[] = [];
  #wake: () => void = () => undefined;

  constructor(program: URL) {
    this.#child = fork(program, {
      execArgv: ["--disable-warning=ExperimentalWarning"],
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let printed = "";
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
    this.#child.on("message", (answer) => {
      this.#answers.push(answer);
      this.#wake();
    });
    this.#ended = once(this.#child, "close").then(() => {
      throw new Error(`the clients' process ended and printed:\n${printed}`);
    });
    this.#ended.catch(() => undefined);
  }

  tell(order: Order): void {
    this.#child.send(order);
  }

  /** The next answer. */
  async answer<Answer>(): Promise<Answer> {
    while (this.#answers.length === 0) {
      const heard = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([heard, this.#ended]);
    }
    return this.#answers.shift() as Answer;
  }

  async ask<Answer>(order: Order): Promise<Answer> {
    this.tell(order);
    return this.answer();
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended.catch(() => undefined);
  }
}
