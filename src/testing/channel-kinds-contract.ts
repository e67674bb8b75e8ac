import type { TestRunner } from "./broker-contract.ts";
import { exchangeContract } from "./channel-kinds-exchange.ts";
import { moderationContract } from "./channel-kinds-moderation.ts";
import { presenceContract } from "./channel-kinds-presence.ts";
import { Scene, type DeclareKind } from "./channel-kinds-scene.ts";
import { stateContract } from "./channel-kinds-state.ts";
import { whispersContract } from "./channel-kinds-whispers.ts";
import type { KindsDriver } from "./channel-kinds-driver.ts";

/** What the contract needs besides a driver. */
export interface ChannelKindsOptions {
  /**
   * How long something may take to arrive, the end of a client that died included, before the case fails.
   *
   * @default 5_000 // 5 seconds
   */
  readonly timeoutMs?: number;
}

/**
 * Checks that a dialect does what channels of every kind promise, one case each.
 *
 * A dialect that has no channels of a kind is not asked about them: `kinds` of its driver is what it is held to.
 *
 * @param driver starts servers, and clients that speak the dialect
 *
 * @example
 * ```ts
 * import { describe, test } from "node:test";
 *
 * channelKindsContract({ describe, test }, myDriver);
 * ```
 */
export function channelKindsContract(
  { describe, test }: TestRunner,
  driver: KindsDriver,
  { timeoutMs = 5_000 }: ChannelKindsOptions = {},
): void {
  const declare: DeclareKind = (name, needs, channels, body) => {
    if (needs.every((kind) => driver.kinds.has(kind))) test(name, () => Scene.run(driver, channels, timeoutMs, body));
  };

  describe(`the contract of channel kinds: ${driver.name}`, () => {
    exchangeContract(declare);
    presenceContract(declare);
    whispersContract(declare);
    stateContract(declare);
    moderationContract(declare);
  });
}
