import fc from "../properties.ts";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createServer, native, type Server, type ServerOptions } from "../../src/index.ts";
import { createClient, type Client, type GapEvent, type Link, type Transport } from "../../src/client/index.ts";
import { inProcess } from "../../src/testing/index.ts";

const channels: NonNullable<ServerOptions["channels"]> = {
  "h:*": { history: { size: 1_000, ttlMs: 60_000 } },
  "small:*": { history: { size: 3, ttlMs: 60_000 } },
  "p:*": { presence: true },
};
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe("a client whose links break, and a server", () => {
  it("lose nothing in either direction, and keep the order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("publish", "send", "request", "cut", "wait"), { maxLength: 40 }),
        async (steps) => {
          const { server, client, cut } = world();
          const [handled, heard, answers]: [unknown[], unknown[], Promise<unknown>[]] = [[], [], []];
          server.on("up", ({ data }) => void handled.push(data));
          server.on("echo", ({ data, reply }) => {
            handled.push(data);
            reply(data);
          });
          client.channel("c").on("tick", (data) => heard.push(data));
          await client.channel("c").subscribe();
          const [sent, published]: [number[], number[]] = [[], []];
          for (const [number, step] of steps.entries()) {
            if (step === "cut") cut();
            else if (step === "wait") await new Promise(setImmediate);
            else if (step === "publish") {
              published.push(number);
              answers.push(client.channel("c").publish("tick", number));
            } else {
              sent.push(number);
              if (step === "send") client.send("up", number);
              else answers.push(client.request("echo", number));
            }
          }
          await Promise.all(answers);
          await client.request("echo", -1);
          expect(handled).toEqual([...sent, -1]);
          expect(heard).toEqual(published);
          await finish();
        },
      ),
      { numRuns: 100 },
    );
  });

  it("go on as the same connection, with the same members, and nobody joins or leaves", async () => {
    const { client, cut, server, another } = world();
    const watching = another();
    const told: unknown[] = [];
    await watching.channel("p:a").subscribe();
    await client.channel("p:a").subscribe();
    for (const event of ["join", "leave"] as const) watching.channel("p:a").presence.on(event, () => told.push(event));
    const before = client.state;
    const events: unknown[] = [];
    client.on("connect", ({ resumed, connection }) => events.push([resumed, connection]));
    cut();
    expect(client.channel("p:a").state.kind).toBe("subscribing");
    await vi.waitFor(() => expect(client.state).toEqual(before));
    expect(events).toEqual([[true, (before as { connection: string }).connection]]);
    expect(client.channel("p:a").state.kind).toBe("subscribed");
    expect(client.channel("p:a").presence.members).toHaveLength(2);
    expect(told).toEqual([]);
    expect(server.stats().connections).toBe(2);
  });
});

describe("a client whose session is gone", () => {
  it("hears what it missed, in order, before what is new", async () => {
    const { client, cut, server } = world({ resumeMs: 0 });
    const heard: unknown[] = [];
    const gaps: GapEvent[] = [];
    client.on("gap", (gap) => gaps.push(gap));
    client.channel("h:a").on("tick", (data) => heard.push(data));
    await client.channel("h:a").subscribe();
    await server.channel("h:a").publish("tick", 0);
    cut();
    // More than a reader is given without a pause.
    for (let number = 1; number <= 200; number += 1)
      await server.channel("h:a").publish("tick", `${number} ${"x".repeat(2_000)}`);
    await vi.waitFor(() => expect(client.channel("h:a").state.kind).toBe("subscribed"));
    await server.channel("h:a").publish("tick", 201);
    await vi.waitFor(() => expect(heard).toHaveLength(202));
    expect(heard.map((data) => Number.parseInt(String(data), 10))).toEqual(
      Array.from({ length: 202 }, (_, number) => number),
    );
    expect(gaps).toEqual([]);
  });

  it("is told one gap when the history does not go back as far, or there is none", async () => {
    const { client, cut, server } = world({ resumeMs: 0 });
    const told: unknown[] = [];
    client.on("gap", ({ channel, reason }) => told.push([channel, reason]));
    for (const name of ["small:a", "none"]) {
      client.channel(name).on("tick", (data) => told.push([name, data]));
      await client.channel(name).subscribe();
    }
    cut();
    for (let number = 0; number < 4; number += 1) await server.channel("small:a").publish("tick", number);
    await vi.waitFor(() => expect(client.channel("none").state.kind).toBe("subscribed"));
    for (const name of ["small:a", "none"]) await server.channel(name).publish("tick", "new");
    await vi.waitFor(() => expect(told).toHaveLength(4));
    expect(told).toEqual(
      expect.arrayContaining([
        ["small:a", "expired"],
        ["none", "no-history"],
      ]),
    );
    expect(told.filter((each) => (each as string[])[0] === "small:a")).toEqual([
      ["small:a", "expired"],
      ["small:a", "new"],
    ]);
  });

  it("publishes once what was published and not answered", async () => {
    const { client, cut, server } = world({ resumeMs: 0 });
    await client.channel("h:a").subscribe();
    const publishing = [1, 2, 3].map((number) => client.channel("h:a").publish("tick", number));
    // The server reads them, but its answers are lost.
    cut();
    const results = await Promise.all(publishing);
    const { publications } = await server.channel("h:a").history();
    expect(publications.map(({ data }) => data)).toEqual([1, 2, 3]);
    expect(publications.map(({ id }) => id)).toEqual(results.map(({ id }) => id));
  });

  it("restores a channel from a position that the application kept", async () => {
    const { client, another, server } = world();
    await client.channel("h:a").subscribe();
    await server.channel("h:a").publish("tick", 1);
    await vi.waitFor(() => expect(client.channel("h:a").position).toMatch(/\.1\./));
    const since = client.channel("h:a").position;
    await client.close();
    await server.channel("h:a").publish("tick", 2);
    const again = another();
    const heard: unknown[] = [];
    again.channel("h:a").on("tick", (data) => heard.push(data));
    await again.channel("h:a").subscribe({ since });
    await vi.waitFor(() => expect(heard).toEqual([2]));
  });
});

describe("a server that stops", () => {
  it("loses nothing of what was sent to it: the next one gets the rest, once", async () => {
    const handled: unknown[] = [];
    const serve = (): Server => {
      const server = createServer({ channels });
      server.on("up", ({ data }) => void handled.push(data));
      server.on("ask", ({ data, reply }) => {
        handled.push(data);
        reply(data);
      });
      closing.push(() => server.close());
      return server;
    };
    let current = serve();
    const client = clientOver({ name: "in-process", connect: (request) => inProcess(current).connect(request) });
    await client.connect();
    const answers: Promise<unknown>[] = [];
    for (let round = 0; round < 5; round += 1) {
      const leaving = current;
      current = serve();
      client.send("up", 4 * round);
      answers.push(client.request("ask", 4 * round + 1));
      const stopping = leaving.close();
      client.send("up", 4 * round + 2);
      answers.push(client.request("ask", 4 * round + 3));
      await stopping;
      await vi.waitFor(() => expect(client.state.kind).toBe("open"), 5_000);
    }
    expect(await Promise.all(answers)).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    expect(handled).toEqual(Array.from({ length: 20 }, (_, number) => number));
  });
});

interface World {
  readonly server: Server;
  readonly client: Client;
  /** Breaks the client's link. */
  cut(): void;
  another(): Client;
}

function world({ resumeMs }: { readonly resumeMs?: number } = {}): World {
  const server = createServer({
    channels,
    endpoints: { "/carillon": native(resumeMs === undefined ? {} : { resumeMs }) },
  });
  closing.push(() => server.close());
  const links: (() => void)[] = [];
  const transport = inProcess(server);
  const client = clientOver({
    ...transport,
    connect: async (request) => breakable(await transport.connect(request), links),
  });
  return {
    server,
    client,
    cut: () => {
      for (const cut of links.splice(0)) cut();
    },
    another: () => clientOver(transport),
  };
}

function clientOver(transport: Transport): Client {
  const client = createClient("ws://localhost/carillon", { transports: [transport], reconnect: { delayMs: 1 } });
  closing.push(() => client.close());
  return client;
}

/** A link that can break: the client reads nothing more, and the server is not told why. */
function breakable(link: Link, cuts: (() => void)[]): Link {
  let isBroken = false;
  return {
    ...link,
    receive(handler) {
      link.receive({
        frame: (frame) => void (isBroken || handler.frame(frame)),
        closed: (code, reason) => void (isBroken || handler.closed(code, reason)),
      });
      cuts.push(() => {
        isBroken = true;
        link.close(4000);
        handler.closed(1006, "");
      });
    },
  };
}

async function finish(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}
