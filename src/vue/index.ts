export { useChannel, usePresence, useWhisper, type ChannelHandlers, type HeldChannel } from "./composables.ts";
export { carillon, provideClient, useClient, useClientState } from "./provide-client.ts";
