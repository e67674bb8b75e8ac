import { afterEach, expect } from "vitest";
import { createServer, type Server, type ServerOptions } from "../../../src/index.ts";
import { ManualClock } from "../../../src/testing/manual-clock.ts";
import { Echo } from "./echo.ts";
import { LinkClient, type Answered } from "./link-client.ts";

const open: { readonly server: Server; readonly clock: ManualClock }[] = [];
afterEach(async () => {
  for (const { server, clock } of open.splice(0)) {
    const closed = server.close({ timeoutMs: 1 });
    // What a test left open is cut off.
    clock.advance(1);
    await closed;
    expect(clock.timers, "timers that outlive their server").toBe(0);
  }
});

/** A server whose only endpoint is an echo, and whose time passes only when told to. */
export interface Served {
  readonly server: Server;
  readonly echo: Echo;
  readonly clock: ManualClock;
  readonly url: string;
  /** Opens a link. */
  link(body?: string): Promise<LinkClient>;
  /** Polls, and waits until the poll is held. */
  hold(client: LinkClient, after: number): Promise<{ readonly answer: Promise<Answered> }>;
}

export async function serve(echo: Echo = new Echo(), options: ServerOptions = {}): Promise<Served> {
  const clock = new ManualClock();
  const error = (facts: object): void => expect.unreachable(JSON.stringify(facts));
  const logger = { info: () => undefined, warn: () => undefined, error };
  const server = createServer({ endpoints: { "/echo": echo }, clock, logger, ...options });
  open.push({ server, clock });
  const url = `${(await server.listen({ host: "127.0.0.1" })).url}echo`;
  return {
    server,
    echo,
    clock,
    url,
    link: (body) => LinkClient.open(url, body),
    async hold(client, after) {
      const before = clock.timers;
      const answer = client.poll(after);
      await until(() => clock.timers > before);
      return { answer };
    },
  };
}

/** Turn by turn; the test's own deadline ends what never comes. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
