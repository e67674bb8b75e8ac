import type { ChannelRule } from "../../../src/engine/channel-rules.ts";

const groups = 3;

/** Everybody may be in the first two; those of a group alone in its private channel. */
export const channels: readonly string[] = ["room", "tabs", "private-0", "private-1", "private-2"];

/** Where each connection is shown by itself. */
export const tabsChannel = "tabs";

/** Whoever sees everything that the server says. */
export const witnessUser = "witness";

export function isAllowed(channel: string, user: string): boolean {
  if (!channel.startsWith("private-") || user === witnessUser) return true;
  return Number(user.slice(1)) % groups === Number(channel.slice("private-".length));
}

/** @param wait what a look into a database takes */
export function rulesOf(wait: () => Promise<void>): Readonly<Record<string, ChannelRule>> {
  return {
    room: { presence: true },
    tabs: { presence: "connections" },
    "private-*": {
      presence: true,
      publish: "anyone",
      authorize: async ({ channel, connection: { userId } }) => {
        await wait();
        return isAllowed(channel, userId ?? "");
      },
    },
  };
}

/** As what a member counts. */
export function keyOf({ user, id }: { readonly user: string; readonly id?: string }): string {
  return id === undefined ? user : `${user} ${id}`;
}
