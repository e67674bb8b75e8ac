import type { Wire } from "../../../src/engine/ports/wire.ts";
import type { Server } from "../../../src/server/server.ts";
import { subprotocols } from "../../../src/protocol/messages.ts";
import { handshakeOf } from "../world/network.ts";
import { channels, tabsChannel, witnessUser } from "./channels.ts";
import { View, type Message } from "./view.ts";

/** What a witness is made of. */
export interface WitnessParts {
  readonly server: Server;
  readonly fail: (message: string) => void;
}

/** A client in all channels that hears in the moment in which the server speaks: what it is told must be so just then. */
export class Witness {
  readonly view: View;
  readonly #server: Server;
  readonly #fail: (message: string) => void;
  readonly #over = new Set<string>();

  constructor({ server, fail }: WitnessParts) {
    this.view = new View("the witness", fail);
    this.#server = server;
    this.#fail = fail;
    server.on("disconnect", ({ connection }) => void this.#over.add(connection.id));
  }

  async begin(): Promise<void> {
    const wire: Wire = {
      transport: "in-process",
      bufferedBytes: 0,
      lastWriteAt: 0,
      send: (packet) => {
        for (const frame of packet) this.#hear(JSON.parse(String(frame)) as Message);
      },
      whenDrained: (run) => queueMicrotask(run),
      pause: () => undefined,
      resume: () => undefined,
      close: (code) => this.#fail(`the witness was closed with ${code}`),
      destroy: () => this.#fail("the witness was cut off"),
    };
    const url = new URL("ws://world/carillon");
    const handler = await this.#server.accept(wire, handshakeOf(url, subprotocols.json));
    handler.receive(JSON.stringify({ type: "connect", token: witnessUser }));
    for (const [ref, channel] of channels.entries()) {
      handler.receive(JSON.stringify({ type: "subscribe", ref: ref + 1, channel }));
    }
  }

  #hear(message: Message): void {
    this.view.hear(message, witnessUser);
    const { type, channel = "", member } = message;
    if (type !== "join" || !member) return;
    if (channel === tabsChannel && this.#over.has(member.id ?? ""))
      this.#fail(`I10 ${member.id} joins ${channel} after its end`);
    const isThere = this.#server.connections.some(
      ({ userId, channels: its }) => userId === member.user && its.includes(channel),
    );
    if (!isThere) this.#fail(`I10 ${member.user} joins ${channel}, where it is not`);
  }
}
