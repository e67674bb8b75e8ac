import { describe, expectTypeOf, it } from "vitest";
import {
  createClient,
  type CarillonError,
  type Client,
  type Publication,
  type Whisper,
} from "../../src/client/index.ts";
import { FakeTransport } from "./fake-transport.ts";

interface Events {
  chat: { user: string; text: string };
  left: undefined;
  add: (numbers: { a: number; b: number }) => number;
  whoami: () => Promise<{ id: string }>;
}

const options = { transports: [new FakeTransport()], offline: "reject" } as const;
const client: Client<Events> = createClient<Events>("ws://server", options);
const anything: Client = createClient("ws://server", options);

/** For what the compiler checks and nobody runs. */
function never(act: () => unknown): void {
  void act;
}

describe("a client with an event map", () => {
  it("knows the payload of every event", () => {
    client.on("chat", (data) => expectTypeOf(data).toEqualTypeOf<{ user: string; text: string }>());
    client.on("add", (data, { event, reply }) => {
      expectTypeOf(data).toEqualTypeOf<{ a: number; b: number }>();
      expectTypeOf(event).toEqualTypeOf<string>();
      expectTypeOf(reply).parameter(0).toEqualTypeOf<number>();
    });
    client.channel("lobby").on("chat", (data, publication) => {
      expectTypeOf(data).toEqualTypeOf<{ user: string; text: string }>();
      expectTypeOf(publication).toEqualTypeOf<Publication<{ user: string; text: string }>>();
    });
    client.channel("lobby").onWhisper("chat", (data, whisper) => {
      expectTypeOf(data).toEqualTypeOf<{ user: string; text: string }>();
      expectTypeOf(whisper).toEqualTypeOf<Whisper<{ user: string; text: string }>>();
    });
    never(() => {
      client.channel("lobby").whisper("left");
      // @ts-expect-error -- a chat has a user
      client.channel("lobby").whisper("chat", { text: "hi" });
    });
  });

  it("knows the answer of every request", () => {
    never(() => {
      expectTypeOf(client.request("add", { a: 1, b: 2 })).toEqualTypeOf<Promise<number>>();
      expectTypeOf(client.request("add", { a: 1, b: 2 }, { timeoutMs: 5 })).toEqualTypeOf<Promise<number>>();
      expectTypeOf(client.request("whoami")).toEqualTypeOf<Promise<{ id: string }>>();
    });
  });

  it("knows what happens to the client itself", () => {
    client.on("error", (error) => expectTypeOf(error).toEqualTypeOf<CarillonError>());
    client.on("connect", ({ reconnects }) => expectTypeOf(reconnects).toEqualTypeOf<number>());
    client.on("disconnect", ({ willReconnect }) => expectTypeOf(willReconnect).toEqualTypeOf<boolean>());
  });

  it("takes patterns, whose data it does not know", () => {
    client.on("user:*", (data) => expectTypeOf(data).toEqualTypeOf<unknown>());
    client.on("*", (data) => expectTypeOf(data).toEqualTypeOf<unknown>());
    client.channel("lobby").on("*", (data) => expectTypeOf(data).toEqualTypeOf<unknown>());
  });

  it("lets data be left out only where there may be none", () => {
    never(() => client.send("left"));
    never(() => client.channel("lobby").publish("left", undefined, { echo: false }));
    // @ts-expect-error data is missing
    never(() => client.send("chat"));
    // @ts-expect-error data is missing
    never(() => client.channel("lobby").publish("chat"));
    // @ts-expect-error data is missing
    never(() => client.request("add"));
  });

  it("refuses what the map does not have", () => {
    // @ts-expect-error no such event
    client.on("chta", () => {});
    // @ts-expect-error no such event
    client.channel("lobby").on("chta", () => {});
    // @ts-expect-error no such event
    never(() => client.send("chta", {}));
    // @ts-expect-error no such event
    never(() => client.channel("lobby").publish("chta", {}));
    // @ts-expect-error the text is missing
    never(() => client.send("chat", { user: "ada" }));
    // @ts-expect-error chat is not requested
    never(() => client.request("chat", { user: "ada", text: "hi" }));
    // @ts-expect-error an answer is a number
    client.on("add", (_, { reply }) => reply("5"));
    // @ts-expect-error reserved
    never(() => client.send("connect", {}));
  });
});

describe("a client without an event map", () => {
  it("takes any event with any data, and knows nothing about it", () => {
    anything.on("chat", (data) => expectTypeOf(data).toEqualTypeOf<unknown>());
    never(() => anything.send("chat"));
    never(() => anything.send("chat", { text: "hi" }));
    never(() => expectTypeOf(anything.request("add", [1, 2])).toEqualTypeOf<Promise<unknown>>());
    never(() => anything.channel("lobby").publish("chat"));
    anything.on("error", (error) => expectTypeOf(error).toEqualTypeOf<CarillonError>());
  });
});
