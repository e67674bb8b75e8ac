import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { testServerOf } from "carillon/testing";
import { freePort } from "../../bench/free-port.ts";
import { createChat, room } from "../../examples/chat/chat.ts";

describe("examples/chat", () => {
  test("the server throws the dice, and announces them to everyone", async () => {
    const { client, close } = testServerOf(createChat(() => 0.5));
    const ada = client({ path: "/carillon?name=Ada" });
    const bob = client({ path: "/carillon?name=Bob" });
    const heard: string[] = [];
    bob.channel(room).on("chat", ({ text }, { from }) => heard.push(`${from?.user ?? "*"} ${text}`));
    await bob.channel(room).subscribe();
    await ada.channel(room).subscribe();
    await ada.channel(room).publish("chat", { text: "hi" });
    expect(await ada.request("roll", { sides: 6 })).toBe(4);
    await bob.channel(room).publish("chat", { text: "bye" });
    expect(heard).toEqual(["Ada hi", "* Ada rolls 4 of 6", "Bob bye"]);
    expect(bob.channel(room).presence.members.map(({ user }) => user)).toEqual(["Bob", "Ada"]);
    await close();
  });

  test("nobody gets in without a name", async () => {
    const { client, close } = testServerOf(createChat());
    await expect(client().connect()).rejects.toMatchObject({ code: "unauthorized" });
    await close();
  });

  test("two terminals talk", async () => {
    const port = await freePort();
    const ada = new Terminal("Ada", port);
    await ada.prints("* welcome, Ada");
    const bob = new Terminal("Bob", port);
    await bob.prints("* welcome, Bob");
    await ada.prints("* Bob is here");
    bob.types("hello");
    await ada.prints("Bob: hello");
    ada.types("/roll");
    await bob.prints(/^\* Ada rolls [1-6] of 6$/);
    ada.types("/who");
    await ada.prints("* Ada, Bob");
    bob.types("");
    await ada.prints("* Bob has left");
    expect(await bob.ended()).toBe(0);
    ada.types("");
    expect(await ada.ended()).toBe(0);
  }, 20_000);
});

/** Somebody at a terminal. */
class Terminal {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: string[] = [];
  #wake: () => void = () => undefined;

  constructor(name: string, port: number) {
    const main = fileURLToPath(new URL("../../examples/chat/main.ts", import.meta.url));
    const env = { ...process.env, PORT: String(port), NODE_OPTIONS: "" };
    this.#child = spawn(process.execPath, [main, name], { env, stdio: ["pipe", "pipe", "inherit"] });
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      this.#lines.push(line);
      this.#wake();
    });
  }

  types(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  async prints(expected: string | RegExp): Promise<void> {
    while (!this.#lines.some((line) => (typeof expected === "string" ? line === expected : expected.test(line)))) {
      await new Promise<void>((resolve, reject) => {
        const silence = `expected ${String(expected)} among:\n${this.#lines.join("\n")}`;
        const timer = setTimeout(() => reject(new Error(silence)), 10_000);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null) await once(this.#child, "exit");
    return this.#child.exitCode;
  }
}
