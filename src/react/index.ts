export { useChannel, usePresence, useWhisper, type ChannelHandlers, type HeldChannel } from "./hooks.ts";
export { CarillonProvider, useClient, useClientState, type CarillonProviderProps } from "./provider.ts";
