export { channelTokens } from "./channel-tokens.ts";
export { jwt } from "./jwt.ts";

export type { ChannelTokensOptions } from "./channel-tokens.ts";
export type { JwtOptions, TokenIdentity, VerifiedToken } from "./jwt.ts";
export type { JwtKey, PublicKeyAlgorithm, SecretAlgorithm } from "./jwt-keys.ts";
export type { TokenPlace } from "./token-place.ts";
