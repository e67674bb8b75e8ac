import { createSocketGoClient, type SocketGoClient, type SocketGoLink } from "../../../src/client/socket-go/index.ts";
import type { SocketGoClientOptions } from "../../../src/client/socket-go/options.ts";
import type { LinkHandler } from "../../../src/client/transports/transport.ts";
import { CarillonError } from "../../../src/errors/carillon-error.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { settled } from "../set-up.ts";

/** A link whose other end is the test. */
export class FakeLink implements SocketGoLink {
  readonly subprotocol = "";
  readonly sent: string[] = [];
  bufferedBytes = 0;
  closedWith: number | undefined;
  #handler: LinkHandler | undefined;
  #heard: (() => void) | undefined;

  /** @param showsLife as `ws` does, and browsers do not */
  constructor(showsLife = false) {
    if (showsLife) this.onLife = (heard) => void (this.#heard = heard);
  }

  readonly onLife?: (heard: () => void) => void;

  send(frames: readonly (string | Uint8Array)[]): void {
    this.sent.push(...frames.map(String));
  }

  receive(handler: LinkHandler): void {
    this.#handler = handler;
  }

  close(code?: number): void {
    this.closedWith ??= code;
    this.end(code);
  }

  say(frame: string): void {
    this.#handler?.frame(frame);
  }

  ping(): void {
    this.#heard?.();
  }

  end(code = 1006): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.closed(code, "");
  }
}

export interface Scene {
  readonly client: SocketGoClient;
  readonly clock: ManualClock;
  /** The moments at which the client tried, in ms. */
  readonly tries: number[];
  readonly links: FakeLink[];
  /** Lifecycle events and errors, in order. */
  readonly told: (readonly [string, unknown])[];
  isUp: boolean;
  link(): FakeLink;
  pass(ms: number): Promise<void>;
}

/** A client over a transport object of the test's own. */
export function scene(options: SocketGoClientOptions & { readonly showsLife?: boolean } = {}): Scene {
  const { showsLife = false, ...clientOptions } = options;
  const clock = new ManualClock();
  const told: (readonly [string, unknown])[] = [];
  const result: Scene = {
    clock,
    told,
    tries: [],
    links: [],
    isUp: true,
    link: () => result.links.at(-1)!,
    async pass(ms) {
      await settled();
      clock.advance(ms);
      await settled();
    },
    client: createSocketGoClient("ws://server/socket", {
      clock,
      transports: [
        {
          name: "custom",
          async connect() {
            result.tries.push(clock.now());
            if (!result.isUp) throw new CarillonError("connect-failed");
            const link = new FakeLink(showsLife);
            result.links.push(link);
            return link;
          },
        },
      ],
      ...clientOptions,
    }),
  };
  for (const event of ["connect", "disconnect", "error"]) {
    result.client.on(event, (what) => told.push([event, what]));
  }
  return result;
}
