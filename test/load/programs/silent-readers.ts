import { orders, report } from "./parent.ts";
import { connectAll } from "./small-client.ts";

/** Clients that subscribe and then never read again. */

export interface SilentReaders {
  readonly port: number;
  readonly clients: number;
}

for await (const { port, clients } of orders<SilentReaders>()) {
  const subscribed: Promise<void>[] = [];
  const whenSubscribed: (() => void)[] = [];
  const connected = await connectAll(
    Array.from({ length: clients }, (_, index) => {
      subscribed.push(new Promise((resolve) => whenSubscribed.push(resolve)));
      return {
        port,
        format: "json" as const,
        token: `silent-${index}`,
        hear: ({ type }) => {
          if (type === "subscribed") whenSubscribed[index]!();
        },
        closed: () => undefined,
      };
    }),
  );
  for (const client of connected) client.say({ type: "subscribe", ref: 1, channel: "ticks" });
  await Promise.all(subscribed);
  for (const { socket } of connected) socket.pause();
  report({});
}
