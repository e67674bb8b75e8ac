export { channelTokens } from "./channel-tokens.ts";
export { jwt } from "./jwt.ts";

export type { JwtOptions, TokenIdentity, VerifiedToken } from "./jwt.ts";
export type { JwtKey, KeySources, PublicKeyAlgorithm, SecretAlgorithm } from "./jwt-keys.ts";
export type { TokenPlace } from "./token-place.ts";
export type { TokenOptions } from "./verify-token.ts";
