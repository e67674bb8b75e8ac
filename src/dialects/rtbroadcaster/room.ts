import type { LiveConnection } from "../../engine/connection.ts";
import { isStateKey } from "../../engine/names.ts";
import type { Random } from "../../platform/random.ts";

/** One room: an engine channel of the same name, and who is in it over this dialect. */
export class Room {
  /** Lower-case, with hyphens. */
  readonly uuid: string;
  /** Absent once it has left: nobody becomes the new one. */
  owner: LiveConnection | undefined;
  readonly guests: Set<LiveConnection> = new Set();
  readonly #random: Random;
  readonly #keepsAllState: boolean;
  /** Of those `funcKey`s that are none of the engine's state keys. */
  #stateKeys: Map<string, string> | undefined;

  constructor(uuid: string, owner: LiveConnection, { random, keepsAllState }: RoomParts) {
    this.uuid = uuid;
    this.owner = owner;
    this.#random = random;
    this.#keepsAllState = keepsAllState;
  }

  /** Under which key of the channel's state an action is kept; without a `funcKey` it is not. */
  stateKey(funcKey: string): string | undefined {
    if (funcKey === "") return undefined;
    if (this.#keepsAllState) return this.#random.uuid();
    if (isStateKey(funcKey)) return funcKey;
    return this.#stateKeys?.get(funcKey) ?? this.#random.uuid();
  }

  /** An action has been kept, and so will be the next one of this `funcKey` in its place. */
  kept(funcKey: string, stateKey: string): void {
    if (!this.#keepsAllState && !isStateKey(funcKey)) (this.#stateKeys ??= new Map()).set(funcKey, stateKey);
  }
}

/** What rooms have in common. */
export interface RoomParts {
  readonly random: Random;
  readonly keepsAllState: boolean;
}
